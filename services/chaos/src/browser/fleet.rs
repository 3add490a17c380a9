//! All browsers of a run.

use std::{collections::HashMap, sync::Arc, time::Duration};

use lifecycle::Lifecycle;
use tokio::time::Instant;

use super::{Profile, Record, login, record::Shared, source::Source};
use crate::{
    control::client,
    deployment::{Deployment, LOOK_EVERY},
    oracle::{Kind, Payload, Payloads},
};

/// How long it may take until every browser has its first stream.
const OPEN_WITHIN: Duration = Duration::from_secs(30);

/// The browsers and what each received.
pub(crate) struct Fleet {
    browsers: Vec<(Profile, Shared)>,
}

impl Fleet {
    /// Signs everybody in and opens all streams; returns when each is open.
    pub(crate) async fn open(
        lifecycle: &Lifecycle,
        deployment: &Deployment,
        profiles: Vec<Profile>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let client = client()?;
        let host = deployment.balancer.address().to_string();
        let replicas = deployment.webs.iter();
        let replicas: Vec<_> = replicas
            .filter_map(|web| Some(web.front.as_ref()?.address()))
            .collect();
        let payloads = Arc::new(Payloads::default());
        let mut cookies: HashMap<&str, String> = HashMap::new();
        let mut browsers = Vec::new();
        for (number, profile) in profiles.into_iter().enumerate() {
            let user = profile.user;
            if !cookies.contains_key(user) {
                let base = format!("http://{host}");
                let cookie = login::sign_in(&client, &base, user).await?;
                login::wait_for_guilds(&client, &base, &cookie, profile.guilds()).await?;
                cookies.insert(user, cookie);
            }
            let record = Shared::default();
            let source = Source {
                profile: profile.clone(),
                cookie: cookies[user].clone(),
                host: host.clone(),
                replicas: replicas.clone(),
                balancer: deployment.balancer.address(),
                record: Arc::clone(&record),
                payloads: Arc::clone(&payloads),
                seed: seed.wrapping_mul(1_000).wrapping_add(number as u64),
            };
            let stop = lifecycle.drain();
            lifecycle.track(async move { source.run(stop).await });
            browsers.push((profile, record));
        }
        let fleet = Self { browsers };
        let opened = |record: &Record| !record.opened.is_empty();
        fleet.wait(OPEN_WITHIN, |_, record| opened(record)).await?;
        Ok(fleet)
    }

    /// Every browser with a copy of what it received so far.
    pub(crate) fn records(&self) -> Vec<(Profile, Record)> {
        let copies = self.browsers.iter();
        copies
            .map(|(profile, record)| (profile.clone(), record.lock().clone()))
            .collect()
    }

    /// How many streams were opened so far, but for those of browsers that come and go by themselves.
    pub(crate) fn streams(&self) -> usize {
        let steady = self
            .browsers
            .iter()
            .filter(|(profile, _)| profile.restless.is_none());
        steady.map(|(_, record)| record.lock().opened.len()).sum()
    }

    /// Waits until every browser has an id to come back with.
    pub(crate) async fn wait_for_ids(&self) -> anyhow::Result<()> {
        let known = |_: &Profile, record: &Record| record.last_id().is_some();
        self.wait(OPEN_WITHIN, known).await
    }

    /// Waits until every browser is back since (Unix µs): it has been told something, or its cursor has moved on.
    pub(crate) async fn wait_until_back(&self, since: u64, within: Duration) -> anyhow::Result<()> {
        self.wait(within, |_, record| {
            let told = record.arrivals.last().map(|newest| newest.at_micros);
            told.max(record.reached()) > Some(since)
        })
        .await
    }

    /// Waits until every browser that can see the message in this guild has received it, or was told by a reset after `since` (Unix
    /// µs) that it missed something.
    pub(crate) async fn wait_for_probe(
        &self,
        probes: &[(u64, u64)],
        since: u64,
        within: Duration,
    ) -> anyhow::Result<()> {
        self.wait(within, |profile, record| {
            let arrivals = record.arrivals.iter().rev();
            let mut later = arrivals.take_while(|arrival| arrival.at_micros > since);
            if later.any(|arrival| matches!(*arrival.payload, Payload::Reset(_))) {
                return true;
            }
            let mut due = probes.iter().filter(|(guild, _)| {
                profile.wants(Kind::MessageCreated) && profile.stays_in(*guild)
            });
            due.all(|(_, message)| record.messages.contains(message))
        })
        .await
    }

    async fn wait(
        &self,
        within: Duration,
        done: impl Fn(&Profile, &Record) -> bool,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let waiting = self.browsers.iter();
            let waiting: Vec<_> = waiting
                .filter(|(profile, record)| !done(profile, &record.lock()))
                .map(|(profile, record)| {
                    let record = record.lock();
                    let (streams, last) = (record.opened.len(), record.last_id());
                    let gave_up = record.gave_up.as_deref().unwrap_or("no");
                    let who = profile.describe();
                    format!("{who}: {streams} streams, last id {last:?}, gave up: {gave_up}")
                })
                .collect();
            if waiting.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                anyhow::bail!(
                    "after {within:?} {} browsers wait, e.g. {}",
                    waiting.len(),
                    waiting[0]
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

//! A shard under test.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use discord::{
    Compression, Dispatch, Fact, Fatal, Intents, LocalIdentifyLimiter, Observer, Session,
    SessionStartLimit, Shard, ShardConfig, ShardId, ShardStatus, Timing,
};
use environment::Secret;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::peer::soon;

pub(crate) const TOKEN: &str = "the-token-of-the-bot";

/// A configuration whose waits are short.
pub(crate) fn config(gateway_url: String) -> ShardConfig {
    let limit = SessionStartLimit {
        total: 1000,
        remaining: 1000,
        reset_after: 0,
        max_concurrency: 1,
    };
    let limiter = LocalIdentifyLimiter::new(&limit).with_interval(Duration::from_millis(1));
    let mut config = ShardConfig::new(
        Secret::from(TOKEN),
        Intents::UNPRIVILEGED,
        ShardId { id: 1, count: 2 },
        gateway_url,
        Arc::new(limiter),
    );
    config.compression = Compression::None;
    config.timing = Timing {
        backoff_first: Duration::from_millis(10),
        backoff_max: Duration::from_millis(40),
        backoff_min: Duration::from_millis(5),
        cool_down: (Duration::from_millis(5), Duration::from_millis(10)),
        close: Duration::from_millis(500),
        ..Timing::default()
    };
    config
}

pub(crate) struct Running {
    pub(crate) status: watch::Receiver<ShardStatus>,
    pub(crate) dispatches: mpsc::Receiver<Dispatch>,
    pub(crate) drain: CancellationToken,
    task: JoinHandle<Result<Option<Session>, Fatal>>,
}

impl Running {
    pub(crate) fn start(config: ShardConfig, session: Option<Session>) -> Self {
        Self::with_queue(config, session, 64)
    }

    pub(crate) fn with_queue(
        config: ShardConfig,
        session: Option<Session>,
        capacity: usize,
    ) -> Self {
        let shard = Shard::new(config, session);
        let (out, dispatches) = mpsc::channel(capacity);
        let drain = CancellationToken::new();
        let status = shard.status();
        let task = tokio::spawn(shard.run(out, drain.clone()));
        Self {
            status,
            dispatches,
            drain,
            task,
        }
    }

    /// The next dispatch: its number and Discord's name.
    pub(crate) async fn next(&mut self) -> (u64, &'static str) {
        let dispatch = soon(self.dispatches.recv()).await.expect("a dispatch");
        (dispatch.seq, dispatch.event.name())
    }

    /// Waits until the status is like this.
    pub(crate) async fn until(&mut self, like: impl FnMut(&ShardStatus) -> bool) -> ShardStatus {
        soon(self.status.wait_for(like))
            .await
            .expect("the shard runs")
            .clone()
    }

    /// How it ended.
    pub(crate) async fn outcome(self) -> Result<Option<Session>, Fatal> {
        soon(self.task).await.expect("it does not panic")
    }

    /// Drains it without anybody at the other end.
    pub(crate) async fn stop(self) -> Option<Session> {
        self.drain.cancel();
        self.outcome().await.expect("drained")
    }
}

/// Keeps what it heard.
#[derive(Default)]
pub(crate) struct Facts(Mutex<Vec<Fact>>);

impl Facts {
    pub(crate) fn count(&self, like: impl Fn(&Fact) -> bool) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|fact| like(fact))
            .count()
    }
}

impl Observer for Facts {
    fn observe(&self, _: ShardId, fact: Fact) {
        self.0.lock().unwrap().push(fact);
    }
}

pub(crate) fn stored(resume_url: String, seq: u64) -> Session {
    Session {
        id: "stored-session".into(),
        resume_url,
        seq,
    }
}

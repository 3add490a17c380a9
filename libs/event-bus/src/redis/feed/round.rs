use std::{future::pending, pin::Pin};

use fred::{
    error::Error,
    interfaces::{ClientLike, PubsubInterface},
    prelude::Client,
    types::{ClusterHash, CustomCommand, Value},
    util::redis_keyslot,
};
use futures_util::future::try_join_all;
use redis_link::COMMAND_TIMEOUT;
use tokio::sync::watch;

use super::{
    topic::{Channels, Topic},
    wanted::Wanted,
};

/// SSUBSCRIBE commands under way at once.
const SUBSCRIBES_AT_ONCE: usize = 512;

/// What became of a round.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) subscribed: Vec<Topic>,
    pub(super) unsubscribed: Vec<Topic>,
    pub(super) proved: Proved,
    /// The connection was lost meanwhile: it says nothing.
    pub(super) forgotten: bool,
}

/// What a round shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proved {
    /// All before it is subscribed, and what is published arrives.
    Live,
    /// Redis answers, but knows nothing of this subscription.
    Detached,
    /// It is a replica that answers: what it delivers may have holes.
    Astray,
    /// Nothing: an error, or no answer in time.
    Nothing,
}

type Running = Pin<Box<dyn Future<Output = Round> + Send>>;

/// At most one round at a time: SSUBSCRIBE, SUNSUBSCRIBE, ROLE, then a probe to itself on the same connection.
pub(super) struct Rounds {
    client: Client,
    channels: Channels,
    number: u64,
    /// The number of the latest probe that came back.
    arrived: watch::Sender<u64>,
    due: bool,
    forget: bool,
    running: Option<Running>,
}

impl Rounds {
    pub(super) fn new(client: Client, channels: Channels) -> Self {
        Self {
            client,
            channels,
            number: 0,
            arrived: watch::Sender::new(0),
            due: true,
            forget: false,
            running: None,
        }
    }

    /// Goes on over another connection; what runs is given up.
    pub(super) fn move_to(&mut self, client: Client) {
        self.client = client;
        self.running = None;
        self.due = true;
    }

    /// Asks for a round as soon as none runs.
    pub(super) fn due(&mut self) {
        self.due = true;
    }

    /// What the running round says is void.
    pub(super) fn forget(&mut self) {
        self.forget = true;
    }

    /// The probe of this number came back.
    pub(super) fn arrived(&mut self, number: u64) {
        self.arrived.send_replace(number);
    }

    /// Begins a round if one is due.
    pub(super) fn begin(&mut self, wanted: &mut Wanted) {
        if !self.due || self.running.is_some() {
            return;
        }
        self.due = false;
        self.forget = false;
        self.number += 1;
        let (subscribed, unsubscribed) = wanted.begin();
        let names = |topics: &[Topic]| -> Vec<String> {
            topics
                .iter()
                .map(|topic| self.channels.name(*topic))
                .collect()
        };
        let exchange = Exchange {
            client: self.client.clone(),
            subscribe: names(&subscribed),
            unsubscribe: names(&unsubscribed),
            own: self.channels.own().to_owned(),
            number: self.number,
            arrived: self.arrived.subscribe(),
        };
        self.running = Some(Box::pin(async move {
            let outcome = tokio::time::timeout(COMMAND_TIMEOUT, exchange.run()).await;
            let proved = match outcome {
                Ok(Ok(proved)) => proved,
                Ok(Err(_)) | Err(_) => Proved::Nothing,
            };
            Round {
                subscribed,
                unsubscribed,
                proved,
                forgotten: false,
            }
        }));
    }

    /// Waits for the end of the running round.
    pub(super) async fn done(&mut self) -> Round {
        let Some(running) = &mut self.running else {
            return pending().await;
        };
        let mut round = running.await;
        self.running = None;
        round.forgotten |= self.forget;
        round
    }
}

struct Exchange {
    client: Client,
    subscribe: Vec<String>,
    unsubscribe: Vec<String>,
    own: String,
    number: u64,
    arrived: watch::Receiver<u64>,
}

impl Exchange {
    async fn run(mut self) -> Result<Proved, Error> {
        // one channel in each: the client takes the first confirmation of a command for its whole answer
        for names in self.subscribe.chunks(SUBSCRIBES_AT_ONCE) {
            let each = names.iter().map(|name| self.client.ssubscribe(&**name));
            try_join_all(each).await?;
        }
        // never an empty list: that would mean all of them
        if !self.unsubscribe.is_empty() {
            self.client.sunsubscribe(self.unsubscribe.clone()).await?;
        }
        // a master that becomes a replica forgets the subscriptions to its channels, so those before this are a master's
        if !self.answers_a_master().await? {
            return Ok(Proved::Astray);
        }
        let probe = format!("probe {}", self.number);
        let receivers: u64 = self.client.spublish(self.own.clone(), probe).await?;
        if receivers == 0 {
            return Ok(Proved::Detached);
        }
        let number = self.number;
        match self.arrived.wait_for(|arrived| *arrived >= number).await {
            Ok(_) => Ok(Proved::Live),
            // the feed is gone
            Err(_) => Ok(Proved::Nothing),
        }
    }

    async fn answers_a_master(&self) -> Result<bool, Error> {
        let slot = ClusterHash::Custom(redis_keyslot(self.own.as_bytes()));
        let command = CustomCommand::new_static("ROLE", slot, false);
        let answer: Value = self.client.custom(command, Vec::<Value>::new()).await?;
        let role = answer.into_array().into_iter().next();
        Ok(role.is_some_and(|role| role.as_str().as_deref() == Some("master")))
    }
}

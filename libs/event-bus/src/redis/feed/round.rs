use std::{future::pending, pin::Pin};

use contracts::GuildId;
use fred::{
    error::{Error, ErrorKind},
    interfaces::{ClientLike, PubsubInterface},
    prelude::Client,
};
use redis_link::COMMAND_TIMEOUT;

use super::wanted::Wanted;

/// Channels in one SUBSCRIBE.
const CHANNELS_PER_COMMAND: usize = 512;

/// What became of a round.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) subscribed: Vec<GuildId>,
    pub(super) unsubscribed: Vec<GuildId>,
    pub(super) succeeded: bool,
    /// The connection was lost meanwhile: it says nothing.
    pub(super) forgotten: bool,
}

type Running = Pin<Box<dyn Future<Output = Round> + Send>>;

/// At most one round at a time: SUBSCRIBE, UNSUBSCRIBE, then PING.
pub(super) struct Rounds {
    client: Client,
    channels: String,
    number: u64,
    due: bool,
    forget: bool,
    running: Option<Running>,
}

impl Rounds {
    pub(super) fn new(client: Client, channels: String) -> Self {
        Self {
            client,
            channels,
            number: 0,
            due: false,
            forget: false,
            running: None,
        }
    }

    /// Asks for a round as soon as none runs.
    pub(super) fn due(&mut self) {
        self.due = true;
    }

    /// What the running round says is void.
    pub(super) fn forget(&mut self) {
        self.forget = true;
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
        let names = |guilds: &[GuildId]| -> Vec<String> {
            guilds
                .iter()
                .map(|guild| format!("{}{guild}", self.channels))
                .collect()
        };
        let (subscribe, unsubscribe) = (names(&subscribed), names(&unsubscribed));
        let (client, number) = (self.client.clone(), self.number);
        self.running = Some(Box::pin(async move {
            let exchange = exchange(&client, &subscribe, &unsubscribe, number);
            let outcome = tokio::time::timeout(COMMAND_TIMEOUT, exchange).await;
            Round {
                subscribed,
                unsubscribed,
                succeeded: matches!(outcome, Ok(Ok(()))),
                forgotten: false,
            }
        }));
    }

    /// Makes the connection anew; counts as a round that failed.
    pub(super) fn reconnect(&mut self) {
        let client = self.client.clone();
        self.running = Some(Box::pin(async move {
            // that it is back is told by the client's events
            let _ = tokio::time::timeout(COMMAND_TIMEOUT, client.force_reconnection()).await;
            Round {
                subscribed: Vec::new(),
                unsubscribed: Vec::new(),
                succeeded: false,
                forgotten: true,
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

async fn exchange(
    client: &Client,
    subscribe: &[String],
    unsubscribe: &[String],
    number: u64,
) -> Result<(), Error> {
    // never with an empty list: that would mean all of them
    for names in subscribe.chunks(CHANNELS_PER_COMMAND) {
        client.subscribe(names.to_vec()).await?;
    }
    for names in unsubscribe.chunks(CHANNELS_PER_COMMAND) {
        client.unsubscribe(names.to_vec()).await?;
    }
    // a number of its own: the answer to an earlier PING proves nothing
    let sent = format!("round {number}");
    let answer: String = client.ping(Some(sent.clone())).await?;
    if answer == sent {
        Ok(())
    } else {
        Err(Error::new(
            ErrorKind::Protocol,
            "the answer belongs to another command",
        ))
    }
}

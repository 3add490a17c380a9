//! A subscription's connection: what is wanted, what Redis has confirmed, and what was missed.
//!
//! SUBSCRIBE is confirmed by nothing that the client shows, so every round of it ends with a PING on the same
//! connection: its PONG says that all before it holds. The same round is the watchdog of a silent connection.

mod round;
mod wanted;
mod watch;

use std::time::{Duration, Instant};

use contracts::GuildId;
use fred::{
    interfaces::{ClientLike, EventInterface},
    types::Message,
};
use redis_link::RedisLink;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc,
    },
    time::MissedTickBehavior,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{error, info};

use super::decode;
use crate::{
    Subscription, Watcher,
    metrics::Metrics,
    outlet::{Offered, Outlet},
};
use round::{Round, Rounds};
use wanted::Wanted;
use watch::{Order, RedisWatch};

/// How often a silent connection is probed.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Rounds that may fail in a row before the connection is given up and made anew.
const FAILED_ROUNDS: u32 = 3;

/// Watch orders that wait for the feed; more wait at the caller.
const ORDER_QUEUE: usize = 256;

/// Opens a subscription on a connection of its own; it ends with `closed` or with its receiver.
pub(super) fn open(link: RedisLink, metrics: Metrics, closed: CancellationToken) -> Subscription {
    let (outlet, deliveries) = Outlet::new();
    let (sender, orders) = mpsc::channel(ORDER_QUEUE);
    let messages = link.client().message_rx();
    let feed = Feed {
        channels: link.key("events:"),
        rounds: Rounds::new(link.client().clone(), link.key("events:")),
        link,
        outlet,
        metrics,
        wanted: Wanted::default(),
        messages,
        interrupted: None,
        failed: 0,
        complained: false,
    };
    let task = tokio::spawn(async move {
        tokio::select! {
            () = closed.cancelled() => {}
            () = feed.run(orders) => {}
        }
    });
    let watch = RedisWatch::new(sender, AbortOnDropHandle::new(task));
    Subscription {
        deliveries,
        watcher: Watcher(std::sync::Arc::new(watch)),
    }
}

struct Feed {
    link: RedisLink,
    /// What the name of a guild's channel begins with.
    channels: String,
    outlet: Outlet,
    metrics: Metrics,
    wanted: Wanted,
    rounds: Rounds,
    messages: broadcast::Receiver<Message>,
    /// Since when entries may be missing; nothing is delivered until all is confirmed again.
    interrupted: Option<Instant>,
    failed: u32,
    complained: bool,
}

impl Feed {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let client = self.link.client().clone();
        let (mut errors, mut connects) = (client.error_rx(), client.reconnect_rx());
        let mut probe = tokio::time::interval(PROBE_EVERY);
        probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut connected_before = false;
        loop {
            self.rounds.begin(&mut self.wanted);
            tokio::select! {
                biased;
                () = self.outlet.closed() => return,
                error = errors.recv() => match error {
                    Err(RecvError::Closed) => errors = client.error_rx(),
                    _ => self.lost(),
                },
                connect = connects.recv() => {
                    if matches!(connect, Err(RecvError::Closed)) {
                        connects = client.reconnect_rx();
                    } else if std::mem::replace(&mut connected_before, true) {
                        self.metrics.reconnected();
                    }
                    self.lost();
                    self.rounds.due();
                }
                round = self.rounds.done() => self.finish(&round),
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                () = self.wanted.overdue() => self.wanted.give_up(Instant::now()),
                _ = probe.tick() => self.rounds.due(),
                message = self.messages.recv() => match message {
                    Ok(message) => {
                        if !self.deliver(&message) {
                            return;
                        }
                    }
                    Err(RecvError::Lagged(_)) => {
                        self.lost();
                        self.rounds.due();
                    }
                    Err(RecvError::Closed) => {
                        self.messages = client.message_rx();
                        self.lost();
                    }
                },
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Watch { guild, done } => self.wanted.watch(guild, done, Instant::now()),
            Order::Unwatch { guild } => self.wanted.unwatch(guild),
        }
        self.rounds.due();
    }

    /// Nothing that Redis confirmed holds any more, and what came last may have been missed.
    fn lost(&mut self) {
        self.rounds.forget();
        self.wanted.unconfirm();
        if self.interrupted.is_none() && self.wanted.any_established() {
            self.interrupted = Some(Instant::now());
        }
    }

    fn finish(&mut self, round: &Round) {
        if round.forgotten {
            return;
        }
        if !round.succeeded {
            self.failed += 1;
            // while it is away the client itself connects again
            if self.failed >= FAILED_ROUNDS && self.link.client().is_connected() {
                self.failed = 0;
                self.lost();
                self.rounds.reconnect();
            }
            return;
        }
        self.failed = 0;
        self.wanted.confirm(&round.subscribed, &round.unsubscribed);
        if self.wanted.unsettled() {
            self.rounds.due();
        }
        if let Some(since) = self.interrupted
            && self.wanted.all_established_confirmed()
        {
            self.interrupted = None;
            // what waits here was published before and is read from the log
            self.messages = self.messages.resubscribe();
            self.outlet.interrupt();
            self.metrics.interrupted();
            info!(
                component = "WS",
                guilds = self.wanted.count(),
                interrupted_ms = since.elapsed().as_millis() as u64,
                "subscribed again; what was missed is read from the log"
            );
        }
    }

    /// False when nobody receives any more.
    fn deliver(&mut self, message: &Message) -> bool {
        let guild: Option<GuildId> = message
            .channel
            .strip_prefix(&*self.channels)
            .and_then(|guild| guild.parse().ok());
        let Some(guild) = guild.filter(|guild| self.wanted.contains(*guild)) else {
            return true;
        };
        if self.interrupted.is_some() {
            return true;
        }
        let entry = message
            .value
            .as_bytes()
            .and_then(|bytes| decode::live(guild, bytes));
        let Some(entry) = entry else {
            self.complain(guild);
            return true;
        };
        match self.outlet.entry(entry) {
            Offered::Gone => false,
            Offered::Overflowed => {
                self.metrics.interrupted();
                true
            }
            Offered::Queued | Offered::LeftOut => true,
        }
    }

    /// The hole shows in the chain of the guild; the first of them is told.
    fn complain(&mut self, guild: GuildId) {
        self.metrics.failed("unreadable");
        if !std::mem::replace(&mut self.complained, true) {
            error!(component = "WS", %guild, "a message of the event bus can't be read");
        }
    }
}

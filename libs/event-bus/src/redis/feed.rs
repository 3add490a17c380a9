//! A subscription's connection: what is wanted, what Redis has confirmed, and what was missed.
//!
//! SSUBSCRIBE is confirmed by its answer. Every round of it ends with a probe that the subscription publishes to itself on
//! the same connection: that it arrives says that all before it holds and that what is published is delivered. The same
//! round is the watchdog of a silent connection. That others publish to the same Redis is shown by the ticks.

mod line;
mod round;
mod ticker;
mod topic;
mod wanted;
mod watch;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::GuildId;
use fred::types::Message;
use redis_link::RedisConfig;
use tokio::{
    sync::{broadcast::error::RecvError, mpsc},
    time::MissedTickBehavior,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{error, info};

use super::{
    calls::Calls,
    decode::{self, OwnMessage},
    seen::Seen,
};
use crate::{
    Subscription, Watcher,
    metrics::Metrics,
    outlet::{Offered, Outlet},
};
use line::Line;
use round::{Proved, Round, Rounds};
use ticker::{Ticker, Ticks};
pub(super) use topic::CONTROL;
use topic::{Channels, Topic};
use wanted::Wanted;
use watch::{Order, RedisWatch};

/// How often a silent connection is probed.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Rounds that may fail in a row before the connection is given up and made anew.
const FAILED_ROUNDS: u32 = 3;

/// Watch orders that wait for the feed; more wait at the caller.
const ORDER_QUEUE: usize = 256;

/// Opens a subscription on a connection of its own; it ends with `closed` or with its receiver. `commands` draws its ticks.
pub(super) fn open(
    config: &RedisConfig,
    commands: Calls,
    seen: Seen,
    metrics: Metrics,
    closed: CancellationToken,
) -> Subscription {
    let (outlet, deliveries) = Outlet::new();
    let (sender, orders) = mpsc::channel(ORDER_QUEUE);
    let line = Line::open(config);
    let channels = Channels::new(&line.link);
    let ticker = Ticker::new(commands, seen.clone(), channels.own());
    let feed = Feed {
        config: config.clone(),
        rounds: Rounds::new(line.link.client().clone(), channels.clone()),
        line,
        channels,
        outlet,
        metrics,
        seen,
        wanted: Wanted::default(),
        ticks: Ticks::new(Instant::now()),
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
    let watch = RedisWatch::new(sender, ticker, AbortOnDropHandle::new(task));
    Subscription {
        deliveries,
        watcher: Watcher(Arc::new(watch)),
    }
}

struct Feed {
    config: RedisConfig,
    line: Line,
    channels: Channels,
    outlet: Outlet,
    metrics: Metrics,
    seen: Seen,
    wanted: Wanted,
    rounds: Rounds,
    ticks: Ticks,
    /// Since when entries may be missing; nothing is delivered until all is confirmed again.
    interrupted: Option<Instant>,
    failed: u32,
    complained: bool,
}

impl Feed {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut probe = tokio::time::interval(PROBE_EVERY);
        probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut connected_before = false;
        loop {
            self.rounds.begin(&mut self.wanted);
            tokio::select! {
                biased;
                () = self.outlet.closed() => return,
                error = self.line.errors.recv() => {
                    if matches!(error, Err(RecvError::Closed)) {
                        self.line.listen_again();
                    }
                    self.lost();
                }
                connect = self.line.connects.recv() => {
                    if matches!(connect, Err(RecvError::Closed)) {
                        self.line.listen_again();
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
                _ = probe.tick() => {
                    self.rounds.due();
                    // while it is away the client itself connects again
                    let useless = self.failed >= FAILED_ROUNDS && self.line.is_connected();
                    if useless || self.ticks.one_is_missing(Instant::now()) {
                        self.connect_anew();
                    }
                }
                message = self.line.messages.recv() => match message {
                    Ok(message) => {
                        if !self.take(&message) {
                            return;
                        }
                    }
                    Err(RecvError::Lagged(_)) => {
                        self.lost();
                        self.rounds.due();
                    }
                    Err(RecvError::Closed) => {
                        self.line.listen_again();
                        self.lost();
                    }
                },
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Watch { topic, done } => self.wanted.watch(topic, done, Instant::now()),
            Order::Unwatch { guild } => self.wanted.unwatch(Topic::Guild(guild)),
            Order::Expect { tick, begun } => {
                return self.ticks.expect(tick, begun, Instant::now());
            }
        }
        if self.wanted.unsettled() {
            self.rounds.due();
        }
    }

    /// Nothing that Redis confirmed holds any more, and what came last may have been missed.
    fn lost(&mut self) {
        self.rounds.forget();
        self.ticks.forget(Instant::now());
        self.wanted.unconfirm();
        if self.interrupted.is_none() && self.wanted.any_established() {
            self.interrupted = Some(Instant::now());
        }
    }

    /// Gives the connection up for a new one.
    fn connect_anew(&mut self) {
        self.lost();
        self.failed = 0;
        self.line = Line::open(&self.config);
        self.rounds.move_to(self.line.link.client().clone());
    }

    fn finish(&mut self, round: &Round) {
        if round.forgotten {
            return;
        }
        match round.proved {
            Proved::Live => {}
            Proved::Detached => {
                self.lost();
                return self.rounds.due();
            }
            Proved::Astray => {
                self.lost();
                self.failed = FAILED_ROUNDS;
                return;
            }
            Proved::Nothing => {
                self.failed += 1;
                return;
            }
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
            self.line.skip_waiting();
            self.ticks.forget(Instant::now());
            self.outlet.interrupt();
            self.metrics.interrupted();
            info!(
                component = "WS",
                guilds = self.wanted.guilds(),
                interrupted_ms = since.elapsed().as_millis() as u64,
                "subscribed again; what was missed is read from the log"
            );
        }
    }

    /// False when nobody receives any more.
    fn take(&mut self, message: &Message) -> bool {
        match self.channels.topic(&message.channel) {
            Some(Topic::Own) => self.take_own(message),
            Some(Topic::Control) => {
                let signal = message.value.as_bytes().and_then(decode::signal);
                // Signals need no order, so an interruption does not hold them up.
                signal.is_none_or(|signal| self.outlet.signal(signal) != Offered::Gone)
            }
            Some(topic @ Topic::Guild(guild)) if self.wanted.contains(topic) => {
                self.deliver(guild, message)
            }
            _ => true,
        }
    }

    fn take_own(&mut self, message: &Message) -> bool {
        let own = message.value.as_bytes().and_then(decode::own);
        match own {
            Some(OwnMessage::Probe(number)) => {
                self.rounds.arrived(number);
                true
            }
            Some(OwnMessage::Tick(id)) => {
                self.ticks.arrived(id);
                self.interrupted.is_some() || self.outlet.tick(id) != Offered::Gone
            }
            None => true,
        }
    }

    fn deliver(&mut self, guild: GuildId, message: &Message) -> bool {
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
        self.seen.raise(entry.id);
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

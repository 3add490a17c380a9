//! One subscription over LINK: a connection of its own, subscribed anew whenever it was lost.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ::link::{Client, Endpoint, Listener, Timing};
use async_trait::async_trait;
use contracts::{EventId, GuildId};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Calls, wire};
use crate::{
    BusError, Delivery, Subscription, Watcher,
    metrics::Metrics,
    outlet::{Offered, Outlet},
    subscription::Watch,
};

/// How long it takes to ask again where a gateway did not let us subscribe.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What the reader of the connection, its keeper and the watchers share.
struct Shared {
    state: Mutex<State>,
    /// A connection was opened.
    opened: Notify,
    /// Whether the open connection has its subscription.
    ready: watch::Sender<bool>,
    metrics: Metrics,
}

struct State {
    /// `None` = the bus is closed.
    outlet: Option<Outlet>,
    /// What was asked for and not refused. Nothing else is delivered, whatever the gateway sends.
    wanted: BTreeSet<GuildId>,
    /// Counts the connections.
    connection: u64,
    /// Nothing has come over this connection yet, and something may have been missed before it.
    missed: bool,
    /// There was a connection with a subscription.
    subscribed: bool,
}

/// Opens a subscription; it ends with `closed`.
pub(super) fn open(
    endpoint: Endpoint,
    timing: Timing,
    metrics: Metrics,
    closed: CancellationToken,
) -> Subscription {
    let (outlet, deliveries) = Outlet::new();
    let gone = outlet.receiver_gone();
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            outlet: Some(outlet),
            wanted: BTreeSet::new(),
            connection: 0,
            missed: false,
            subscribed: false,
        }),
        opened: Notify::new(),
        ready: watch::Sender::new(false),
        metrics,
    });
    let client = Client::listening(endpoint, timing, Heard(Arc::clone(&shared)));
    let calls = Calls(client);
    tokio::spawn(keep(Arc::clone(&shared), calls.clone(), closed, gone));
    Subscription {
        deliveries,
        watcher: Watcher(Arc::new(LinkWatch {
            shared,
            calls,
            patience: timing.reach,
        })),
    }
}

/// Subscribes on every new connection, until nobody receives any more or the bus is closed.
async fn keep(
    shared: Arc<Shared>,
    calls: Calls,
    closed: CancellationToken,
    gone: mpsc::Sender<Delivery>,
) {
    tokio::select! {
        () = closed.cancelled() => {}
        () = gone.closed() => {}
        () = async {
            loop {
                shared.opened.notified().await;
                shared.subscribe(&calls).await;
            }
        } => {}
    }
    shared.state.lock().outlet = None;
}

impl Shared {
    /// Subscribes on the open connection to what is wanted. Whoever wants more meanwhile asks by itself.
    async fn subscribe(&self, calls: &Calls) {
        loop {
            let (connection, guild_ids) = {
                let state = self.state.lock();
                (state.connection, state.wanted.iter().copied().collect())
            };
            let subscribed: Result<wire::Nothing, _> = calls
                .ask(wire::SUBSCRIBE, &wire::Guilds { guild_ids })
                .await;
            match subscribed {
                Ok(wire::Nothing {}) if self.confirm(connection) => return,
                // It was an earlier connection that was subscribed, and this one is not.
                Ok(wire::Nothing {}) => {}
                Err(error) => {
                    warn!(component = "Internal", %error, "the gateway does not let us subscribe");
                    // It may have, and what it has sent since is lost with the next attempt.
                    self.state.lock().missed = true;
                    sleep(ASK_AGAIN).await;
                }
            }
        }
    }

    /// A connection has its subscription; false = it is gone.
    fn confirm(&self, connection: u64) -> bool {
        let mut state = self.state.lock();
        let open = state.connection == connection;
        if open {
            state.subscribed = true;
            state.tell_missed(&self.metrics);
            self.ready.send_replace(true);
        }
        open
    }
}

impl State {
    /// Says once for each connection, before anything that comes over it, that something may be missing before.
    fn tell_missed(&mut self, metrics: &Metrics) {
        if std::mem::take(&mut self.missed)
            && let Some(outlet) = &mut self.outlet
            && outlet.interrupt() == Offered::Queued
        {
            metrics.interrupted();
        }
    }

    fn deliver(&mut self, delivery: Delivery, metrics: &Metrics) {
        self.tell_missed(metrics);
        let Some(outlet) = &mut self.outlet else {
            return;
        };
        let offered = match delivery {
            Delivery::Entry(entry) if self.wanted.contains(&entry.guild) => outlet.entry(*entry),
            // It was unwatched, or was never to be watched.
            Delivery::Entry(_) => return,
            Delivery::Interrupted => outlet.interrupt(),
            Delivery::Tick(id) => outlet.tick(id),
            Delivery::Signal(signal) => outlet.signal(signal),
        };
        if offered == Offered::Overflowed {
            metrics.interrupted();
        }
    }
}

/// Hears what comes over the connection.
struct Heard(Arc<Shared>);

impl Listener for Heard {
    fn opened(&mut self) {
        let mut state = self.0.state.lock();
        state.connection += 1;
        state.missed = state.subscribed;
        drop(state);
        self.0.opened.notify_one();
    }

    fn event(&mut self, data: Box<RawValue>) {
        let delivery = wire::read(&data).unwrap_or_else(|error| {
            warn!(component = "Internal", %error, "something unreadable comes from the gateway");
            // What it was is in the log.
            Delivery::Interrupted
        });
        let mut state = self.0.state.lock();
        state.deliver(delivery, &self.0.metrics);
    }

    fn lost(&mut self) {
        self.0.ready.send_replace(false);
        debug!(component = "Internal", "the live channel of events is away");
    }
}

struct LinkWatch {
    shared: Arc<Shared>,
    calls: Calls,
    /// How long the subscription may be away before an order fails.
    patience: Duration,
}

impl LinkWatch {
    fn open(&self) -> Result<(), BusError> {
        let open = self.shared.state.lock().outlet.is_some();
        open.then_some(()).ok_or(BusError::Closed)
    }

    async fn ready(&self) -> Result<(), BusError> {
        self.open()?;
        let mut ready = self.shared.ready.subscribe();
        let is_ready = timeout(self.patience, ready.wait_for(|ready| *ready)).await;
        match is_ready {
            Ok(Ok(_)) => Ok(()),
            _ => Err(BusError::Unavailable(
                "there is no subscription at the gateway".into(),
            )),
        }
    }

    async fn order(&self, name: &str, guild: GuildId) -> Result<(), BusError> {
        let guild_ids = vec![guild];
        let wire::Nothing {} = self.calls.ask(name, &wire::Guilds { guild_ids }).await?;
        Ok(())
    }
}

#[async_trait]
impl Watch for LinkWatch {
    async fn watch(&self, guild: GuildId) -> Result<(), BusError> {
        self.ready().await?;
        // Before it is asked: a connection that is made anew in between subscribes to it, too.
        let new = self.shared.state.lock().wanted.insert(guild);
        let watched = self.order(wire::WATCH, guild).await;
        if watched.is_err() && new {
            self.shared.state.lock().wanted.remove(&guild);
        }
        self.open()?;
        watched
    }

    async fn unwatch(&self, guild: GuildId) -> Result<(), BusError> {
        self.open()?;
        let watched = self.shared.state.lock().wanted.remove(&guild);
        // Without a subscription there is nothing to take back.
        if watched && *self.shared.ready.borrow() {
            self.order(wire::UNWATCH, guild).await?;
        }
        Ok(())
    }

    async fn tick(&self) -> Result<EventId, BusError> {
        self.ready().await?;
        self.calls.ask(wire::TICK, &wire::Nothing {}).await
    }
}

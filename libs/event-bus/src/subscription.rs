#[cfg(feature = "conformance")]
mod by_hand;

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{EventId, GuildId, Signal};
use tokio::sync::mpsc;

use crate::{BusError, Entry};

/// What a subscription hands out.
#[derive(Debug)]
pub enum Delivery {
    /// The next entry of a watched guild. Per guild in order; over all guilds in the order of ids.
    Entry(Box<Entry>),
    /// The live channel was away, or this receiver was too slow: entries of the watched guilds may be missing here. It works
    /// again now; read every watched guild's log from the last id seen.
    Interrupted,
    /// The answer to [`Watcher::tick`]: every entry of the watched guilds up to this id was delivered before it, or told to
    /// be missing by an [`Delivery::Interrupted`].
    Tick(EventId),
    /// A word to all subscriptions, whatever they watch. From the first [`Watcher::watch`] or [`Watcher::tick`] that succeeded
    /// on they are heard, except in an outage and by a receiver that is too slow. They have no order among the entries.
    Signal(Signal),
}

/// Deliveries of the guilds that its [`Watcher`] watches. Bounded: a receiver that is too slow finds
/// [`Delivery::Interrupted`] in place of what did not fit.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) deliveries: mpsc::Receiver<Delivery>,
    pub(crate) watcher: Watcher,
}

impl Subscription {
    /// The next delivery; `None` when the bus was closed.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    /// The next delivery if one waits, so that a receiver can take all that waits at once.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.deliveries.try_recv().ok()
    }

    /// Chooses what is delivered; may be cloned and used from anywhere.
    pub fn watcher(&self) -> Watcher {
        self.watcher.clone()
    }
}

/// Chooses the guilds that a [`Subscription`] delivers.
#[derive(Clone)]
pub struct Watcher(pub(crate) Arc<dyn Watch>);

impl Watcher {
    /// From the return on, every entry published in this guild is delivered.
    pub async fn watch(&self, guild: GuildId) -> Result<(), BusError> {
        self.0.watch(guild).await
    }

    /// Deliveries of this guild end soon.
    pub async fn unwatch(&self, guild: GuildId) -> Result<(), BusError> {
        self.0.unwatch(guild).await
    }

    /// Draws an id from the clock and sends it through the live channel to this subscription alone. The id that is drawn; it
    /// comes back as [`Delivery::Tick`]. If it does not although this returned, the live channel is broken.
    pub async fn tick(&self) -> Result<EventId, BusError> {
        self.0.tick().await
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// The adapter's side of a [`Watcher`].
#[async_trait]
pub(crate) trait Watch: Send + Sync {
    async fn watch(&self, guild: GuildId) -> Result<(), BusError>;
    async fn unwatch(&self, guild: GuildId) -> Result<(), BusError>;
    async fn tick(&self) -> Result<EventId, BusError>;
}

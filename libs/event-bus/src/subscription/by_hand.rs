use async_trait::async_trait;
use contracts::{EventId, GuildId};
use tokio::sync::mpsc;

use super::{Delivery, Subscription, Watch, Watcher};
use crate::{BusError, DELIVERY_QUEUE};

impl Subscription {
    /// A subscription whose deliveries are sent by hand, for tests of receivers; `tick` answers its watcher's ticks. Whatever is
    /// watched, nothing is filtered.
    pub fn by_hand(
        tick: impl Fn() -> Result<EventId, BusError> + Send + Sync + 'static,
    ) -> (mpsc::Sender<Delivery>, Self) {
        let (send, deliveries) = mpsc::channel(DELIVERY_QUEUE);
        let watcher = Watcher(std::sync::Arc::new(ByHand(tick)));
        (
            send,
            Self {
                deliveries,
                watcher,
            },
        )
    }
}

struct ByHand<F>(F);

#[async_trait]
impl<F: Fn() -> Result<EventId, BusError> + Send + Sync> Watch for ByHand<F> {
    async fn watch(&self, _guild: GuildId) -> Result<(), BusError> {
        Ok(())
    }

    async fn unwatch(&self, _guild: GuildId) -> Result<(), BusError> {
        Ok(())
    }

    async fn tick(&self) -> Result<EventId, BusError> {
        (self.0)()
    }
}

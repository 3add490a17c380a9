use async_trait::async_trait;
use contracts::{EventId, GuildId};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::{BusError, redis::failure, subscription::Watch};

/// What a watcher asks of the feed.
#[derive(Debug)]
pub(super) enum Order {
    Watch {
        guild: GuildId,
        done: oneshot::Sender<Result<(), BusError>>,
    },
    Unwatch {
        guild: GuildId,
    },
}

/// The watcher's side; the feed ends with the last clone.
pub(super) struct RedisWatch {
    orders: mpsc::Sender<Order>,
    _feed: AbortOnDropHandle<()>,
}

impl RedisWatch {
    pub(super) fn new(orders: mpsc::Sender<Order>, feed: AbortOnDropHandle<()>) -> Self {
        Self {
            orders,
            _feed: feed,
        }
    }

    async fn order(&self, order: Order) -> Result<(), BusError> {
        self.orders.send(order).await.map_err(|_| BusError::Closed)
    }
}

#[async_trait]
impl Watch for RedisWatch {
    async fn watch(&self, guild: GuildId) -> Result<(), BusError> {
        let (done, answer) = oneshot::channel();
        self.order(Order::Watch { guild, done }).await?;
        // the feed keeps the time, so that it and the caller agree about what is watched
        answer.await.unwrap_or(Err(BusError::Closed))
    }

    async fn unwatch(&self, guild: GuildId) -> Result<(), BusError> {
        self.order(Order::Unwatch { guild }).await
    }

    async fn tick(&self) -> Result<EventId, BusError> {
        Err(failure::late("a tick"))
    }
}

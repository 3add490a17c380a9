use std::time::Instant;

use async_trait::async_trait;
use contracts::{EventId, GuildId};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::{ticker::Ticker, topic::Topic};
use crate::{BusError, subscription::Watch};

/// What a watcher asks of the feed.
#[derive(Debug)]
pub(super) enum Order {
    Watch {
        topic: Topic,
        done: oneshot::Sender<Result<(), BusError>>,
    },
    Unwatch {
        guild: GuildId,
    },
    /// A tick is under way.
    Expect {
        tick: EventId,
        /// Before it was drawn.
        begun: Instant,
    },
}

/// The watcher's side; the feed ends with the last clone.
pub(super) struct RedisWatch {
    orders: mpsc::Sender<Order>,
    ticker: Ticker,
    _feed: AbortOnDropHandle<()>,
}

impl RedisWatch {
    pub(super) fn new(
        orders: mpsc::Sender<Order>,
        ticker: Ticker,
        feed: AbortOnDropHandle<()>,
    ) -> Self {
        Self {
            orders,
            ticker,
            _feed: feed,
        }
    }

    async fn order(&self, order: Order) -> Result<(), BusError> {
        self.orders.send(order).await.map_err(|_| BusError::Closed)
    }

    async fn confirmed(&self, topic: Topic) -> Result<(), BusError> {
        let (done, answer) = oneshot::channel();
        self.order(Order::Watch { topic, done }).await?;
        // the feed keeps the time, so that it and the caller agree about what is watched
        answer.await.unwrap_or(Err(BusError::Closed))
    }
}

#[async_trait]
impl Watch for RedisWatch {
    async fn watch(&self, guild: GuildId) -> Result<(), BusError> {
        self.confirmed(Topic::Guild(guild)).await
    }

    async fn unwatch(&self, guild: GuildId) -> Result<(), BusError> {
        self.order(Order::Unwatch { guild }).await
    }

    async fn tick(&self) -> Result<EventId, BusError> {
        self.confirmed(Topic::Own).await?;
        let begun = Instant::now();
        let tick = self.ticker.tick().await?;
        self.order(Order::Expect { tick, begun }).await?;
        Ok(tick)
    }
}

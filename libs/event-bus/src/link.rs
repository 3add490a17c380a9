//! The bus of the one gateway, over LINK: for a deployment without Redis.
//!
//! The gateway holds everything in memory ([`crate::MemoryBus`]) and serves it ([`Served`]); web reads, watches and signals
//! through [`LinkBus`]. Only the gateway publishes. When it is started anew, clock, log and state begin anew too: what was
//! read before can't be continued, which the floors of the guilds tell.

mod feed;
mod serve;
mod wire;

use ::link::{CallError, Client, Endpoint, Timing};
use async_trait::async_trait;
use contracts::{EventId, GuildId, Signal};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    Batch, BusError, Cut, EventBus, Fence, LogPage, Outcome, PAGE_LIMIT, Subscription,
    metrics::Metrics,
};
pub use serve::Served;

/// The other end is the gateway's [`crate::MemoryBus`]. Connections are made anew by themselves.
#[derive(Debug)]
pub struct LinkBus {
    endpoint: Endpoint,
    timing: Timing,
    calls: Calls,
    metrics: Metrics,
    closed: CancellationToken,
    _closes: DropGuard,
}

/// Questions to the gateway.
#[derive(Debug, Clone)]
struct Calls(Client);

impl LinkBus {
    /// Connects in the background, within a Tokio runtime: until then calls fail with [`BusError::Unavailable`].
    pub fn connect(endpoint: &Endpoint, timing: Timing) -> Self {
        let closed = CancellationToken::new();
        Self {
            calls: Calls(Client::new(endpoint.clone(), timing)),
            endpoint: endpoint.clone(),
            timing,
            metrics: Metrics::detached(),
            _closes: closed.clone().drop_guard(),
            closed,
        }
    }

    pub(crate) fn measured(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }
}

impl Calls {
    async fn ask<T: DeserializeOwned>(
        &self,
        name: &str,
        input: &(impl Serialize + Sync),
    ) -> Result<T, BusError> {
        let answer = self.0.ask(name, input).await.map_err(unavailable)?;
        serde_json::from_str(answer.get())
            .map_err(|error| BusError::Corrupt(format!("the answer to {name}: {error}")))
    }
}

fn unavailable(error: CallError) -> BusError {
    BusError::Unavailable(Box::new(error))
}

/// What only the gateway does.
const PUBLISHES: BusError =
    BusError::Refused("only the gateway publishes where events go over LINK");

#[async_trait]
impl EventBus for LinkBus {
    async fn publish(&self, _batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        Err(PUBLISHES)
    }

    async fn fence(&self, _fence: Fence) -> Result<(), BusError> {
        Err(PUBLISHES)
    }

    async fn subscribe(&self) -> Result<Subscription, BusError> {
        let (endpoint, metrics) = (self.endpoint.clone(), self.metrics.clone());
        Ok(feed::open(
            endpoint,
            self.timing,
            metrics,
            self.closed.clone(),
        ))
    }

    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError> {
        let input = wire::Read {
            guild_id: guild,
            after,
            upto,
            limit: limit.min(PAGE_LIMIT),
        };
        let page: wire::Page = self.calls.ask(wire::READ, &input).await?;
        page.read()
    }

    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError> {
        let guilds = wire::Guilds {
            guild_ids: guilds.to_vec(),
        };
        self.calls.ask(wire::SNAPSHOT, &guilds).await
    }

    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<contracts::state::Guild>, BusError> {
        let guilds = wire::Guilds {
            guild_ids: guilds.to_vec(),
        };
        self.calls.ask(wire::GUILDS, &guilds).await
    }

    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        self.calls.ask(wire::ALL_GUILDS, &wire::Nothing {}).await
    }

    async fn clock(&self) -> Result<EventId, BusError> {
        self.calls.ask(wire::CLOCK, &wire::Nothing {}).await
    }

    async fn draw_epoch(&self) -> Result<u64, BusError> {
        Err(PUBLISHES)
    }

    async fn signal(&self, signal: &Signal) -> Result<(), BusError> {
        let wire::Nothing {} = self.calls.ask(wire::SIGNAL, signal).await?;
        Ok(())
    }

    async fn ping(&self) -> Result<(), BusError> {
        let wire::Nothing {} = self.calls.ask(wire::PING, &wire::Nothing {}).await?;
        Ok(())
    }
}

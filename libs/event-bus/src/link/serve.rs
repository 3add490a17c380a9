use std::{future::pending, sync::Arc};

use contracts::{
    GuildId, Signal,
    link::{Call, LinkError},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use super::wire;
use crate::{BusError, EventBus, LogPage, Subscription, Watcher};

/// Bytes of entries in one page, roughly; the reader asks for more. Many pages may wait to be written at once.
const PAGE_BYTES: usize = 1 << 20;

/// Most guilds that one call may name.
const GUILDS_LIMIT: usize = 10_000;

/// The gateway's side of one connection: a bus, and the one subscription that the connection may have.
pub struct Served {
    bus: Arc<dyn EventBus>,
    subscription: Option<Subscription>,
}

impl Served {
    /// A connection that has asked nothing yet.
    pub fn new(bus: Arc<dyn EventBus>) -> Self {
        let subscription = None;
        Self { bus, subscription }
    }

    /// Answers a call; `None` = it is none of the bus.
    pub async fn answer(&mut self, call: &Call) -> Option<Result<Box<RawValue>, LinkError>> {
        let input = &*call.payload;
        Some(match call.command.as_str() {
            wire::SUBSCRIBE => self.subscribe(input).await,
            wire::WATCH => {
                self.each(input, async |watcher, guild| watcher.watch(guild).await)
                    .await
            }
            wire::UNWATCH => {
                self.each(input, async |watcher, guild| watcher.unwatch(guild).await)
                    .await
            }
            wire::TICK => match self.watcher() {
                Ok(watcher) => output(watcher.tick().await),
                Err(error) => Err(error),
            },
            wire::READ => self.read(input).await,
            wire::SNAPSHOT => match guilds(input) {
                Ok(guilds) => output(self.bus.snapshot(&guilds).await),
                Err(error) => Err(error),
            },
            wire::GUILDS => match guilds(input) {
                Ok(guilds) => output(self.bus.guilds(&guilds).await),
                Err(error) => Err(error),
            },
            wire::ALL_GUILDS => output(self.bus.all_guilds().await),
            wire::CLOCK => output(self.bus.clock().await),
            wire::PING => output(self.bus.ping().await.map(|()| wire::Nothing {})),
            wire::SIGNAL => match parse::<Signal>(input) {
                Ok(signal) => output(self.bus.signal(&signal).await.map(|()| wire::Nothing {})),
                Err(error) => Err(error),
            },
            _ => return None,
        })
    }

    /// The next delivery, as `data` of an event; waits for ever without a subscription. May be dropped while it waits.
    pub async fn delivery(&mut self) -> Result<Box<RawValue>, BusError> {
        let Some(subscription) = &mut self.subscription else {
            return pending().await;
        };
        let delivery = subscription.next().await.ok_or(BusError::Closed)?;
        wire::write(&delivery).map_err(|error| BusError::Corrupt(error.to_string()))
    }

    /// A new subscription in place of the one before, that watches these guilds from the answer on.
    async fn subscribe(&mut self, input: &RawValue) -> Result<Box<RawValue>, LinkError> {
        let guilds = guilds(input)?;
        let subscription = self.bus.subscribe().await.map_err(failed)?;
        let watcher = subscription.watcher();
        for guild in guilds {
            watcher.watch(guild).await.map_err(failed)?;
        }
        self.subscription = Some(subscription);
        done()
    }

    async fn each(
        &self,
        input: &RawValue,
        order: impl AsyncFn(&Watcher, GuildId) -> Result<(), BusError>,
    ) -> Result<Box<RawValue>, LinkError> {
        let watcher = self.watcher()?;
        for guild in guilds(input)? {
            order(&watcher, guild).await.map_err(failed)?;
        }
        done()
    }

    fn watcher(&self) -> Result<Watcher, LinkError> {
        let subscription = self.subscription.as_ref();
        subscription.map(Subscription::watcher).ok_or_else(|| {
            LinkError::new(
                409,
                "not-subscribed",
                "This connection has no subscription.",
            )
        })
    }

    async fn read(&self, input: &RawValue) -> Result<Box<RawValue>, LinkError> {
        let wire::Read {
            guild_id,
            after,
            upto,
            limit,
        } = parse(input)?;
        let page = self.bus.read(guild_id, after, upto, limit).await;
        output(page.and_then(|page| written(&page)))
    }
}

fn written(page: &LogPage) -> Result<wire::Page, BusError> {
    let mut entries = Vec::with_capacity(page.entries.len());
    let mut bytes = 0;
    for entry in &page.entries {
        if bytes > PAGE_BYTES {
            break;
        }
        let entry = wire::write_entry(entry).map_err(|e| BusError::Corrupt(e.to_string()))?;
        bytes += entry.get().len();
        entries.push(entry);
    }
    Ok(wire::Page {
        more: page.more || entries.len() < page.entries.len(),
        entries,
        floor: page.floor,
    })
}

fn parse<T: DeserializeOwned>(input: &RawValue) -> Result<T, LinkError> {
    serde_json::from_str(input.get()).map_err(|_| {
        LinkError::new(
            400,
            "invalid-command",
            "The input of this command can't be read.",
        )
    })
}

fn guilds(input: &RawValue) -> Result<Vec<GuildId>, LinkError> {
    let wire::Guilds { guild_ids } = parse(input)?;
    if guild_ids.len() > GUILDS_LIMIT {
        let message = format!("No more than {GUILDS_LIMIT} guilds at once.");
        return Err(LinkError::new(400, "invalid-command", message));
    }
    Ok(guild_ids)
}

fn output(outcome: Result<impl Serialize, BusError>) -> Result<Box<RawValue>, LinkError> {
    outcome
        .and_then(|output| {
            to_raw_value(&output).map_err(|error| BusError::Corrupt(error.to_string()))
        })
        .map_err(failed)
}

fn done() -> Result<Box<RawValue>, LinkError> {
    output(Ok(wire::Nothing {}))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: BusError) -> LinkError {
    LinkError::new(503, "bus-unavailable", error.to_string())
}

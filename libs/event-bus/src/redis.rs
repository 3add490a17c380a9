//! The bus on Redis.

mod calls;
mod decode;
mod failure;
mod feed;
mod keeper;
mod publish;
mod scripts;
mod seen;

use async_trait::async_trait;
use contracts::{EventId, GuildId, Signal};
use fred::{
    interfaces::{HashesInterface, KeysInterface, PubsubInterface, SetsInterface},
    types::Value,
};
use prometheus::Registry;
use redis_link::{RedisConfig, RedisLink, Role};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::AbortOnDropHandle,
};

use crate::{
    Batch, BusError, Cut, EventBus, Fence, LogPage, Outcome, PAGE_LIMIT, Retention, Subscription,
    metrics::Metrics,
};
use calls::Calls;
use seen::Seen;

/// The longest part of a snapshot's or a look-up's guild list that is sent at once.
const GUILDS_PER_CALL: usize = 512;

/// One Redis, shared by gateways and replicas. The table of its keys is in the README.
pub struct RedisBus {
    config: RedisConfig,
    retention: Retention,
    metrics: Metrics,
    publisher: Calls,
    commands: Calls,
    seen: Seen,
    closed: CancellationToken,
    _ends_subscriptions: DropGuard,
    _keeper: AbortOnDropHandle<()>,
}

impl RedisBus {
    /// Begins to connect, in the background, within a Tokio runtime.
    pub fn connect(redis: &RedisConfig, retention: Retention, registry: &Registry) -> Self {
        let metrics = Metrics::register(registry);
        redis.show_metrics(registry);
        let connect = |role| Calls::new(RedisLink::connect(redis, role), metrics.clone());
        let commands = connect(Role::Commands);
        let keeper = tokio::spawn(keeper::keep(commands.clone(), retention));
        let closed = CancellationToken::new();
        Self {
            config: redis.clone(),
            retention,
            publisher: connect(Role::Publisher),
            commands,
            metrics,
            seen: Seen::default(),
            closed: closed.clone(),
            _ends_subscriptions: closed.drop_guard(),
            _keeper: AbortOnDropHandle::new(keeper),
        }
    }

    /// Ends all subscriptions; every call answers [`BusError::Closed`] from now on.
    pub fn close(&self) {
        self.closed.cancel();
    }

    fn open(&self) -> Result<(), BusError> {
        if self.closed.is_cancelled() {
            Err(BusError::Closed)
        } else {
            Ok(())
        }
    }
}

impl std::fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBus")
            .field("config", &self.config)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl EventBus for RedisBus {
    async fn publish(&self, batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        self.open()?;
        let arguments = publish::arguments(batch, self.retention, self.seen.highest());
        let reply = self
            .publisher
            .run_in_order("publish", &scripts::PUBLISH, arguments)
            .await?;
        let outcomes = publish::outcomes(&reply, batch.changes.len())?;
        for outcome in &outcomes {
            if let Outcome::Applied(ids) = outcome {
                ids.iter()
                    .max()
                    .into_iter()
                    .for_each(|id| self.seen.raise(*id));
            }
        }
        Ok(outcomes)
    }

    async fn fence(&self, fence: Fence) -> Result<(), BusError> {
        self.open()?;
        let mut arguments: Vec<Value> = publish::retention(self.retention).into();
        arguments.extend(publish::fence(fence));
        // among the batches, so that none of this process is refused that was published before
        self.publisher
            .run("fence", &scripts::RAISE, arguments)
            .await?;
        Ok(())
    }

    async fn subscribe(&self) -> Result<Subscription, BusError> {
        self.open()?;
        Ok(feed::open(
            &self.config,
            self.commands.clone(),
            self.seen.clone(),
            self.metrics.clone(),
            self.closed.child_token(),
        ))
    }

    async fn signal(&self, signal: &Signal) -> Result<(), BusError> {
        self.open()?;
        let client = self.commands.client();
        let sent = client.spublish::<Value, _, _>(
            self.commands.key(feed::CONTROL),
            decode::signal_message(signal),
        );
        self.commands.measure("signal", sent).await?;
        Ok(())
    }

    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError> {
        self.open()?;
        // with nothing to read the floor is still of interest
        let limit = if after < upto {
            limit.min(PAGE_LIMIT)
        } else {
            0
        };
        let arguments: Vec<Value> = vec![
            guild.to_string().into(),
            after.to_string().into(),
            upto.to_string().into(),
            limit.to_string().into(),
        ];
        let reply = self.commands.run("read", &scripts::READ, arguments).await?;
        decode::page(guild, reply)
    }

    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError> {
        self.open()?;
        let arguments = guilds
            .iter()
            .map(|guild| guild.to_string().into())
            .collect();
        let reply = self
            .commands
            .run("snapshot", &scripts::SNAPSHOT, arguments)
            .await?;
        decode::cut(reply)
    }

    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<contracts::state::Guild>, BusError> {
        self.open()?;
        let mut found = Vec::new();
        for part in guilds.chunks(GUILDS_PER_CALL) {
            let lookups = part.iter().map(|guild| {
                let key = self.commands.key(&format!("guild:{guild}"));
                let client = self.commands.client().clone();
                async move { client.hget::<Value, _, _>(key, "facts").await }
            });
            let values = futures_util::future::try_join_all(lookups);
            let values = self.commands.measure("guilds", values).await?;
            for (guild, facts) in part.iter().zip(&values) {
                found.extend(decode::facts(*guild, facts)?);
            }
        }
        Ok(found)
    }

    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        self.open()?;
        self.commands.all_guilds().await
    }

    async fn clock(&self) -> Result<EventId, BusError> {
        self.open()?;
        let key = self.commands.key("clock");
        let value = self.commands.client().get::<Value, _>(key);
        decode::clock(&self.commands.measure("clock", value).await?)
    }

    async fn draw_epoch(&self) -> Result<u64, BusError> {
        self.open()?;
        let reply = self
            .commands
            .run("epoch", &scripts::EPOCH, Vec::new())
            .await?;
        decode::number(&reply, "epoch")
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.open()?;
        self.commands.ping().await
    }
}

impl Calls {
    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        let members = self.client().smembers::<Value, _>(self.key("guilds"));
        decode::guild_ids(self.measure("all_guilds", members).await?)
    }
}

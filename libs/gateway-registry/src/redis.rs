mod reply;
mod scripts;

use std::time::Duration;

use async_trait::async_trait;
use contracts::ShardId;
use fred::{
    prelude::HashesInterface,
    types::{FromValue, Value, scripts::Script},
};
use redis_link::{RedisConfig, RedisLink, Role};
use tracing::warn;

use crate::{
    Budget, CAPACITY, Claim, GatewayRecord, GatewayRegistry, LONGEST, Lease, NewSession, Permit,
    Progress, RegistryError, Renewal, ShardCount, StoredSession, lease,
    start::{RESERVED, SAME_PERIOD},
};

/// The registry of a deployment, in its Redis.
#[derive(Debug, Clone)]
pub struct RedisRegistry {
    link: RedisLink,
    gateways: String,
}

impl RedisRegistry {
    /// A registry that answers errors until Redis can be reached.
    pub fn connect(redis: &RedisConfig) -> Self {
        let link = RedisLink::connect(redis, Role::Registry);
        Self {
            gateways: link.key("gateways"),
            link,
        }
    }

    async fn on_gateways<R: FromValue>(
        &self,
        script: &Script,
        arguments: Vec<String>,
    ) -> Result<R, RegistryError> {
        let arguments = arguments.into_iter().map(Value::from);
        self.link
            .run(script, &self.gateways, arguments)
            .await
            .map_err(unavailable)
    }

    /// Runs a script that makes its keys of the prefix; all are in one slot, which the one key names.
    async fn run<R: FromValue>(
        &self,
        script: &Script,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<R, RegistryError> {
        let prefix = std::iter::once(self.link.key(""));
        let all = prefix.chain(arguments).map(Value::from);
        self.link
            .run(script, &self.link.key("shards"), all)
            .await
            .map_err(unavailable)
    }
}

#[async_trait]
impl GatewayRegistry for RedisRegistry {
    async fn announce(&self, record: &GatewayRecord, ttl: Duration) -> Result<(), RegistryError> {
        let json = serde_json::to_string(record).map_err(RegistryError::Encode)?;
        let arguments = vec![
            record.instance.clone(),
            ttl.as_millis().to_string(),
            CAPACITY.to_string(),
            json,
        ];
        if self.on_gateways(&scripts::ANNOUNCE, arguments).await? {
            Ok(())
        } else {
            Err(RegistryError::Full)
        }
    }

    async fn withdraw(&self, instance: &str) -> Result<(), RegistryError> {
        let client = self.link.client();
        let withdrawn = client.hdel(self.gateways.as_str(), instance).await;
        self.link.noted(withdrawn).map_err(unavailable)
    }

    async fn alive(&self) -> Result<Vec<GatewayRecord>, RegistryError> {
        let fields: Vec<(String, u64, String)> =
            self.on_gateways(&scripts::ALIVE, Vec::new()).await?;
        let mut records: Vec<_> = fields
            .iter()
            .filter_map(|(instance, heartbeat, json)| read(instance, *heartbeat, json))
            .collect();
        records.sort_by(|a, b| a.instance.cmp(&b.instance));
        Ok(records)
    }

    async fn shard_count(&self) -> Result<Option<ShardCount>, RegistryError> {
        let fields: Vec<String> = self.run(&scripts::SHARD_COUNT, []).await?;
        reply::count(&fields)
    }

    async fn recount(&self, count: u32) -> Result<ShardCount, RegistryError> {
        lease::checked_count(count)?;
        let fields: Vec<String> = self.run(&scripts::RECOUNT, [count.to_string()]).await?;
        reply::count(&fields)?.ok_or_else(reply::unreadable)
    }

    async fn leases(&self) -> Result<Vec<(u32, String)>, RegistryError> {
        self.run(&scripts::LEASES, []).await
    }

    async fn claim(
        &self,
        shard: ShardId,
        owner: &str,
        ttl: Duration,
    ) -> Result<Claim, RegistryError> {
        lease::checked_shard(shard)?;
        let arguments = [
            shard.id.to_string(),
            shard.count.to_string(),
            owner.to_owned(),
            reply::ms(ttl),
        ];
        let fields: Vec<String> = self.run(&scripts::CLAIM, arguments).await?;
        reply::claim(&fields, shard, owner)
    }

    async fn renew(
        &self,
        lease: &Lease,
        ttl: Duration,
        progress: Option<Progress>,
    ) -> Result<Renewal, RegistryError> {
        let mut arguments = reply::lease(lease);
        arguments.push(reply::ms(ttl));
        arguments.extend(reply::progress(progress));
        match self.run(&scripts::RENEW, arguments).await? {
            0 => Ok(Renewal::Lost),
            held => Ok(Renewal::Held { recount: held == 2 }),
        }
    }

    async fn begin_session(
        &self,
        lease: &Lease,
        session: NewSession<'_>,
    ) -> Result<Option<StoredSession>, RegistryError> {
        let mut arguments = reply::lease(lease);
        arguments.extend([
            session.id.to_owned(),
            session.resume_url.to_owned(),
            session.seq.to_string(),
            session.terms.to_owned(),
        ]);
        let fields: Vec<String> = self.run(&scripts::BEGIN_SESSION, arguments).await?;
        reply::session(&fields)
    }

    async fn release(
        &self,
        lease: &Lease,
        progress: Option<Progress>,
    ) -> Result<(), RegistryError> {
        let mut arguments = reply::lease(lease);
        arguments.extend(reply::progress(progress));
        self.run(&scripts::RELEASE, arguments).await
    }

    async fn budget(&self, told: Budget) -> Result<(), RegistryError> {
        let resets_in = if told.resets_in.is_zero() {
            LONGEST
        } else {
            told.resets_in
        };
        let arguments = [
            told.total.to_string(),
            told.remaining.to_string(),
            reply::ms(resets_in),
            reply::ms(SAME_PERIOD),
        ];
        self.run(&scripts::BUDGET, arguments).await
    }

    async fn permit(&self, key: u32, interval: Duration) -> Result<Permit, RegistryError> {
        let arguments = [key.to_string(), reply::ms(interval), RESERVED.to_string()];
        let fields: Vec<String> = self.run(&scripts::PERMIT, arguments).await?;
        reply::permit(&fields)
    }
}

fn read(instance: &str, heartbeat_at: u64, json: &str) -> Option<GatewayRecord> {
    match serde_json::from_str(json) {
        Ok(record) => Some(GatewayRecord {
            heartbeat_at,
            ..record
        }),
        Err(error) => {
            warn!(instance, %error, "the record of a gateway can't be read and is left out");
            None
        }
    }
}

fn unavailable(error: fred::error::Error) -> RegistryError {
    RegistryError::Unavailable(Box::new(error))
}

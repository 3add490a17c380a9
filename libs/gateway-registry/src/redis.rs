use std::time::Duration;

use async_trait::async_trait;
use fred::{prelude::HashesInterface, types::scripts::Script};
use redis_link::{RedisConfig, RedisLink, Role};
use tracing::warn;

use crate::{CAPACITY, GatewayRecord, GatewayRegistry, RegistryError};

/// The registry of a deployment, in one hash of its Redis.
#[derive(Debug, Clone)]
pub struct RedisRegistry {
    link: RedisLink,
    key: String,
    announce: Script,
    alive: Script,
}

impl RedisRegistry {
    /// A registry that answers errors until Redis can be reached.
    pub fn connect(redis: &RedisConfig) -> Self {
        let link = RedisLink::connect(redis, Role::Commands);
        Self {
            key: link.key("gateways"),
            link,
            announce: Script::from_lua(include_str!("redis/announce.lua")),
            alive: Script::from_lua(include_str!("redis/alive.lua")),
        }
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
        let written: bool = self
            .announce
            .evalsha_with_reload(self.link.client(), self.key.as_str(), arguments)
            .await
            .map_err(unavailable)?;
        if written {
            Ok(())
        } else {
            Err(RegistryError::Full)
        }
    }

    async fn withdraw(&self, instance: &str) -> Result<(), RegistryError> {
        self.link
            .client()
            .hdel(self.key.as_str(), instance)
            .await
            .map_err(unavailable)
    }

    async fn alive(&self) -> Result<Vec<GatewayRecord>, RegistryError> {
        let fields: Vec<(String, u64, String)> = self
            .alive
            .evalsha_with_reload(self.link.client(), self.key.as_str(), Vec::<String>::new())
            .await
            .map_err(unavailable)?;
        let mut records: Vec<_> = fields
            .iter()
            .filter_map(|(instance, heartbeat, json)| read(instance, *heartbeat, json))
            .collect();
        records.sort_by(|a, b| a.instance.cmp(&b.instance));
        Ok(records)
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

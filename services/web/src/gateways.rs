//! Which gateway does what a user wants.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use contracts::{GuildId, ShardId};
use event_bus::BusConfig;
use gateway_registry::{GatewayRegistry, RegistryConfig, RegistryError};
use limits::{Limits, LimitsConfig, LinkLimits};
use link::{Commands, Directory, Metrics, NoGateway, OneGateway, Remote, Timing};
use prometheus::Registry;
use tokio::sync::Mutex;

use crate::config::Config;

/// For how long an answer of the registry is good. After a hand-over it is asked anew at once.
const KEPT: Duration = Duration::from_secs(1);

/// An answer that is so young is good even where it was asked for anew: many commands may ask together.
const FRESH: Duration = Duration::from_millis(100);

/// The registry of the gateways, if there is one that several processes share.
pub(crate) fn registry(config: &Config) -> Option<Arc<dyn GatewayRegistry>> {
    match &config.registry {
        registry @ RegistryConfig::Redis(_) => Some(registry.connect()),
        RegistryConfig::Single => None,
    }
}

/// Who executes commands, by the configuration: the one gateway at `GATEWAY_WS_URL`, or those that the registry knows.
pub(crate) fn commands(
    config: &Config,
    known: Option<&Arc<dyn GatewayRegistry>>,
    registry: &Registry,
) -> Result<Arc<dyn Commands>, prometheus::Error> {
    let Some(token) = &config.link_token else {
        return Ok(Arc::new(NoGateway));
    };
    let directory: Arc<dyn Directory> = match (&config.gateway_url, known) {
        (Some(url), _) => Arc::new(OneGateway(url.clone())),
        (None, Some(known)) => Arc::new(Registered::new(Arc::clone(known))),
        // Gateways of this process alone are not reached over LINK.
        (None, None) => return Ok(Arc::new(NoGateway)),
    };
    let metrics = Metrics::register(registry)?;
    let remote = Remote::new(directory, token.clone(), Timing::default(), metrics);
    Ok(Arc::new(remote))
}

/// Who counts what users may do: Redis, the gateway that serves its events over LINK, or this replica alone.
pub(crate) fn limits(config: &Config) -> Arc<dyn Limits> {
    match &config.bus {
        BusConfig::Link { endpoint, .. } => {
            Arc::new(LinkLimits::connect(endpoint, Timing::default()))
        }
        BusConfig::Redis { redis, .. } => LimitsConfig::choose(Some(redis)).connect(),
        _ => LimitsConfig::choose(None).connect(),
    }
}

/// The gateways as the registry knows them.
struct Registered {
    registry: Arc<dyn GatewayRegistry>,
    /// What it said last. The lock is held while it is asked, so that one question serves all who wait.
    known: Mutex<Option<Known>>,
}

struct Known {
    at: Instant,
    count: u32,
    /// Shard → address.
    addresses: HashMap<u32, String>,
}

impl Registered {
    fn new(registry: Arc<dyn GatewayRegistry>) -> Self {
        Self {
            registry,
            known: Mutex::new(None),
        }
    }

    async fn ask(&self) -> Result<Known, RegistryError> {
        let at = Instant::now();
        let count = self.registry.shard_count().await?;
        let leases = self.registry.leases().await?;
        let alive = self.registry.alive().await?;
        let links: HashMap<String, String> = alive
            .into_iter()
            .filter_map(|gateway| Some((gateway.instance, gateway.link_url?)))
            .collect();
        let addresses = leases
            .into_iter()
            .filter_map(|(shard, owner)| Some((shard, links.get(&owner)?.clone())));
        Ok(Known {
            at,
            count: count.map_or(1, |count| count.current),
            addresses: addresses.collect(),
        })
    }
}

#[async_trait]
impl Directory for Registered {
    async fn gateway_of(&self, guild: GuildId, anew: bool) -> Result<Option<String>, String> {
        let mut known = self.known.lock().await;
        let good_for = if anew { FRESH } else { KEPT };
        let answer = match known.take() {
            Some(answer) if answer.at.elapsed() < good_for => answer,
            _ => self.ask().await.map_err(|error| error.to_string())?,
        };
        let shard = ShardId::of(guild, answer.count);
        let address = answer.addresses.get(&shard).cloned();
        *known = Some(answer);
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use gateway_registry::{Claim, GatewayRecord, Lease, SingleRegistry};

    use super::*;

    const TTL: Duration = Duration::from_mins(1);

    async fn announce(registry: &SingleRegistry, instance: &str, link_url: Option<&str>) {
        let record = GatewayRecord {
            instance: instance.into(),
            shards: vec![],
            link_url: link_url.map(Into::into),
            version: "1".into(),
            started_at: 1,
            heartbeat_at: 0,
        };
        registry.announce(&record, TTL).await.unwrap();
    }

    async fn claim(registry: &SingleRegistry, id: u32, owner: &str) -> Lease {
        let shard = ShardId { id, count: 2 };
        match registry.claim(shard, owner, TTL).await.unwrap() {
            Claim::Granted { lease, .. } => lease,
            other => panic!("{other:?}"),
        }
    }

    /// A guild of a shard, of two (Discord, "Sharding": the snowflake's time modulo the count).
    fn guild(shard: u64) -> GuildId {
        GuildId::new((4 + shard) << 22)
    }

    #[tokio::test]
    async fn a_command_goes_to_who_holds_the_lease() {
        let registry = Arc::new(SingleRegistry::new());
        registry.recount(2).await.unwrap();
        announce(&registry, "a", Some("ws://a:1")).await;
        announce(&registry, "b", Some("ws://b:1")).await;
        claim(&registry, 0, "a").await;
        let lease = claim(&registry, 1, "b").await;
        let directory = Registered::new(registry.clone());
        let of = async |shard, anew| directory.gateway_of(guild(shard), anew).await.unwrap();
        assert_eq!(of(0, false).await.as_deref(), Some("ws://a:1"));
        assert_eq!(of(1, false).await.as_deref(), Some("ws://b:1"));

        // A hand-over: what is kept is old, what is asked anew is not.
        registry.release(&lease, None).await.unwrap();
        tokio::time::sleep(FRESH).await;
        assert_eq!(of(1, true).await, None, "nobody holds it");
        claim(&registry, 1, "a").await;
        tokio::time::sleep(FRESH).await;
        assert_eq!(of(1, true).await.as_deref(), Some("ws://a:1"));
        assert_eq!(of(1, false).await.as_deref(), Some("ws://a:1"));
    }

    #[tokio::test]
    async fn who_serves_no_link_can_not_be_asked() {
        let registry = Arc::new(SingleRegistry::new());
        registry.recount(2).await.unwrap();
        announce(&registry, "a", None).await;
        claim(&registry, 0, "a").await;
        claim(&registry, 1, "gone").await;
        let directory = Registered::new(registry);
        for shard in [0, 1] {
            assert_eq!(directory.gateway_of(guild(shard), true).await, Ok(None));
        }
    }
}

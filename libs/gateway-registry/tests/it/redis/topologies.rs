//! The suite where several servers stand behind one address. All clauses share them, each under a prefix of its own.

use std::{sync::Arc, time::Duration};

use gateway_registry::RedisRegistry;
use redis_link::{
    RedisConfig,
    testing::{RedisCluster, SentinelTrio},
};

use crate::conformance::{self, Registry};

/// Nobody is to take over, however busy this machine is.
const PATIENT: Duration = Duration::from_mins(1);

/// Registries of one Redis, by prefix.
pub(super) fn by_prefix(redis: RedisConfig) -> impl Fn(&str) -> Registry {
    move |prefix| {
        let mut config = redis.clone();
        prefix.clone_into(&mut config.prefix);
        Arc::new(RedisRegistry::connect(&config))
    }
}

async fn sentinels() -> (SentinelTrio, impl Fn(&str) -> Registry) {
    let trio = SentinelTrio::start(PATIENT, &[]).await;
    let registries = by_prefix(trio.config("any"));
    (trio, registries)
}

conformance::holds!(every_clause_holds_behind_sentinels on sentinels);

async fn cluster() -> (RedisCluster, impl Fn(&str) -> Registry) {
    let cluster = RedisCluster::start(PATIENT, &[]).await;
    let registries = by_prefix(cluster.config("any"));
    (cluster, registries)
}

conformance::holds!(every_clause_holds_on_a_cluster on cluster);

mod failover;
mod faults;
mod keys;
mod topologies;

use std::sync::Arc;

use gateway_registry::RedisRegistry;
use redis_link::testing::RedisServer;

use crate::conformance::{self, Registry};

async fn fresh() -> (RedisServer, Registry) {
    let server = RedisServer::start(&[]).await;
    let registry = RedisRegistry::connect(&server.config("test"));
    (server, Arc::new(registry))
}

conformance::holds!(fresh);

async fn shared() -> (RedisServer, impl Fn(&str) -> Registry) {
    let server = RedisServer::start(&[]).await;
    let registries = topologies::by_prefix(server.config("any"));
    (server, registries)
}

conformance::holds!(deployments_on_one_server_do_not_meet on shared);

mod faults;
mod keys;

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
    let one = server.config("any");
    let registry = move |prefix: &str| -> Registry {
        let mut config = one.clone();
        prefix.clone_into(&mut config.prefix);
        Arc::new(RedisRegistry::connect(&config))
    };
    (server, registry)
}

conformance::holds!(deployments_on_one_server_do_not_meet on shared);

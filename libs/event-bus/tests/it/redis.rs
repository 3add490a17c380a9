mod failover;
mod faults;
mod keys;
mod line;
mod proxy;
mod signals;
mod topologies;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use event_bus::{
    EventBus, RedisBus, Retention,
    conformance::{Deployment, Factory},
};
use prometheus::Registry;
use redis_link::testing::RedisServer;

struct Redis;

/// A server of its own.
struct RedisDeployment {
    server: RedisServer,
    retention: Retention,
}

#[async_trait]
impl Factory for Redis {
    async fn deployment(&self, retention: Retention) -> Box<dyn Deployment> {
        Box::new(RedisDeployment {
            server: RedisServer::start(&[]).await,
            retention,
        })
    }
}

#[async_trait]
impl Deployment for RedisDeployment {
    fn bus(&self) -> Arc<dyn EventBus> {
        let config = self.server.config("conformance");

        Arc::new(RedisBus::connect(&config, self.retention, &Registry::new()))
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

event_bus::conformance!(Redis);

//! The suite where several servers stand behind one address. All clauses share them, each under prefixes of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use event_bus::{
    EventBus, RedisBus, Retention,
    conformance::{Deployment, Factory},
};
use prometheus::Registry;
use redis_link::{
    RedisConfig,
    testing::{RedisCluster, SentinelTrio},
};

/// Nobody is to take over, however busy this machine is.
const PATIENT: Duration = Duration::from_secs(60);

/// Makes a configuration for a prefix.
type Configure<'a> = &'a (dyn Fn(&str) -> RedisConfig + Sync);

struct Prefixes<'a> {
    configure: Configure<'a>,
    count: AtomicU64,
}

impl<'a> Prefixes<'a> {
    fn new(configure: Configure<'a>) -> Self {
        Self {
            configure,
            count: AtomicU64::new(0),
        }
    }
}

struct Prefix {
    config: RedisConfig,
    retention: Retention,
}

#[async_trait]
impl Factory for Prefixes<'_> {
    async fn deployment(&self, retention: Retention) -> Box<dyn Deployment> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        Box::new(Prefix {
            config: (self.configure)(&format!("clause-{number}")),
            retention,
        })
    }
}

#[async_trait]
impl Deployment for Prefix {
    fn bus(&self) -> Arc<dyn EventBus> {
        let registry = Registry::new();
        Arc::new(RedisBus::connect(&self.config, self.retention, &registry))
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_clause_holds_behind_sentinels() {
    let trio = SentinelTrio::start(PATIENT, &[]).await;
    let configure = |prefix: &str| trio.config(prefix);
    let factory = Prefixes::new(&configure);
    event_bus::conformance_together!(factory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_clause_holds_on_a_cluster() {
    let cluster = RedisCluster::start(PATIENT, &[]).await;
    let configure = |prefix: &str| cluster.config(prefix);
    let factory = Prefixes::new(&configure);
    event_bus::conformance_together!(factory).await;
}

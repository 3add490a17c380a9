use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use event_bus::{
    BusError, EventBus, MemoryBus, Retention,
    conformance::{Deployment, Factory},
};

struct Memory;

struct MemoryDeployment {
    bus: Arc<dyn EventBus>,
    now: Arc<AtomicU64>,
}

#[async_trait]
impl Factory for Memory {
    async fn deployment(&self, retention: Retention) -> Box<dyn Deployment> {
        let now = Arc::new(AtomicU64::new(1_700_000_000_000));
        let clock = Arc::clone(&now);
        let bus = MemoryBus::with_time(retention, move || clock.load(Ordering::Relaxed));
        Box::new(MemoryDeployment {
            bus: Arc::new(bus),
            now,
        })
    }
}

#[async_trait]
impl Deployment for MemoryDeployment {
    fn bus(&self) -> Arc<dyn EventBus> {
        Arc::clone(&self.bus)
    }

    async fn pass(&self, time: Duration) {
        self.now
            .fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }
}

event_bus::conformance!(Memory);

#[tokio::test]
async fn a_closed_bus_refuses_everything_and_ends_its_subscriptions() {
    let bus = MemoryBus::new(Retention::default());
    let mut subscription = bus.subscribe().await.unwrap();
    bus.close();
    assert!(subscription.next().await.is_none());
    assert!(matches!(bus.ping().await, Err(BusError::Closed)));
    assert!(matches!(bus.subscribe().await, Err(BusError::Closed)));
}

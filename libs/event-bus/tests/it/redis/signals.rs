//! Signals over an outage.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{Signal, UserId};
use event_bus::{
    BusError, Delivery, EventBus, RedisBus, Retention,
    conformance::{DEADLINE, next},
};
use prometheus::Registry;
use redis_link::{RedisConfig, testing::RedisServer};

fn connect(config: &RedisConfig) -> Arc<dyn EventBus> {
    let registry = Registry::new();
    Arc::new(RedisBus::connect(config, Retention::default(), &registry))
}

#[tokio::test]
async fn signals_are_heard_again_after_an_outage() {
    let mut server = RedisServer::start(&[]).await;
    let (bus, other) = (connect(&server.config("p")), connect(&server.config("p")));
    let mut subscription = other.subscribe().await.unwrap();
    subscription.watcher().tick().await.unwrap();
    assert!(matches!(next(&mut subscription).await, Delivery::Tick(_)));
    server.kill();
    let signal = Signal::UserSignedOut {
        user_id: UserId::new(1),
    };
    assert!(matches!(
        bus.signal(&signal).await,
        Err(BusError::Unavailable(_))
    ));
    server.restart().await;
    let deadline = Instant::now() + DEADLINE;
    while subscription.watcher().tick().await.is_err() || bus.signal(&signal).await.is_err() {
        assert!(Instant::now() < deadline, "still away");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while !matches!(next(&mut subscription).await, Delivery::Signal(heard) if heard == signal) {}
}

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use discord::{BudgetExhausted, ConnectionState, IdentifyLimiter, ShardId};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    peer::Gateway,
    running::{Running, config, stored},
};

/// Says no until it is told otherwise.
#[derive(Default)]
struct Spent(AtomicBool);

#[async_trait]
impl IdentifyLimiter for Spent {
    async fn permit(&self, _: ShardId) -> Result<(), BudgetExhausted> {
        if self.0.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(BudgetExhausted {
            resets_in: Duration::from_millis(50),
        })
    }
}

#[tokio::test]
async fn a_spent_budget_is_reported_and_never_overdrawn() {
    let gateway = Gateway::start().await;
    let limiter = Arc::new(Spent::default());
    let mut config = config(gateway.url());
    config.identify = limiter.clone();
    let mut shard = Running::start(config, None);
    for _ in 0..5 {
        let mut peer = gateway.accept().await;
        peer.hello(60_000).await;
        assert_eq!(peer.closed().await, Some(4000), "closed without IDENTIFY");
    }
    let status = shard.until(|status| status.degraded).await;
    assert_eq!(status.budget_exhausted, Some(Duration::from_millis(50)));
    limiter.0.store(true, Ordering::SeqCst);
    let _peer = gateway.establish("s", &gateway.url()).await;
    assert_eq!(shard.next().await, (0, "READY"));
    assert_eq!(shard.status.borrow().budget_exhausted, None);
}

#[tokio::test]
async fn a_resume_needs_no_permit() {
    let gateway = Gateway::start().await;
    let mut config = config(gateway.url());
    config.identify = Arc::new(Spent::default());
    let mut shard = Running::start(config, Some(stored(gateway.url(), 1)));
    let (mut peer, _) = gateway.resumed().await;
    peer.dispatch(2, "RESUMED", json!(null)).await;
    shard
        .until(|status| status.state == ConnectionState::Connected)
        .await;
}

/// Lets nobody through before it is told to.
#[derive(Default)]
struct Slow(Notify);

#[async_trait]
impl IdentifyLimiter for Slow {
    async fn permit(&self, _: ShardId) -> Result<(), BudgetExhausted> {
        self.0.notified().await;
        Ok(())
    }
}

#[tokio::test]
async fn heartbeats_go_on_while_the_limiter_takes_its_time() {
    let gateway = Gateway::start().await;
    let limiter = Arc::new(Slow::default());
    let mut config = config(gateway.url());
    config.identify = limiter.clone();
    config.timing.hello = Duration::from_millis(500);
    config.timing.ready = Duration::from_millis(500);
    let _shard = Running::start(config, None);
    let mut peer = gateway.accept().await;
    peer.hello(100).await;
    for _ in 0..10 {
        peer.expect(1).await;
        peer.send(json!({"op": 11})).await;
    }
    limiter.0.notify_one();
    peer.expect(2).await;
}

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use discord::{BudgetExhausted, ConnectionState, IdentifyLimiter, ShardConfig, ShardId};
use serde_json::json;
use tokio::{sync::watch, time::timeout};

use crate::{
    peer::Gateway,
    running::{Running, config, stored},
};

/// Long enough for anything that must not happen to happen.
const A_WHILE: Duration = Duration::from_millis(300);

fn gated(gateway: &Gateway, open: bool) -> (watch::Sender<bool>, ShardConfig) {
    let (gate, told) = watch::channel(open);
    let mut config = config(gateway.url());
    config.gate = told;
    (gate, config)
}

#[tokio::test]
async fn nothing_connects_while_the_gate_is_closed() {
    let gateway = Gateway::start().await;
    let (gate, config) = gated(&gateway, false);
    let _shard = Running::start(config, None);
    timeout(A_WHILE, gateway.accept())
        .await
        .map(drop)
        .unwrap_err();
    gate.send_replace(true);
    let _peer = gateway.establish("s", &gateway.url()).await;
}

#[tokio::test]
async fn draining_does_not_wait_for_the_gate() {
    let gateway = Gateway::start().await;
    let kept = stored(gateway.url(), 3);
    let (gate, config) = gated(&gateway, false);
    let shard = Running::start(config, Some(kept.clone()));
    drop(gate);
    assert_eq!(shard.stop().await, Some(kept));
}

#[tokio::test]
async fn an_established_connection_outlives_the_gate_and_its_loss_waits_for_it() {
    let gateway = Gateway::start().await;
    let (gate, config) = gated(&gateway, true);
    let mut shard = Running::start(config, None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    assert_eq!(shard.next().await, (0, "READY"));
    gate.send_replace(false);
    peer.send(json!({"op": 1})).await;
    peer.expect(1).await;
    peer.typing(1).await;
    assert_eq!(shard.next().await, (1, "TYPING_START"));
    drop(peer);
    timeout(A_WHILE, gateway.accept())
        .await
        .map(drop)
        .unwrap_err();
    gate.send_replace(true);
    let (_peer, resume) = gateway.resumed().await;
    assert_eq!(resume["seq"], 1);
}

#[tokio::test]
async fn a_gate_that_closes_before_hello_keeps_the_resume_back() {
    let gateway = Gateway::start().await;
    let (gate, config) = gated(&gateway, true);
    let mut shard = Running::start(config, Some(stored(gateway.url(), 3)));
    let mut peer = gateway.accept().await;
    gate.send_replace(false);
    assert!(peer.last_words().await.is_empty());
    let status = shard
        .until(|status| status.state == ConnectionState::Reconnecting)
        .await;
    assert_eq!((status.attempts, status.degraded), (0, false));
    gate.send_replace(true);
    let (_peer, resume) = gateway.resumed().await;
    assert_eq!(resume["seq"], 3);
}

/// Never lets anybody through.
struct Never;

#[async_trait]
impl IdentifyLimiter for Never {
    async fn permit(&self, _: ShardId) -> Result<(), BudgetExhausted> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_gate_that_closes_takes_the_shard_out_of_the_queue_for_identify() {
    let gateway = Gateway::start().await;
    let (gate, mut config) = gated(&gateway, true);
    config.identify = Arc::new(Never);
    let mut shard = Running::start(config, None);
    let mut peer = gateway.accept().await;
    peer.hello(60_000).await;
    shard
        .until(|status| status.state == ConnectionState::Identifying)
        .await;
    gate.send_replace(false);
    assert!(!peer.last_words().await.contains(&2));
}

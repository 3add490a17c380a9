use discord::ConnectionState;
use serde_json::json;

use crate::{
    peer::{Gateway, soon},
    running::{Running, config},
};

#[tokio::test]
async fn heartbeats_carry_the_last_number_and_their_latency_is_told() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.accept().await;
    peer.hello(100).await;
    peer.expect(2).await;
    assert_eq!(peer.expect(1).await, json!(null), "there is no session yet");
    peer.send(json!({"op": 11})).await;
    shard
        .until(|status| status.heartbeat_latency.is_some())
        .await;
    peer.ready("s", &gateway.url()).await;
    peer.typing(7).await;
    soon(async { while peer.expect(1).await != 7 {} }).await;
}

#[tokio::test]
async fn a_heartbeat_that_discord_asks_for_leaves_at_once() {
    let gateway = Gateway::start().await;
    let _shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    peer.send(json!({"op": 1, "d": 55})).await;
    assert_eq!(peer.expect(1).await, 0);
}

#[tokio::test]
async fn a_silent_connection_is_dropped_without_goodbye_and_resumed() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.accept().await;
    peer.hello(150).await;
    peer.expect(2).await;
    peer.ready("s", &gateway.url()).await;
    shard
        .until(|status| status.state == ConnectionState::Connected)
        .await;
    assert_eq!(peer.closed().await, None);
    let (_peer, resume) = gateway.resumed().await;
    assert_eq!(resume["session_id"], "s");
}

#[tokio::test]
async fn any_frame_counts_as_a_sign_of_life() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.accept().await;
    peer.hello(150).await;
    peer.expect(2).await;
    peer.ready("s", &gateway.url()).await;
    shard.next().await;
    for seq in 1..=8 {
        peer.expect(1).await;
        peer.typing(seq).await;
        assert_eq!(shard.next().await.0, seq);
    }
    assert_eq!(shard.status.borrow().state, ConnectionState::Connected);
}

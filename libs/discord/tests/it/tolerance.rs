use std::sync::Arc;

use discord::Fact;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    peer::Gateway,
    running::{Facts, Running, config},
};

#[tokio::test]
async fn a_payload_that_can_not_be_read_is_counted_and_skipped() {
    let gateway = Gateway::start().await;
    let facts = Arc::new(Facts::default());
    let mut config = config(gateway.url());
    config.observer = facts.clone();
    let mut shard = Running::start(config, None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    shard.next().await;
    peer.dispatch(1, "TYPING_START", json!({"channel_id": {}}))
        .await;
    peer.dispatch(2, "MESSAGE_CREATE", json!("text")).await;
    peer.typing(3).await;
    assert_eq!(shard.next().await, (3, "TYPING_START"));
    assert_eq!(facts.count(|fact| *fact == Fact::DispatchUndecodable), 2);
    assert_eq!(facts.count(|fact| *fact == Fact::Identified), 1);
}

#[tokio::test]
async fn opcodes_and_fields_that_are_not_known_are_ignored() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    shard.next().await;
    peer.send(json!({"op": 77, "d": {"x": 1}, "z": []})).await;
    peer.send(json!({})).await;
    peer.send(json!({"op": 0, "s": 1, "d": {}})).await;
    peer.send_raw(Message::Ping(vec![1].into())).await;
    peer.typing(2).await;
    assert_eq!(shard.next().await, (2, "TYPING_START"));
}

#[tokio::test]
async fn a_frame_that_is_no_json_ends_the_connection_and_the_session_goes_on() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    shard.next().await;
    peer.typing(1).await;
    peer.send_raw(Message::text("{\"op\":0,")).await;
    assert_eq!(peer.closed().await, Some(4000));
    let (mut peer, resume) = gateway.resumed().await;
    assert_eq!(resume["seq"], 1);
    peer.dispatch(2, "RESUMED", json!(null)).await;
    assert_eq!(shard.next().await, (1, "TYPING_START"));
    assert_eq!(shard.next().await, (2, "RESUMED"));
}

#[tokio::test]
async fn a_ready_without_a_session_is_no_ready() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.accept().await;
    peer.hello(60_000).await;
    peer.expect(2).await;
    peer.dispatch(1, "READY", json!({"user": {"id": "9"}}))
        .await;
    assert_eq!(peer.closed().await, Some(4000));
    let _peer = gateway.establish("s", &gateway.url()).await;
    assert_eq!(shard.next().await, (0, "READY"));
}

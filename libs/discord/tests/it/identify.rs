use discord::ConnectionState;
use serde_json::json;

use crate::{
    peer::Gateway,
    running::{Running, TOKEN, config},
};

#[tokio::test]
async fn a_new_shard_identifies_and_is_connected_once_ready() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.accept().await;
    assert_eq!(peer.uri, "/gateway?v=10&encoding=json");
    assert_eq!(shard.status.borrow().state, ConnectionState::Connecting);
    peer.hello(60_000).await;
    let identify = peer.expect(2).await;
    assert_eq!(identify["token"], TOKEN);
    assert_eq!(identify["intents"], 3713);
    assert_eq!(identify["shard"], json!([1, 2]));
    assert_eq!(identify["compress"], false);
    shard
        .until(|status| status.state == ConnectionState::Identifying)
        .await;
    peer.ready("session-1", "ws://127.0.0.1:1/resume").await;
    let status = shard
        .until(|status| status.state == ConnectionState::Connected)
        .await;
    let session = status.session.unwrap();
    assert_eq!((session.id.as_str(), session.seq), ("session-1", 0));
    assert_eq!(session.resume_url, "ws://127.0.0.1:1/resume");
    assert_eq!(shard.next().await, (0, "READY"));
    peer.typing(1).await;
    assert_eq!(shard.next().await, (1, "TYPING_START"));
}

#[tokio::test]
async fn types_that_are_not_carried_move_the_session_on_and_nothing_else() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    assert_eq!(shard.next().await, (0, "READY"));
    peer.dispatch(1, "INTERACTION_CREATE", json!([{"any": "thing"}]))
        .await;
    peer.dispatch(2, "SOMETHING_NEW", json!(null)).await;
    peer.typing(3).await;
    assert_eq!(shard.next().await, (3, "TYPING_START"));
    peer.dispatch(4, "SOMETHING_NEW", json!(null)).await;
    peer.send(json!({"op": 1})).await;
    assert_eq!(peer.expect(1).await, 4);
    assert_eq!(shard.status.borrow().session.as_ref().unwrap().seq, 4);
}

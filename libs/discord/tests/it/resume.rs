use discord::{Compression, ConnectionState};
use serde_json::json;

use crate::{
    peer::Gateway,
    running::{Running, TOKEN, config, stored},
};

#[tokio::test]
async fn a_stored_session_is_resumed_at_its_url_with_the_same_query() {
    let (original, resume) = (Gateway::start().await, Gateway::start().await);
    let mut config = config(original.url());
    config.compression = Compression::Zlib;
    let mut shard = Running::start(config, Some(stored(resume.url(), 41)));
    let (mut peer, payload) = resume.resumed().await;
    assert_eq!(peer.uri, "/gateway?v=10&encoding=json&compress=zlib-stream");
    assert_eq!(
        payload,
        json!({"token": TOKEN, "session_id": "stored-session", "seq": 41})
    );
    shard
        .until(|status| status.state == ConnectionState::Resuming)
        .await;
    peer.typing(42).await;
    peer.dispatch(43, "RESUMED", json!(null)).await;
    assert_eq!(shard.next().await, (42, "TYPING_START"));
    assert_eq!(shard.next().await, (43, "RESUMED"));
    shard
        .until(|status| status.state == ConnectionState::Connected)
        .await;
}

#[tokio::test]
async fn what_is_replayed_twice_is_handed_over_once() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), Some(stored(gateway.url(), 41)));
    let (mut peer, _) = gateway.resumed().await;
    for seq in [40, 41, 42, 42, 43] {
        peer.typing(seq).await;
    }
    peer.dispatch(44, "RESUMED", json!({})).await;
    assert_eq!(shard.next().await, (42, "TYPING_START"));
    assert_eq!(shard.next().await, (43, "TYPING_START"));
    assert_eq!(shard.next().await, (44, "RESUMED"));
}

#[tokio::test]
async fn a_replay_that_begins_with_ready_does_not_begin_a_session() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), Some(stored(gateway.url(), 41)));
    let (mut peer, resume) = gateway.resumed().await;
    let session = resume["session_id"].as_str().unwrap().to_owned();
    peer.ready(&session, &gateway.url()).await;
    peer.typing(40).await;
    peer.typing(42).await;
    peer.dispatch(43, "RESUMED", json!({})).await;
    assert_eq!(shard.next().await, (42, "TYPING_START"));
    assert_eq!(shard.next().await, (43, "RESUMED"));
}

#[tokio::test]
async fn discord_may_ask_to_reconnect_at_any_time() {
    let gateway = Gateway::start().await;
    let _shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    peer.typing(5).await;
    peer.send(json!({"op": 7, "d": null})).await;
    assert_eq!(peer.closed().await, Some(4000));
    let mut peer = gateway.accept().await;
    peer.send(json!({"op": 7, "d": null})).await;
    assert_eq!(peer.closed().await, Some(4000), "in place of HELLO");
    let (_peer, resume) = gateway.resumed().await;
    assert_eq!(
        (resume["session_id"].as_str(), resume["seq"].as_u64()),
        (Some("s"), Some(5))
    );
}

#[tokio::test]
async fn an_invalid_session_is_resumed_only_where_discord_allows_it() {
    let (original, resume) = (Gateway::start().await, Gateway::start().await);
    let _shard = Running::start(config(original.url()), Some(stored(resume.url(), 3)));
    let (mut peer, _) = resume.resumed().await;
    peer.send(json!({"op": 9, "d": true})).await;
    assert_eq!(peer.closed().await, Some(4000));
    let (mut peer, payload) = resume.resumed().await;
    assert_eq!(payload["seq"], 3);
    peer.send(json!({"op": 9, "d": false})).await;
    assert_eq!(peer.closed().await, Some(4000));
    let mut peer = original.accept().await;
    peer.hello(60_000).await;
    peer.expect(2).await;
}

#[tokio::test]
async fn an_invalid_session_without_payload_is_void() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), Some(stored(gateway.url(), 3)));
    let (mut peer, _) = gateway.resumed().await;
    peer.send(json!({"op": 9})).await;
    shard.until(|status| status.session.is_none()).await;
    let mut peer = gateway.establish("new", &gateway.url()).await;
    assert_eq!(shard.next().await, (0, "READY"));
    peer.typing(1).await;
    assert_eq!(
        shard.next().await,
        (1, "TYPING_START"),
        "numbers start anew"
    );
}

#[tokio::test]
async fn a_dead_resume_url_gives_way_to_the_original_one() {
    let (original, dead) = (Gateway::start().await, Gateway::start().await);
    let _shard = Running::start(config(original.url()), Some(stored(dead.url(), 3)));
    dead.refuse().await;
    dead.refuse().await;
    let (mut peer, resume) = original.resumed().await;
    assert_eq!(resume["session_id"], "stored-session");
    peer.dispatch(4, "RESUMED", json!(null)).await;
    peer.close(4000).await;
    dead.refuse().await;
}

#[tokio::test]
async fn a_resume_that_is_never_served_ends_in_an_identify() {
    let gateway = Gateway::start().await;
    let _shard = Running::start(config(gateway.url()), Some(stored(gateway.url(), 3)));
    for _ in 0..5 {
        let (peer, _) = gateway.resumed().await;
        drop(peer);
    }
    let mut peer = gateway.accept().await;
    peer.hello(60_000).await;
    peer.expect(2).await;
}

#[tokio::test]
async fn closes_lead_where_their_code_says() {
    for (code, op) in [
        (1000, 6),
        (1001, 6),
        (4000, 6),
        (4008, 6),
        (4003, 2),
        (4007, 2),
        (4009, 6),
    ] {
        let gateway = Gateway::start().await;
        let shard = Running::start(config(gateway.url()), None);
        let peer = gateway.establish("s", &gateway.url()).await;
        peer.close(code).await;
        let mut peer = gateway.accept().await;
        peer.hello(60_000).await;
        peer.expect(op).await;
        shard.stop().await;
    }
}

use discord::ConnectionState;
use serde_json::json;

use crate::{
    peer::Gateway,
    running::{Running, config, stored},
};

#[tokio::test]
async fn a_drained_shard_closes_with_4000_and_another_one_resumes() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    peer.typing(6).await;
    shard.next().await;
    shard.next().await;
    shard.drain.cancel();
    assert_eq!(peer.closed().await, Some(4000));
    let status = shard.status.clone();
    let session = shard.outcome().await.unwrap().unwrap();
    assert_eq!((session.id.as_str(), session.seq), ("s", 6));
    assert_eq!(status.borrow().state, ConnectionState::Disconnected);
    assert_eq!(status.borrow().session.as_ref(), Some(&session));

    let text = serde_json::to_string(&session).unwrap();
    let restored = serde_json::from_str(&text).unwrap();
    let mut next = Running::start(config(gateway.url()), Some(restored));
    let (mut peer, resume) = gateway.resumed().await;
    assert_eq!(
        (resume["session_id"].as_str(), resume["seq"].as_u64()),
        (Some("s"), Some(6))
    );
    peer.dispatch(7, "RESUMED", json!(null)).await;
    assert_eq!(next.next().await, (7, "RESUMED"));
}

#[tokio::test]
async fn draining_does_not_wait_for_anything() {
    let gateway = Gateway::start().await;
    let kept = stored(gateway.url(), 3);
    let mut config = config(gateway.url());
    config.timing.backoff_min = std::time::Duration::from_hours(1);
    let mut shard = Running::start(config, Some(kept.clone()));
    gateway.refuse().await;
    shard
        .until(|status| status.state == ConnectionState::Reconnecting)
        .await;
    assert_eq!(shard.stop().await, Some(kept));
}

#[tokio::test]
async fn a_shard_that_never_connected_has_no_session_to_return() {
    let gateway = Gateway::start().await;
    let shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.accept().await;
    peer.hello(60_000).await;
    peer.expect(2).await;
    assert_eq!(shard.stop().await, None);
}

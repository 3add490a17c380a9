use discord::Watermark;
use serde_json::{Value, json};

use crate::{
    peer::{Gateway, Peer},
    running::{Running, config, stored},
};

#[tokio::test]
async fn heartbeats_acknowledge_what_is_stored_and_of_this_session_only() {
    let gateway = Gateway::start().await;
    let watermark = Watermark::default();
    watermark.raise("an-earlier-one", 900);
    let mut config = config(gateway.url());
    config.watermark = Some(watermark.clone());
    let mut shard = Running::start(config, None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    for seq in 1..=5 {
        peer.typing(seq).await;
    }
    assert_eq!(beat(&mut peer).await, json!(null), "nothing is stored yet");
    watermark.raise("s", 3);
    assert_eq!(beat(&mut peer).await, 3);
    watermark.raise("s", 2);
    assert_eq!(beat(&mut peer).await, 3);
    watermark.raise("s", 70);
    assert_eq!(beat(&mut peer).await, 5, "more was not accepted");
    for seq in 0..=5 {
        assert_eq!(shard.next().await.0, seq);
    }

    drop(peer);
    let (_peer, resume) = gateway.resumed().await;
    assert_eq!(resume["seq"], 5, "a resume goes on from what was accepted");
}

#[tokio::test]
async fn what_a_resume_begins_with_counts_as_stored() {
    let gateway = Gateway::start().await;
    let mut config = config(gateway.url());
    config.watermark = Some(Watermark::default());
    let _shard = Running::start(config, Some(stored(gateway.url(), 41)));
    let (mut peer, _) = gateway.resumed().await;
    peer.typing(42).await;
    assert_eq!(beat(&mut peer).await, 41);
}

/// Asks for a heartbeat; what it acknowledges.
async fn beat(peer: &mut Peer) -> Value {
    peer.send(json!({"op": 1})).await;
    peer.expect(1).await
}

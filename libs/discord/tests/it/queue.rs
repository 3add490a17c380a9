use std::{sync::Arc, time::Duration};

use discord::{ConnectionState, Fact};
use serde_json::json;

use crate::{
    peer::{Gateway, Peer},
    running::{Facts, Running, config, stored},
};

#[tokio::test]
async fn a_full_queue_discards_until_half_is_free_and_then_everything_comes_once() {
    let gateway = Gateway::start().await;
    let facts = Arc::new(Facts::default());
    let mut config = config(gateway.url());
    config.observer = facts.clone();
    let mut shard = Running::with_queue(config, None, 4);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    for seq in 1..=10 {
        peer.typing(seq).await;
    }
    beat(&mut peer, 3).await;
    let discarded = |fact: &Fact| *fact == Fact::DispatchDiscarded;
    assert_eq!(facts.count(discarded), 7, "READY and three more found room");
    assert_eq!(shard.status.borrow().state, ConnectionState::Connected);

    assert_eq!(shard.next().await, (0, "READY"));
    peer.typing(11).await;
    beat(&mut peer, 3).await;
    assert_eq!(facts.count(discarded), 8, "one place is not enough");

    assert_eq!(shard.next().await, (1, "TYPING_START"));
    assert_eq!(peer.closed().await, Some(4000));
    let (mut peer, resume) = gateway.resumed().await;
    assert_eq!(resume["seq"], 3);
    for seq in 4..=11 {
        assert_eq!(shard.next().await, (seq - 2, "TYPING_START"));
        peer.typing(seq).await;
    }
    peer.dispatch(12, "RESUMED", json!(null)).await;
    for left in 10..=11 {
        assert_eq!(shard.next().await, (left, "TYPING_START"));
    }
    assert_eq!(shard.next().await, (12, "RESUMED"));
    let status = shard
        .until(|status| status.state == ConnectionState::Connected)
        .await;
    assert_eq!(status.attempts, 0);
    assert_eq!(facts.count(|fact| *fact == Fact::QueueFull), 1);
}

#[tokio::test]
async fn a_connection_lost_while_discarding_is_resumed_when_half_is_free() {
    for op in [7, 9] {
        let gateway = Gateway::start().await;
        let mut shard = Running::with_queue(config(gateway.url()), None, 4);
        let mut peer = gateway.establish("s", &gateway.url()).await;
        for seq in 1..=5 {
            peer.typing(seq).await;
        }
        peer.send(json!({"op": op, "d": true})).await;
        assert_eq!(peer.closed().await, Some(4000));
        shard
            .until(|status| status.state == ConnectionState::Reconnecting)
            .await;
        assert_eq!(shard.next().await, (0, "READY"));
        let early = tokio::time::timeout(Duration::from_millis(300), gateway.accept());
        assert!(early.await.is_err(), "one place is not enough");
        assert_eq!(shard.next().await, (1, "TYPING_START"));
        let (_peer, resume) = gateway.resumed().await;
        assert_eq!(resume["seq"], 3);
    }
}

#[tokio::test]
async fn a_session_that_ends_while_discarding_begins_anew() {
    let gateway = Gateway::start().await;
    let mut shard = Running::with_queue(config(gateway.url()), None, 2);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    for seq in 1..=3 {
        peer.typing(seq).await;
    }
    peer.send(json!({"op": 9, "d": false})).await;
    assert_eq!(peer.closed().await, Some(4000));
    assert_eq!(shard.next().await, (0, "READY"));
    assert_eq!(shard.next().await, (1, "TYPING_START"));
    let _peer = gateway.establish("new", &gateway.url()).await;
    assert_eq!(shard.next().await, (0, "READY"));
}

/// Asks for a heartbeat, which comes after everything before it was taken.
async fn beat(peer: &mut Peer, acknowledges: u64) {
    peer.send(json!({"op": 1})).await;
    assert_eq!(peer.expect(1).await, acknowledges);
}

#[tokio::test]
async fn a_replay_larger_than_the_queue_comes_through_in_pieces() {
    let gateway = Gateway::start().await;
    let mut shard = Running::with_queue(config(gateway.url()), Some(stored(gateway.url(), 0)), 2);
    let server = async {
        loop {
            let (mut peer, resume) = gateway.resumed().await;
            let from = resume["seq"].as_u64().unwrap();
            for seq in from + 1..=30 {
                peer.typing(seq).await;
            }
            peer.dispatch(31, "RESUMED", json!(null)).await;
            if peer.closed().await.is_none() {
                return;
            }
        }
    };
    let reader = async {
        for seq in 1..=30 {
            assert_eq!(shard.next().await, (seq, "TYPING_START"));
            tokio::task::yield_now().await;
        }
        assert_eq!(shard.next().await, (31, "RESUMED"));
        shard
            .until(|status| status.state == ConnectionState::Connected)
            .await;
    };
    tokio::select! {
        () = server => panic!("the server only ends when the socket is dropped"),
        () = reader => {}
    }
}

#[tokio::test]
async fn a_reader_that_is_gone_ends_the_shard_with_its_session() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    shard.next().await;
    shard.dispatches.close();
    assert_eq!(peer.closed().await, Some(4000));
    assert_eq!(shard.outcome().await.unwrap().unwrap().id, "s");
}

use std::time::Duration;

use discord::ConnectionState;
use serde_json::json;
use tokio::sync::watch;

use crate::{
    peer::Gateway,
    running::{Running, config, stored},
};

#[tokio::test]
async fn five_attempts_in_vain_degrade_the_shard_and_it_still_recovers() {
    let gateway = Gateway::start().await;
    let mut config = config(gateway.url());
    config.timing.steady = Duration::from_millis(50);
    let mut shard = Running::start(config, None);
    for _ in 0..6 {
        gateway.refuse().await;
    }
    let status = shard.until(|status| status.degraded).await;
    assert_eq!(status.state, ConnectionState::Reconnecting);
    assert!(
        status.attempts >= 5 && status.last_error.is_some(),
        "{status:?}"
    );
    let _peer = gateway.establish("s", &gateway.url()).await;
    let status = shard
        .until(|status| status.state == ConnectionState::Connected)
        .await;
    assert_eq!((status.attempts, status.last_error), (0, None));
    shard.until(|status| !status.degraded).await;
}

#[tokio::test]
async fn resumes_that_are_served_and_cut_at_once_end_in_an_identify_and_long_waits() {
    let gateway = Gateway::start().await;
    let mut shard = Running::start(config(gateway.url()), Some(stored(gateway.url(), 3)));
    for served in 4..=8 {
        let (mut peer, resume) = gateway.resumed().await;
        assert_eq!(resume["seq"], served - 1);
        peer.dispatch(served, "RESUMED", json!(null)).await;
        assert_eq!(shard.next().await, (served, "RESUMED"));
        drop(peer);
    }
    let status = shard.until(|status| status.degraded).await;
    assert_eq!(status.session, None);
    let _peer = gateway.establish("new", &gateway.url()).await;
    assert_eq!(shard.next().await, (0, "READY"));
    assert!(shard.status.borrow().degraded, "it has not lasted yet");
}

#[tokio::test]
async fn the_owner_supplies_a_fresh_url_when_the_old_one_leads_nowhere() {
    let (old, new) = (Gateway::start().await, Gateway::start().await);
    let (url, told) = watch::channel(old.url());
    let mut config = config(String::new());
    config.gateway_url = told;
    let mut shard = Running::start(config, None);
    old.refuse().await;
    old.refuse().await;
    shard.until(|status| status.unreachable >= 2).await;
    url.send_replace("nonsense".into());
    old.refuse().await;
    url.send_replace(new.url());
    let accepted = async {
        tokio::select! {
            peer = new.accept() => peer,
            () = async { loop { old.refuse().await } } => unreachable!(),
        }
    };
    let mut peer = accepted.await;
    peer.hello(60_000).await;
    peer.expect(2).await;
    peer.ready("s", &new.url()).await;
    let status = shard
        .until(|status| status.state == ConnectionState::Connected)
        .await;
    assert_eq!(status.unreachable, 0);
}

#[tokio::test]
async fn a_hello_that_does_not_come_is_not_waited_for() {
    let gateway = Gateway::start().await;
    let mut config = config(gateway.url());
    config.timing.hello = Duration::from_millis(50);
    let mut shard = Running::start(config, None);
    let mut silent = gateway.accept().await;
    assert_eq!(silent.closed().await, Some(4000));
    shard
        .until(|status| status.last_error.as_deref() == Some("HELLO did not come in time"))
        .await;
    gateway.accept().await;
}

#[tokio::test]
async fn a_ready_that_does_not_come_is_not_waited_for() {
    let gateway = Gateway::start().await;
    let mut config = config(gateway.url());
    config.timing.ready = Duration::from_millis(50);
    let _shard = Running::start(config, None);
    let mut peer = gateway.accept().await;
    peer.hello(60_000).await;
    peer.expect(2).await;
    assert_eq!(peer.closed().await, Some(4000));
    gateway.accept().await;
}

#[tokio::test]
async fn a_replay_may_take_its_time_but_a_silent_resume_may_not() {
    let gateway = Gateway::start().await;
    let mut config = config(gateway.url());
    config.timing.ready = Duration::from_millis(300);
    let mut shard = Running::start(config, Some(stored(gateway.url(), 0)));
    let (mut peer, _) = gateway.resumed().await;
    for seq in 1..=8 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        peer.typing(seq).await;
        assert_eq!(shard.next().await.0, seq);
    }
    assert_eq!(peer.closed().await, Some(4000));
    let (_peer, resume) = gateway.resumed().await;
    assert_eq!(resume["seq"], 8);
}

#[tokio::test]
async fn a_dead_peer_does_not_hold_up_the_close() {
    let gateway = Gateway::start().await;
    let _shard = Running::start(config(gateway.url()), None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    peer.send(json!({"op": 7})).await;
    // Nobody reads `peer` any more, so its side of the closing handshake never comes.
    let (_second, resume) = gateway.resumed().await;
    assert_eq!(resume["session_id"], "s");
    drop(peer);
}

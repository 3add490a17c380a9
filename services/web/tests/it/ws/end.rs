use contracts::StreamMessage;
use serde_json::json;

use crate::{
    browser::Browser,
    replica::Deployment,
    socket::{Heard, Socket, metric, token},
};

/// The reason of the `unavailable` that comes last, and when to come back.
fn unavailable(said: &[StreamMessage]) -> (&str, u64) {
    match said.last() {
        Some(StreamMessage::Event {
            event,
            payload,
            retry_ms: Some(retry_ms),
            ..
        }) if event == "unavailable" => (payload["reason"].as_str().unwrap(), *retry_ms),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_draining_replica_sends_its_browsers_away_and_ends_well() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(Socket::stream(&web, &browser, json!({})).await);
    }
    let token = token(&browser).await;
    let mut silent = Socket::open(&web).await;
    metric(&web, "fanfare_ws_connections_total", 6.0).await;
    web.begin_stop();
    for socket in &mut open {
        let (said, end) = socket.end().await;
        let (reason, retry_ms) = unavailable(&said);
        assert_eq!(reason, "draining");
        assert!(retry_ms >= 1_000);
        assert!(matches!(end, Heard::Closed(1001, _)), "{end:?}");
    }
    silent.auth(&token, json!({})).await;
    let (said, end) = silent.end().await;
    assert_eq!(unavailable(&said).0, "draining");
    assert!(matches!(end, Heard::Closed(1001, _)), "{end:?}");
    assert!(web.stop().await, "it ends within the grace period");
}

#[tokio::test]
async fn signing_out_ends_the_streams() {
    let deployment = Deployment::in_memory().await;
    let one = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&one).await;
    let mut here = Socket::stream(&one, &browser, json!({})).await;
    let out = browser
        .request("POST", "/auth/logout")
        .header("origin", &one.url)
        .header("content-type", "application/json");
    assert!(out.send().await.unwrap().status().as_u16() < 400);
    assert_eq!(here.code().await, 4401);
}

#[tokio::test]
async fn a_user_with_too_many_streams_is_refused_whatever_they_are() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[("MAX_STREAMS_PER_USER", "2")]).await;
    let browser = Browser::signed_in(&web).await;
    let sse = browser.stream("").await;
    sse.wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    let mut second = Socket::stream(&web, &browser, json!({})).await;
    let mut third = Socket::open(&web).await;
    third.auth(&token(&browser).await, json!({})).await;
    let (said, end) = third.end().await;
    assert_eq!(unavailable(&said).0, "overload");
    assert!(matches!(end, Heard::Closed(4429, _)), "{end:?}");
    drop(sse);
    metric(&web, "fanfare_streams_refused_total", 1.0).await;
    let deadline = tokio::time::Instant::now() + crate::replica::PATIENCE;
    while web.metric("fanfare_streams_active") > 1.0 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let _again = Socket::stream(&web, &browser, json!({})).await;
    assert_eq!(second.told().await.0, "");
}

#[tokio::test]
async fn the_streams_of_a_user_are_counted_over_all_replicas() {
    let deployment = Deployment::on_redis().await;
    let few = [("MAX_STREAMS_PER_USER", "2")];
    let (one, two) = (
        deployment.replica(&few).await,
        deployment.replica(&few).await,
    );
    let here = Browser::signed_in(&one).await;
    let there = here.at(&two);
    let mut first = Socket::stream(&one, &here, json!({})).await;
    let _second = Socket::stream(&two, &there, json!({})).await;
    let mut third = Socket::open(&two).await;
    third.auth(&token(&there).await, json!({})).await;
    assert_eq!(third.code().await, 4429);
    let sse = here.stream("").await;
    sse.wait_for_end().await;
    assert_eq!(sse.events()[0].data, r#"{"reason":"overload"}"#);

    // A replica that stops gives its places back.
    one.begin_stop();
    assert_eq!(first.code().await, 1001);
    assert!(one.stop().await);
    let _again = Socket::stream(&two, &there, json!({})).await;
}

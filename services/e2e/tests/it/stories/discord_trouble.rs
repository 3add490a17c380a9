use std::time::Duration;

use serde_json::json;

use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_discord_does_to_the_socket_nothing_is_lost_or_doubled() {
    let stack = Stack::start(1).await;
    stack.control.empty_rooms().await;
    let (_, name) = stack.control.room(0).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("events=voice.*", None).await;
    let faults = [
        json!({"kind": "drop"}),
        json!({"kind": "reconnect"}),
        json!({"kind": "close", "code": 4000}),
        json!({"kind": "replay-duplicates"}),
        json!({"kind": "drop"}),
    ];
    let mut expected = Vec::new();
    for (round, fault) in faults.into_iter().enumerate() {
        stack.control.act("join", json!({"user": "mason", "channel": name})).await;
        stack.control.fault(fault).await;
        stack.control.act("leave", json!({"user": "mason"})).await;
        expected.extend(["voice.joined", "voice.left"]);
        let deadline = std::time::Instant::now() + crate::process::PATIENCE;
        while stream.received().len() < expected.len() {
            assert!(std::time::Instant::now() < deadline, "round {round}: {:#?}", stream.received());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let received = stream.received();
    let told: Vec<_> = received.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(told, expected, "{received:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_discord_forgot_is_reconciled_from_its_snapshot() {
    let stack = Stack::start(1).await;
    stack.control.empty_rooms().await;
    let (_, name) = stack.control.room(0).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("events=voice.*", None).await;
    stack.control.act("join", json!({"user": "mason", "channel": name})).await;
    stream.wait_for("mason's join", |event| event.event == "voice.joined").await;

    stack.control.fault(json!({"kind": "expire-sessions"})).await;
    stack.control.fault(json!({"kind": "drop"})).await;
    stack.control.act("leave", json!({"user": "mason"})).await;
    stack.control.act("join", json!({"user": "amara", "channel": name})).await;

    stream.wait_for("mason's leave", |event| event.event == "voice.left").await;
    stream.wait_for("amara's join", |event| event.data["username"] == "amara").await;
    assert_eq!(stream.received().len(), 3, "{:#?}", stream.received());
}

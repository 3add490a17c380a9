use std::time::Duration;

use serde_json::json;

use crate::stack::{Stack, gateway, wait_until_ready};

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
        stack
            .control
            .act("join", json!({"user": "mason", "channel": name}))
            .await;
        stack.control.fault(fault).await;
        stack.control.act("leave", json!({"user": "mason"})).await;
        expected.extend(["voice.joined", "voice.left"]);
        let deadline = std::time::Instant::now() + crate::process::PATIENCE;
        while stream.received().len() < expected.len() {
            assert!(
                std::time::Instant::now() < deadline,
                "round {round}: {:#?}",
                stream.received()
            );
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
    stack
        .control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    stream
        .wait_for("mason's join", |event| event.event == "voice.joined")
        .await;

    stack
        .control
        .fault(json!({"kind": "expire-sessions"}))
        .await;
    stack.control.fault(json!({"kind": "drop"})).await;
    stack.control.act("leave", json!({"user": "mason"})).await;
    stack
        .control
        .act("join", json!({"user": "amara", "channel": name}))
        .await;

    stream
        .wait_for("mason's leave", |event| event.event == "voice.left")
        .await;
    stream
        .wait_for("amara's join", |event| event.data["username"] == "amara")
        .await;
    assert_eq!(stream.received().len(), 3, "{:#?}", stream.received());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_no_gateway_runs_comes_out_as_differences() {
    let mut stack = Stack::start(1).await;
    stack.control.empty_rooms().await;
    let (_, name) = stack.control.room(0).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("", None).await;
    stack
        .control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    stream
        .wait_for("mason's join", |event| event.event == "voice.joined")
        .await;

    stack.gateway.signal("TERM");
    assert!(
        tokio::task::block_in_place(|| stack.gateway.wait()).success(),
        "{}",
        stack.gateway.output()
    );
    stack.control.act("leave", json!({"user": "mason"})).await;
    stack
        .control
        .act("create-channel", json!({"name": "Fresh Room", "type": 2}))
        .await;
    stack
        .control
        .act("join", json!({"user": "amara", "channel": "Fresh Room"}))
        .await;
    stack.gateway = gateway(&stack.control, &stack.redis.url(), stack.gateway_port);
    wait_until_ready(&format!("http://127.0.0.1:{}/ready", stack.gateway_port)).await;

    stream
        .wait_for("mason's leave", |event| event.event == "voice.left")
        .await;
    stream
        .wait_for("amara's join", |event| event.data["username"] == "amara")
        .await;
    let mut told: Vec<_> = stream
        .received()
        .into_iter()
        .skip(1)
        .map(|event| event.event)
        .collect();
    told.sort();
    assert_eq!(
        told,
        ["room.created", "voice.joined", "voice.left"],
        "{:#?}",
        stream.received()
    );
    assert!(!stream.ended(), "the browser stayed connected");
}

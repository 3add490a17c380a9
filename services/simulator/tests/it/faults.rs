//! Everything that can be made to go wrong.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::connect_async;

use crate::{
    shard::{PLAIN, Seen, Shard, identify, resume},
    stage::Stage,
};

async fn ready() -> (Stage, Shard) {
    let stage = Stage::start().await;
    let (shard, _) = Shard::ready(&stage, PLAIN).await;
    (stage, shard)
}

#[tokio::test]
async fn opcodes_and_close_codes_come_on_demand() {
    let (stage, mut shard) = ready().await;
    stage.fault(json!({ "kind": "reconnect" }));
    assert_eq!(shard.json().await["op"], 7);
    stage.fault(json!({ "kind": "heartbeat-request" }));
    assert_eq!(shard.json().await["op"], 1);
    stage.fault(json!({ "kind": "invalid-session", "resumable": true }));
    let invalid = shard.json().await;
    assert_eq!((&invalid["op"], &invalid["d"]), (&json!(9), &json!(true)));
    stage.fault(json!({ "kind": "malformed-frame" }));
    assert!(matches!(shard.next().await, Seen::Bytes(_)));
    stage.fault(json!({ "kind": "close", "code": 4009 }));
    assert_eq!(shard.closed().await, 4009);
}

#[tokio::test]
async fn a_fault_hits_one_shard_only() {
    let stage = Stage::start().await;
    let (mut zero, mut one) = (Shard::connect(&stage).await, Shard::connect(&stage).await);
    zero.identify(PLAIN, 0, 2).await;
    one.identify(PLAIN, 1, 2).await;
    stage.fault(json!({ "kind": "drop", "shard": 1 }));
    one.lost().await;
    stage.act("join", json!({ "user": "nelly", "channel": "Lounge" }));
    zero.until("VOICE_STATE_UPDATE").await;
}

#[tokio::test]
async fn after_op_9_one_may_identify_on_the_same_connection() {
    let (stage, mut shard) = ready().await;
    stage.fault(json!({ "kind": "invalid-session" }));
    let invalid = shard.json().await;
    assert_eq!((&invalid["op"], &invalid["d"]), (&json!(9), &json!(false)));
    shard.identify(PLAIN, 0, 1).await;
}

#[tokio::test]
async fn acks_stop_and_a_frozen_socket_thaws() {
    let (stage, mut shard) = ready().await;
    stage.fault(json!({ "kind": "stop-acks", "for_ms": 60_000 }));
    stage.act("join", json!({ "user": "nelly", "channel": "Lounge" }));
    shard.until("VOICE_STATE_UPDATE").await;
    shard.send(&json!({ "op": 1, "d": shard.seq })).await;
    stage.fault(json!({ "kind": "freeze", "for_ms": 400 }));
    let begin = Instant::now();
    stage.act("leave", json!({ "user": "nelly" }));
    assert_eq!(
        shard.json().await["t"],
        "VOICE_STATE_UPDATE",
        "no ACK came before"
    );
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_dead_resume_url_refuses_until_it_is_used_up() {
    let (stage, shard) = ready().await;
    stage.fault(json!({ "kind": "dead-resume-url", "count": 2 }));
    let url = format!("{}?v=10&encoding=json", shard.resume_url);
    for _ in 0..2 {
        assert!(connect_async(&url).await.is_err());
    }
    let mut next = Shard::open(&url).await;
    next.hello().await;
    next.send(&resume(&shard.session, shard.seq)).await;
    next.until("RESUMED").await;
}

#[tokio::test]
async fn the_whole_gateway_can_be_away_and_resumes_can_be_dropped() {
    let (stage, mut shard) = ready().await;
    stage.fault(json!({ "kind": "drop" }));
    shard.lost().await;
    stage.fault(json!({ "kind": "dead-gateway", "count": 1 }));
    assert!(
        connect_async(format!("ws://{}/?v=10", stage.addr))
            .await
            .is_err()
    );
    stage.fault(json!({ "kind": "drop-resume" }));
    let mut next = Shard::connect(&stage).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    next.lost().await;
    let mut next = Shard::connect(&stage).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    next.until("RESUMED").await;
}

#[tokio::test]
async fn expired_sessions_cannot_be_resumed() {
    let (stage, mut shard) = ready().await;
    stage.fault(json!({ "kind": "expire-sessions" }));
    shard.lost().await;
    let mut next = Shard::connect(&stage).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    assert_eq!(next.json().await["op"], 9);
}

#[tokio::test]
async fn replays_can_contain_what_was_received_already() {
    let (stage, mut shard) = ready().await;
    stage.fault(json!({ "kind": "replay-duplicates", "amount": 2 }));
    stage.fault(json!({ "kind": "drop" }));
    shard.lost().await;
    let mut next = Shard::connect(&stage).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    assert_eq!(
        next.kinds_until("RESUMED").await,
        ["GUILD_CREATE", "GUILD_CREATE", "RESUMED"]
    );
    stage.fault(json!({ "kind": "repeat", "count": 1 }));
    assert_eq!(next.json().await["t"], "RESUMED");
}

#[tokio::test]
async fn ready_can_be_late_or_a_flood_and_hello_can_be_missing() {
    let stage = Stage::start().await;
    stage.fault(json!({ "kind": "late-ready", "ms": 300 }));
    stage.fault(json!({ "kind": "ready-flood", "amount": 500 }));
    let mut shard = Shard::connect(&stage).await;
    let begin = Instant::now();
    shard.send(&identify("token", PLAIN, &json!([0, 1]))).await;
    shard.send(&json!({ "op": 1, "d": null })).await;
    assert_eq!(
        shard.json().await["op"],
        11,
        "heartbeats are answered meanwhile"
    );
    shard.until("READY").await;
    assert!(begin.elapsed() >= Duration::from_millis(250));
    let mut flood = 0;
    while flood < 500 {
        flood += u64::from(shard.json().await["t"] == "CHANNEL_UPDATE");
    }
    stage.fault(json!({ "kind": "no-hello" }));
    let url = format!("ws://{}/?v=10&encoding=json", stage.addr);
    let mut mute = Shard::open(&url).await;
    let mut greeted = Shard::open(&url).await;
    greeted.hello().await;
    let silence = tokio::time::timeout(Duration::from_millis(300), mute.next()).await;
    assert!(silence.is_err(), "the first connection got {silence:?}");
}

#[tokio::test]
async fn rest_can_be_refused_broken_and_slow() {
    let stage = Stage::start().await;
    stage.fault(json!({ "kind": "rest-429", "ms": 250 }));
    let (status, body) = stage.get("/users/@me").await;
    assert_eq!((status, &body["retry_after"]), (429, &json!(0.25)));
    stage.fault(json!({ "kind": "rest-5xx", "code": 503, "count": 2 }));
    for expected in [503, 503, 200] {
        assert_eq!(stage.get("/users/@me").await.0, expected);
    }
    stage.fault(json!({ "kind": "slow-rest", "ms": 300, "count": 1 }));
    let begin = Instant::now();
    assert_eq!(stage.get("/users/@me").await.0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_reset_token_is_refused_everywhere() {
    let (stage, mut shard) = ready().await;
    stage.fault(json!({ "kind": "reset-token" }));
    assert_eq!(shard.closed().await, 4004);
    let mut next = Shard::connect(&stage).await;
    next.send(&identify("token", PLAIN, &json!([0, 1]))).await;
    assert_eq!(next.closed().await, 4004);
    assert_eq!(
        stage.get("/users/@me").await,
        (401, json!({ "message": "401: Unauthorized", "code": 0 }))
    );
}

#[tokio::test]
async fn an_unknown_fault_is_named() {
    let stage = Stage::start().await;
    let error = stage
        .control
        .fault(json!({ "kind": "earthquake" }))
        .unwrap_err();
    assert_eq!((error.status, error.field.as_deref()), (404, Some("kind")));
    let error: Value = json!(stage.control.fault(json!({})).unwrap_err().detail);
    assert_eq!(error, "`kind` is missing");
}

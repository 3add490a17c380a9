//! Sessions outlive connections.

use std::time::Duration;

use serde_json::json;

use crate::{
    shard::{PLAIN, Shard, resume},
    stage::Stage,
};

/// A connection to the resume URL, greeted.
async fn again(url: &str) -> Shard {
    let mut shard = Shard::open(&format!("{url}/?v=10&encoding=json")).await;
    shard.hello().await;
    shard
}

fn say(stage: &Stage, text: &str) {
    stage.act(
        "message",
        json!({ "user": "mason", "channel": "general", "content": text }),
    );
}

#[tokio::test]
async fn a_resume_replays_what_was_missed_in_order() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN | 1 << 15).await;
    assert_ne!(shard.resume_url, format!("ws://{}/gateway", stage.addr));
    stage.fault(json!({ "kind": "drop" }));
    shard.lost().await;
    for text in ["one", "two", "three"] {
        say(&stage, text);
    }
    let mut next = again(&shard.resume_url).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    for text in ["one", "two", "three"] {
        let message = next.json().await;
        assert_eq!(message["d"]["content"], text);
    }
    let resumed = next.json().await;
    assert_eq!(
        (&resumed["t"], &resumed["s"]),
        (&json!("RESUMED"), &json!(shard.seq + 4))
    );
    say(&stage, "four");
    assert_eq!(next.until("MESSAGE_CREATE").await["content"], "four");
    assert_eq!(stage.sessions()[0]["resumes"], 1);
}

#[tokio::test]
async fn a_resume_moves_the_session_from_a_connection_that_is_still_there() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    let mut next = again(&shard.resume_url).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    next.until("RESUMED").await;
    shard.lost().await;
    say(&stage, "here");
    next.until("MESSAGE_CREATE").await;
    assert_eq!(stage.sessions().len(), 1);
}

#[tokio::test]
async fn normal_closes_end_a_session_and_others_keep_it() {
    for (code, kept) in [(1000, false), (1001, false), (4000, true), (3000, true)] {
        let stage = Stage::start().await;
        let (shard, _) = Shard::ready(&stage, PLAIN).await;
        let (session, seq, url) = (shard.session.clone(), shard.seq, shard.resume_url.clone());
        shard.close(code).await;
        stage
            .until_sessions(|list| list.iter().all(|session| session["connected"] == false))
            .await;
        let mut next = again(&url).await;
        next.send(&resume(&session, seq)).await;
        let answer = next.json().await;
        let expected = if kept {
            json!([0, "RESUMED"])
        } else {
            json!([9, null])
        };
        assert_eq!(json!([answer["op"], answer["t"]]), expected, "after {code}");
    }
}

#[tokio::test]
async fn an_invalid_seq_is_closed_and_a_forgotten_one_is_an_invalid_session() {
    let stage = Stage::with(|config| config.replay_limit = 2).await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    stage.fault(json!({ "kind": "drop" }));
    shard.lost().await;
    let mut wrong = again(&shard.resume_url).await;
    wrong.send(&resume(&shard.session, shard.seq + 10)).await;
    assert_eq!(wrong.closed().await, 4007);
    for text in ["one", "two", "three"] {
        say(&stage, text);
    }
    let mut late = again(&shard.resume_url).await;
    late.send(&resume(&shard.session, shard.seq)).await;
    assert_eq!(late.json().await["op"], 9);
    late.identify(PLAIN, 0, 1).await;
}

#[tokio::test]
async fn a_session_without_a_connection_expires() {
    let stage = Stage::with(|config| config.session_ttl = Duration::from_millis(200)).await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    stage.fault(json!({ "kind": "drop" }));
    shard.lost().await;
    stage.until_sessions(<[_]>::is_empty).await;
    let mut next = again(&shard.resume_url).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    let answer = next.json().await;
    assert_eq!((&answer["op"], &answer["d"]), (&json!(9), &json!(false)));
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_cut_and_can_resume() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    // More than the queue and the socket's buffers hold, while nothing is read.
    let text = "x".repeat(2_000);
    for _ in 0..9_500 {
        stage.act(
            "message",
            json!({ "user": "mason", "channel": "general", "content": text }),
        );
    }
    stage
        .until_sessions(|list| list[0]["connected"] == false)
        .await;
    shard.lost().await;
    let mut next = again(&shard.resume_url).await;
    next.send(&resume(&shard.session, shard.seq)).await;
    next.until("RESUMED").await;
    assert_eq!(next.seq, 3 + 9_500 + 1);
}

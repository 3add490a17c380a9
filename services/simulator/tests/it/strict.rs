//! What Discord may do although it rarely does, and what a test can count and set.

use serde_json::json;

use crate::{
    shard::{PLAIN, Shard, resume},
    stage::{Stage, guild},
};

/// Messages that the shard hears; its number moves on.
async fn hear(stage: &Stage, shard: &mut Shard, count: usize) {
    for number in 0..count {
        stage.act(
            "message",
            json!({ "user": "mason", "channel": "general", "content": number }),
        );
        shard.until("MESSAGE_CREATE").await;
    }
}

#[tokio::test]
async fn what_a_heartbeat_acknowledged_is_not_replayed_any_more() {
    let stage = Stage::start().await;
    for (back, allowed) in [(2, true), (3, false)] {
        let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
        hear(&stage, &mut shard, 5).await;
        let stored = shard.seq - 2;
        for d in [json!(stored), json!(null), json!(1)] {
            shard.send(&json!({ "op": 1, "d": d })).await;
            assert_eq!(shard.json().await["op"], 11);
        }
        let mut next = Shard::connect(&stage).await;
        next.send(&resume(&shard.session, shard.seq - back)).await;
        let answer = next.json().await;
        let (op, what) = if allowed {
            (0, "resume")
        } else {
            (9, "resumeRefused")
        };
        assert_eq!(answer["op"], op);
        assert_eq!(
            stage.control.stats()["total"][what],
            1,
            "{}",
            stage.control.stats()
        );
    }
}

#[tokio::test]
async fn an_acknowledgement_by_the_older_connection_counts_no_more() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    hear(&stage, &mut shard, 3).await;
    let mut next = Shard::connect(&stage).await;
    next.send(&resume(&shard.session, shard.seq - 3)).await;
    next.until("RESUMED").await;
    shard.lost().await;
    assert_eq!(stage.sessions()[0]["acknowledged"], 0);
}

#[tokio::test]
async fn a_delay_holds_dispatches_back_and_answers_heartbeats() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    stage.fault(json!({ "kind": "delay", "for_ms": 2_000, "shard": "all" }));
    stage.act("join", json!({ "user": "nelly", "channel": "Lounge" }));
    stage.act("leave", json!({ "user": "nelly" }));
    shard.send(&json!({ "op": 1, "d": null })).await;
    assert_eq!(shard.json().await["op"], 11, "it overtakes what waits");
    for channel in [false, true] {
        let voice = shard.until("VOICE_STATE_UPDATE").await;
        assert_eq!(voice["channel_id"].is_null(), channel, "in order");
    }
}

#[tokio::test]
async fn resumes_are_dropped_for_one_shard_only() {
    let stage = Stage::start().await;
    let (mut zero, mut one) = (Shard::connect(&stage).await, Shard::connect(&stage).await);
    zero.identify(PLAIN, 0, 2).await;
    one.identify(PLAIN, 1, 2).await;
    stage.fault(json!({ "kind": "drop-resume", "shard": 1 }));
    let mut next = Shard::connect(&stage).await;
    next.send(&resume(&zero.session, zero.seq)).await;
    next.until("RESUMED").await;
    let mut next = Shard::connect(&stage).await;
    next.send(&resume(&one.session, one.seq)).await;
    next.lost().await;
    let stats = stage.control.stats();
    let shard = |number: usize| &stats["shards"][number];
    assert_eq!(
        (&shard(0)["identify"], &shard(0)["resume"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&shard(1)["resume"], &shard(1)["resumeRefused"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn settings_hold_from_now_on() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    let set = stage
        .control
        .settings(json!({ "session_ttl_ms": 100, "session_starts_left": 7 }))
        .unwrap();
    assert_eq!(
        set,
        json!({ "session_ttl_ms": 100, "replay_limit": 10_000, "session_starts_left": 7 })
    );
    assert_eq!(stage.control.settings(json!({})).unwrap(), set);
    assert_eq!(stage.control.state()["budget"]["remaining"], 7);
    stage.fault(json!({ "kind": "drop" }));
    shard.lost().await;
    stage.until_sessions(<[_]>::is_empty).await;
    let error = stage
        .control
        .settings(json!({ "replay_limit": 0 }))
        .unwrap_err();
    assert_eq!(error.field.as_deref(), Some("replay_limit"));
}

#[tokio::test]
async fn a_guild_is_made_with_all_that_is_in_it_on_its_shard() {
    let stage = Stage::with(|config| config.shards = 4).await;
    for shard in 0..4 {
        let made = stage.act(
            "add-guild",
            json!({
                "name": format!("Harbour {shard}"), "owner": "hana", "shard": shard,
                "members": ["nelly", "mason"],
                "roles": [{ "name": "crew", "permissions": "MANAGE_MESSAGES", "members": ["mason"] }],
                "channels": [{ "name": "deck", "type": "voice" }, { "name": "log", "type": "text", "private": true }],
            }),
        );
        assert_eq!(
            (&made["shard"], &made["dispatches"]),
            (&json!(shard), &json!(1))
        );
        let id: u64 = made["guild"].as_str().unwrap().parse().unwrap();
        assert_eq!((id >> 22) % 4, shard);
    }
    let state = stage.control.state();
    let harbour = guild(&state, "Harbour 2");
    let names = |list: &str| -> Vec<&str> {
        let list = harbour[list].as_array().unwrap();
        list.iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(names("channels"), ["general", "General", "deck", "log"]);
    assert!(names("roles").contains(&"crew"));
    for member in ["hana", "nelly", "mason", "fanfare"] {
        assert!(names("members").contains(&member), "{member}");
    }
    assert!(
        harbour["channels"]
            .as_array()
            .unwrap()
            .iter()
            .all(|channel| channel["botViews"] == true)
    );
    let wrong = stage
        .control
        .act("add-guild", json!({ "name": "X", "shard": 4 }))
        .unwrap_err();
    assert_eq!(wrong.field.as_deref(), Some("shard"));
    let log = stage.control.log(0, 10);
    let shards: Vec<_> = log.iter().map(|entry| entry["shard"].clone()).collect();
    assert_eq!(json!(shards), json!([0, 1, 2, 3]));
    let mut shard = Shard::connect(&stage).await;
    let ready = shard.identify(PLAIN, 2, 4).await;
    let guilds = ready["guilds"].as_array().unwrap();
    assert!(guilds.iter().any(|one| one["id"] == harbour["id"]));
}

//! Several gateways on one deployment: shards pass from one to the next, and nothing is lost,
//! doubled or begun anew.

use contracts::{EventId, EventKind};
use event_bus::{BusError, Fence};
use gateway_registry::GatewayRegistry as _;
use serde_json::{Value, json};

use crate::stage::{Stage, get, until};

/// The numbers that were said, in the order in which they were told.
async fn numbers(stage: &Stage, since: EventId) -> Vec<u64> {
    let told = stage.events(since).await.into_iter();
    told.filter(|(kind, _)| *kind == EventKind::MessageCreated)
        .map(|(_, payload)| payload["content"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn say(stage: &Stage, number: u64) {
    let message = json!({"user": "nelly", "channel": "general", "content": number.to_string()});
    stage.act("message", message);
}

async fn all_told(stage: &Stage, since: EventId, upto: u64) {
    let wanted: Vec<u64> = (1..=upto).collect();
    until("everything is told", async || {
        numbers(stage, since).await.len() >= wanted.len()
    })
    .await;
    assert_eq!(numbers(stage, since).await, wanted);
}

#[tokio::test]
async fn gateways_that_are_restarted_in_turn_cost_no_event_and_no_identify() {
    let stage = Stage::new().await;
    let mut current = stage.gateway().await;
    let (since, budget) = (stage.now().await, stage.budget());
    let mut said = 0;
    for _ in 0..3 {
        let next = stage.start(stage.config(&[])).await;
        next.ready().await;
        let (_, ready) = get(next.addr, "/ready").await;
        let ready: Value = serde_json::from_str(&ready).unwrap();
        assert_eq!(ready["standby"], json!(true), "{ready}");
        for _ in 0..20 {
            said += 1;
            say(&stage, said);
        }
        assert!(current.stop().await);
        for _ in 0..20 {
            said += 1;
            say(&stage, said);
        }
        current = next;
        all_told(&stage, since, said).await;
    }
    assert_eq!(stage.budget(), budget, "no session was begun");
    assert!(current.stop().await);
}

#[tokio::test]
async fn a_gateway_that_dies_is_followed_by_one_that_resumes_its_session() {
    let stage = Stage::new().await;
    let first = stage.gateway().await;
    let second = stage.start(stage.config(&[])).await;
    second.ready().await;
    let (since, budget) = (stage.now().await, stage.budget());
    for number in 1..=50 {
        say(&stage, number);
    }
    first.die().await;
    for number in 51..=100 {
        say(&stage, number);
    }
    all_told(&stage, since, 100).await;
    assert_eq!(stage.budget(), budget, "no session was begun");
    let (_, metrics) = get(second.metrics, "/metrics").await;
    assert!(metrics.contains(r#"fanfare_shard_take_overs_total{shard="0"} 1"#));
    assert!(second.stop().await);
}

#[tokio::test]
async fn who_was_fenced_off_lets_go_of_the_shard_and_drops_its_socket() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let lease = stage.registry.leases().await.unwrap();
    assert_eq!(lease.len(), 1);
    // Somebody else raises the fence although the lease is held: as if this instance had slept.
    let fence = Fence {
        shard: contracts::ShardId::ONE,
        token: u64::MAX,
    };
    stage.bus.fence(fence).await.unwrap();
    let before = stage.now().await;
    say(&stage, 1);
    until("it notices", async || {
        let (_, metrics) = get(gateway.metrics, "/metrics").await;
        metrics.contains(r#"fanfare_shard_leases_lost_total{shard="0"} 1"#)
    })
    .await;
    assert!(
        numbers(&stage, before).await.is_empty(),
        "nothing was written"
    );
    let batch = event_bus::Batch {
        fence: Some(Fence { token: 1, ..fence }),
        changes: Vec::new(),
    };
    assert!(matches!(
        stage.bus.publish(&batch).await,
        Err(BusError::Fenced)
    ));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn after_a_lost_session_the_gap_is_told_and_messages_are_fetched() {
    let stage = Stage::new().await;
    let first = stage.gateway().await;
    let since = stage.now().await;
    say(&stage, 1);
    all_told(&stage, since, 1).await;
    first.die().await;
    say(&stage, 2);
    say(&stage, 3);
    // Discord forgets the session while nobody listens.
    stage
        .control
        .fault(json!({"kind": "expire-sessions"}))
        .unwrap();
    let second = stage.start(stage.config(&[])).await;
    second.ready().await;
    all_told(&stage, since, 3).await;
    let told = stage.events(since).await;
    let gap = told.iter().position(|(kind, _)| *kind == EventKind::Gap);
    let gap = gap.expect("the gap is told");
    let fetched = told
        .iter()
        .position(|(_, payload)| payload["content"] == "2");
    assert!(gap < fetched.unwrap());
    assert!(told[gap].1["since"].as_u64() <= told[gap].1["until"].as_u64());
    say(&stage, 4);
    all_told(&stage, since, 4).await;
    assert!(second.stop().await);
}

#[tokio::test]
async fn a_new_shard_count_begins_when_the_old_shards_are_given_back() {
    let stage = Stage::new().await;
    let first = stage.start(stage.config(&[("SHARD_COUNT", "1")])).await;
    first.ready().await;
    let since = stage.now().await;
    say(&stage, 1);
    all_told(&stage, since, 1).await;
    let second = stage.start(stage.config(&[("SHARD_COUNT", "2")])).await;
    until("both shards of two are held", async || {
        let leases = stage.registry.leases().await.unwrap();
        let count = stage.registry.shard_count().await.unwrap().unwrap();
        count.current == 2 && leases.len() == 2
    })
    .await;
    first.ready().await;
    second.ready().await;
    let holders = stage.registry.leases().await.unwrap();
    assert_ne!(holders[0].1, holders[1].1, "one shard each: {holders:?}");
    say(&stage, 2);
    all_told(&stage, since, 2).await;
    assert!(first.stop().await);
    assert!(second.stop().await);
}

#[tokio::test]
async fn at_the_reserve_no_session_is_begun_and_ready_says_so() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    // A twentieth of a thousand is never used.
    let settings = json!({"session_starts_left": 50});
    stage.control.settings(settings).unwrap();
    for kind in ["expire-sessions", "drop"] {
        stage.control.fault(json!({"kind": kind})).unwrap();
    }
    until("ready says so", async || {
        let (status, ready) = get(gateway.addr, "/ready").await;
        status == 503 && ready.contains("session starts used up")
    })
    .await;
    let (_, metrics) = get(gateway.metrics, "/metrics").await;
    assert!(!metrics.contains("fanfare_identify_refused_total 0"));
    assert_eq!(stage.budget(), 50, "the reserve is not touched");
    // The next day.
    let settings = json!({"session_starts_left": 1000});
    stage.control.settings(settings).unwrap();
    assert!(gateway.stop().await);
}

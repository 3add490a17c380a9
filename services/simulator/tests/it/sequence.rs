//! Numbered sequences, and what a test can read about them.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    shard::{FULL, Shard},
    stage::{Stage, answer},
};

async fn get(stage: &Stage, path: &str) -> Value {
    let (status, body) = answer(stage.http.get(stage.url(&format!("/control/{path}")))).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn post(stage: &Stage, body: &Value) -> (u16, Value) {
    answer(
        stage
            .http
            .post(stage.url("/control/sequence"))
            .body(body.to_string()),
    )
    .await
}

/// The whole log, page by page.
async fn log(stage: &Stage, limit: u64) -> Vec<Value> {
    let mut entries: Vec<Value> = vec![];
    loop {
        let after = entries.last().map_or(json!(0), |entry| entry["n"].clone());
        let page = get(stage, &format!("log?after={after}&limit={limit}")).await;
        let page = page["entries"].as_array().unwrap().clone();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

#[tokio::test]
async fn a_sequence_reaches_the_shards_of_its_guilds_and_the_log_exactly() {
    let stage = Stage::with(|config| config.shards = 2).await;
    let mut shards = [Shard::connect(&stage).await, Shard::connect(&stage).await];
    for (number, shard) in shards.iter_mut().enumerate() {
        shard.identify(FULL, number as u64, 2).await;
    }
    let begin = Instant::now();
    let body = json!({
        "seed": 5, "guilds": ["Fanfare Café", "Night Owls"], "rate": 1000, "count": 1500, "wait": true,
    });
    let (status, answer) = post(&stage, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["end"]["done"], &answer["end"]["skipped"]),
        (&json!(1500), &json!(0))
    );
    assert!(
        begin.elapsed().as_secs_f64() >= 1.49,
        "it keeps to its rate"
    );
    let entries = log(&stage, 400).await;
    assert!(entries.len() >= 1500);
    assert_eq!(answer["end"]["log"], entries.last().unwrap()["n"]);
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry["n"], number as u64 + 1);
        assert_eq!(entry["sessions"], 1);
    }
    for (number, shard) in shards.iter_mut().enumerate() {
        let of_shard: Vec<&Value> = entries
            .iter()
            .filter(|entry| entry["shard"] == number)
            .collect();
        assert!(of_shard.len() > 300);
        for entry in of_shard {
            let came = shard.json().await;
            assert_eq!((&came["t"], &came["d"]), (&entry["t"], &entry["d"]));
        }
    }
}

#[tokio::test]
async fn one_sequence_at_a_time_and_it_can_be_stopped() {
    let stage = Stage::start().await;
    assert_eq!(get(&stage, "sequence").await, json!({ "running": false }));
    let (status, begun) = post(&stage, &json!({ "rate": 50, "seconds": 600, "from": 100 })).await;
    assert_eq!((status, &begun["count"]), (200, &json!(30_000)));
    assert_eq!(post(&stage, &json!({})).await.0, 429);
    let url = stage.url("/control/sequence");
    let (_, end) = answer(stage.http.delete(url)).await;
    assert_eq!(end["running"], false);
    assert_eq!(
        end["last"].as_u64().unwrap(),
        99 + end["done"].as_u64().unwrap()
    );
    let again = post(
        &stage,
        &json!({ "count": 1, "kinds": ["voice"], "wait": true }),
    )
    .await;
    assert_eq!((again.0, &again.1["end"]["last"]), (200, &json!(1)));
}

#[tokio::test]
async fn what_makes_no_sense_is_named() {
    let stage = Stage::start().await;
    for (body, field) in [
        (json!({ "guilds": ["Nowhere"] }), "guilds"),
        (json!({ "kinds": ["earthquakes"] }), "kinds"),
        (json!({ "kinds": "voice" }), "kinds"),
        (json!({ "rate": 0 }), "rate"),
        (json!({ "count": 0 }), "count"),
    ] {
        let (status, problem) = post(&stage, &body).await;
        assert!(matches!(status, 400 | 404), "{body}");
        assert_eq!(problem["field"], field);
    }
}

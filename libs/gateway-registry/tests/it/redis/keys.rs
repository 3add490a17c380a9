//! What is under which key, and for how long.

use std::time::Duration;

use fred::prelude::{HashesInterface, KeysInterface};
use gateway_registry::{GatewayRegistry, RedisRegistry};
use redis_link::{RedisLink, Role, testing::RedisServer};

use crate::conformance::{LONG, eventually, record};

#[tokio::test]
async fn instances_of_one_deployment_see_each_other_and_no_others() {
    let server = RedisServer::start(&[]).await;
    let here = RedisRegistry::connect(&server.config("one"));
    let there = RedisRegistry::connect(&server.config("one"));
    let elsewhere = RedisRegistry::connect(&server.config("two"));
    here.announce(&record("a"), LONG).await.unwrap();
    assert_eq!(there.alive().await.unwrap().len(), 1);
    assert!(elsewhere.alive().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_key_vanishes_with_its_last_record() {
    let server = RedisServer::start(&[]).await;
    let registry = RedisRegistry::connect(&server.config("test"));
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    registry
        .announce(&record("long"), Duration::from_mins(1))
        .await
        .unwrap();
    registry
        .announce(&record("short"), Duration::from_millis(1))
        .await
        .unwrap();
    let key = link.key("gateways");
    let left: i64 = link.client().pttl(key.as_str()).await.unwrap();
    assert!((50_000..=60_000).contains(&left), "{left}");
    registry.withdraw("long").await.unwrap();
    eventually(async || {
        registry.alive().await.unwrap();
        let exists: bool = link.client().exists(key.as_str()).await.unwrap();
        !exists
    })
    .await;
}

#[tokio::test]
async fn a_record_of_a_newer_version_is_read_and_an_unreadable_one_left_out() {
    let server = RedisServer::start(&[]).await;
    let registry = RedisRegistry::connect(&server.config("test"));
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    let newer = r#"{"instance":"newer","version":"9","startedAt":1,"region":{"name":"eu"}}"#;
    let far = 99_999_999_999_999_u64;
    let fields = [
        ("newer", format!("{far} 7 {newer}")),
        ("broken", format!("{far} 7 {{")),
        ("odd", "what is this".to_owned()),
    ];
    for (field, value) in fields {
        let pair = (field, value.as_str());
        let _: () = link
            .client()
            .hset(link.key("gateways"), pair)
            .await
            .unwrap();
    }
    let alive = registry.alive().await.unwrap();
    assert_eq!(alive.len(), 1);
    assert_eq!(
        (alive[0].instance.as_str(), alive[0].heartbeat_at),
        ("newer", 7)
    );
    assert!(alive[0].shards.is_empty());
}

//! What is under which key, and for how long.

use std::time::Duration;

use fred::prelude::{ClientLike, HashesInterface, KeysInterface};
use gateway_registry::{
    Budget, Claim, GatewayRegistry, Permit, RedisRegistry, RegistryError, SHARD_LIMIT,
};
use redis_link::{RedisLink, Role, testing::RedisServer};

use crate::conformance::{LONG, Registry, begun, eventually, granted, record, shard};

const DAY: Duration = Duration::from_hours(24);

async fn deployment() -> (RedisServer, Registry, RedisLink) {
    let server = RedisServer::start(&[]).await;
    let registry = RedisRegistry::connect(&server.config("test"));
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    (server, std::sync::Arc::new(registry), link)
}

/// How long a key lives.
async fn left(link: &RedisLink, name: &str) -> Duration {
    let ms: i64 = link.client().pttl(link.key(name)).await.unwrap();
    Duration::from_millis(u64::try_from(ms).unwrap_or_else(|_| panic!("{name}: {ms}")))
}

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

#[tokio::test]
async fn all_that_leases_leave_behind_is_gone_a_day_later() {
    let (_server, registry, link) = deployment().await;
    registry.recount(2).await.unwrap();
    assert!(left(&link, "shards").await > DAY / 2);
    let (lease, _) = granted(&registry, shard(1, 2), "a", LONG).await;
    let session = registry.begin_session(&lease, begun("s", "wss://u")).await;
    assert!(session.unwrap().is_some());
    let soon = |life: Duration| life + LONG > DAY && life <= DAY + LONG;
    for renewed in [false, true] {
        for key in ["shards", "shard:1/2"] {
            assert!(soon(left(&link, key).await), "{key}");
            let _: bool = link
                .client()
                .pexpire(link.key(key), 60_000, None)
                .await
                .unwrap();
        }
        if renewed {
            registry.release(&lease, None).await.unwrap();
        } else {
            registry.renew(&lease, LONG, None).await.unwrap();
        }
    }
    for key in ["shards", "shard:1/2"] {
        assert!(soon(left(&link, key).await), "{key}");
    }
}

#[tokio::test]
async fn a_recount_leaves_no_record_of_the_old_count() {
    let (_server, registry, link) = deployment().await;
    registry.recount(SHARD_LIMIT).await.unwrap();
    for id in [0, 7, SHARD_LIMIT - 1] {
        let (lease, _) = granted(&registry, shard(id, SHARD_LIMIT), "a", LONG).await;
        registry.release(&lease, None).await.unwrap();
    }
    registry.recount(1).await.unwrap();
    let mut keys: Vec<String> = link
        .client()
        .custom(fred::cmd!("KEYS"), vec!["*"])
        .await
        .unwrap();
    keys.sort();
    assert_eq!(keys, ["{test}:epoch", "{test}:shards"]);
}

#[tokio::test]
async fn the_budget_lives_for_its_period_and_a_pause_for_its_length() {
    let (_server, registry, link) = deployment().await;
    let told = Budget {
        total: 1_000,
        remaining: 1_000,
        resets_in: LONG,
    };
    registry.budget(told).await.unwrap();
    let permit = registry.permit(3, Duration::from_secs(30)).await.unwrap();
    assert_eq!(permit, Permit::Granted { remaining: 999 });
    assert!(left(&link, "identify").await <= LONG);
    assert!(left(&link, "identify:3").await <= Duration::from_secs(30));
}

#[tokio::test]
async fn the_epoch_is_the_one_of_the_event_bus_and_never_falls_to_the_clock() {
    let (_server, registry, link) = deployment().await;
    let ahead = 99_999_999_999_999_u64;
    let _: () = link
        .client()
        .set(link.key("epoch"), ahead, None, None, false)
        .await
        .unwrap();
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    assert_eq!(lease.fence, ahead + 1);
    let session = registry.begin_session(&lease, begun("s", "wss://u")).await;
    assert_eq!(session.unwrap().unwrap().generation, ahead + 2);
    let drawn: u64 = link.client().get(link.key("epoch")).await.unwrap();
    assert_eq!(drawn, ahead + 2);
}

#[tokio::test]
async fn an_epoch_that_is_no_number_is_an_error_and_grants_nothing() {
    let (_server, registry, link) = deployment().await;
    let _: () = link
        .client()
        .set(link.key("epoch"), "what", None, None, false)
        .await
        .unwrap();
    let refused = registry.claim(shard(0, 1), "a", LONG).await.unwrap_err();
    assert!(
        matches!(refused, RegistryError::Unavailable(_)) && refused.to_string().contains("epoch"),
        "{refused}"
    );
    let _: i64 = link.client().del(link.key("epoch")).await.unwrap();
    granted(&registry, shard(0, 1), "a", LONG).await;
}

#[tokio::test]
async fn a_broken_session_is_an_error_that_does_not_show_it() {
    let (_server, registry, link) = deployment().await;
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let session = registry
        .begin_session(&lease, begun("secret", "wss://u"))
        .await;
    assert!(session.unwrap().is_some());
    let _: i64 = link
        .client()
        .hset(link.key("shard:0/1"), ("generation", "secret"))
        .await
        .unwrap();
    registry.release(&lease, None).await.unwrap();
    let refused = registry.claim(shard(0, 1), "b", LONG).await.unwrap_err();
    assert!(
        !format!("{refused} {refused:?}").contains("secret"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_count_is_of_one_deployment() {
    let server = RedisServer::start(&[]).await;
    let one = RedisRegistry::connect(&server.config("one"));
    let two = RedisRegistry::connect(&server.config("two"));
    one.recount(4).await.unwrap();
    assert_eq!(two.shard_count().await.unwrap(), None);
    for registry in [one, two] {
        let claim = registry.claim(shard(0, 4), "a", LONG).await.unwrap();
        assert!(matches!(claim, Claim::Granted { .. }), "{claim:?}");
    }
}

use std::time::Duration;

use gateway_registry::{CAPACITY, GatewayRecord, RegistryError};

use super::{LONG, Registry, eventually, record};

async fn ids(registry: &Registry) -> Vec<String> {
    let alive = registry.alive().await.unwrap();
    alive.into_iter().map(|record| record.instance).collect()
}

pub(crate) async fn an_announced_instance_is_alive(registry: Registry) {
    assert!(registry.alive().await.unwrap().is_empty());
    registry.announce(&record("a"), LONG).await.unwrap();
    let mut alive = registry.alive().await.unwrap();
    alive[0].heartbeat_at = 0;
    assert_eq!(alive, [record("a")]);
}

pub(crate) async fn the_registry_stamps_the_heartbeat(registry: Registry) {
    let lying = GatewayRecord {
        heartbeat_at: u64::MAX,
        ..record("a")
    };
    registry.announce(&lying, LONG).await.unwrap();
    let first = registry.alive().await.unwrap()[0].heartbeat_at;
    assert!(first > 1_700_000_000_000 && first < u64::MAX, "{first}");
    eventually(async || {
        registry.announce(&lying, LONG).await.unwrap();
        registry.alive().await.unwrap()[0].heartbeat_at > first
    })
    .await;
}

pub(crate) async fn an_announcement_replaces_the_earlier_one(registry: Registry) {
    registry.announce(&record("a"), LONG).await.unwrap();
    let alone = GatewayRecord {
        shards: Vec::new(),
        link_url: None,
        ..record("a")
    };
    registry.announce(&alone, LONG).await.unwrap();
    let alive = registry.alive().await.unwrap();
    assert_eq!(alive.len(), 1);
    assert_eq!((&alive[0].shards, &alive[0].link_url), (&Vec::new(), &None));
}

pub(crate) async fn the_alive_are_ordered_by_their_ids(registry: Registry) {
    for id in ["b", "c", "a"] {
        registry.announce(&record(id), LONG).await.unwrap();
    }
    assert_eq!(ids(&registry).await, ["a", "b", "c"]);
}

pub(crate) async fn a_withdrawn_instance_is_gone_at_once(registry: Registry) {
    registry.announce(&record("a"), LONG).await.unwrap();
    registry.announce(&record("b"), LONG).await.unwrap();
    registry.withdraw("a").await.unwrap();
    assert_eq!(ids(&registry).await, ["b"]);
}

pub(crate) async fn withdrawing_a_stranger_is_no_error(registry: Registry) {
    registry.withdraw("nobody").await.unwrap();
    assert!(registry.alive().await.unwrap().is_empty());
}

pub(crate) async fn an_instance_that_is_not_renewed_expires_alone(registry: Registry) {
    registry.announce(&record("stays"), LONG).await.unwrap();
    registry
        .announce(&record("dies"), Duration::from_millis(200))
        .await
        .unwrap();
    eventually(async || ids(&registry).await == ["stays"]).await;
}

pub(crate) async fn a_renewed_instance_outlives_its_first_announcement(registry: Registry) {
    let short = Duration::from_millis(200);
    registry.announce(&record("a"), short).await.unwrap();
    registry.announce(&record("b"), short).await.unwrap();
    registry.announce(&record("a"), LONG).await.unwrap();
    eventually(async || !ids(&registry).await.contains(&"b".to_owned())).await;
    assert_eq!(ids(&registry).await, ["a"]);
}

pub(crate) async fn an_expired_instance_may_come_back(registry: Registry) {
    let short = Duration::from_millis(50);
    registry.announce(&record("a"), short).await.unwrap();
    eventually(async || ids(&registry).await.is_empty()).await;
    registry.announce(&record("a"), LONG).await.unwrap();
    assert_eq!(ids(&registry).await, ["a"]);
}

pub(crate) async fn any_text_may_be_an_id(registry: Registry) {
    let odd = "pod \"7\"\n{}: * ünïcode \u{0}";
    registry.announce(&record(odd), LONG).await.unwrap();
    assert_eq!(ids(&registry).await, [odd]);
    registry.withdraw(odd).await.unwrap();
    assert!(ids(&registry).await.is_empty());
}

pub(crate) async fn a_full_registry_refuses_a_further_instance_and_renews_the_known(
    registry: Registry,
) {
    for n in 0..CAPACITY {
        let id = format!("{n:03}");
        registry.announce(&record(&id), LONG).await.unwrap();
    }
    let further = registry.announce(&record("further"), LONG).await;
    assert!(matches!(further, Err(RegistryError::Full)), "{further:?}");
    registry.announce(&record("007"), LONG).await.unwrap();
    assert_eq!(registry.alive().await.unwrap().len(), CAPACITY);
}

pub(crate) async fn expired_instances_make_room(registry: Registry) {
    registry
        .announce(&record("dies"), Duration::from_millis(50))
        .await
        .unwrap();
    for n in 1..CAPACITY {
        let id = format!("{n:03}");
        registry.announce(&record(&id), LONG).await.unwrap();
    }
    eventually(async || registry.announce(&record("new"), LONG).await.is_ok()).await;
}

pub(crate) async fn concurrent_announcements_all_arrive(registry: Registry) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50 {
        let registry = registry.clone();
        tasks.spawn(async move {
            let id = format!("{:02}", n % 10);
            registry.announce(&record(&id), LONG).await
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(ids(&registry).await.len(), 10);
}

//! Redis restarts, forgets, or does not answer.

use std::{sync::Arc, time::Duration};

use fred::prelude::ClientLike;
use gateway_registry::{Budget, GatewayRegistry, Permit, RedisRegistry, RegistryError, Renewal};
use redis_link::{COMMAND_TIMEOUT, RedisLink, Role, testing::RedisServer};

use crate::conformance::{LONG, Registry, SHORT, begun, eventually, granted, record, shard};

#[tokio::test]
async fn the_scripts_survive_a_flush_of_the_script_cache_and_a_restart() {
    let mut server = RedisServer::start(&[]).await;
    let registry = RedisRegistry::connect(&server.config("test"));
    registry.announce(&record("a"), LONG).await.unwrap();
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    let _: () = link
        .client()
        .custom(fred::cmd!("SCRIPT"), vec!["FLUSH"])
        .await
        .unwrap();
    registry.announce(&record("b"), LONG).await.unwrap();
    assert_eq!(registry.alive().await.unwrap().len(), 2);
    server.restart().await;
    eventually(async || registry.announce(&record("c"), LONG).await.is_ok()).await;
    assert_eq!(registry.alive().await.unwrap()[0].instance, "c");
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_an_error_in_time_and_works_again_afterwards() {
    let server = RedisServer::start(&[]).await;
    let registry = RedisRegistry::connect(&server.config("test"));
    registry.announce(&record("a"), LONG).await.unwrap();
    server.pause();
    let patience = COMMAND_TIMEOUT * 5;
    let answer = tokio::time::timeout(patience, registry.alive()).await;
    assert!(
        matches!(answer, Ok(Err(RegistryError::Unavailable(_)))),
        "{answer:?}"
    );
    let answer = tokio::time::timeout(patience, registry.withdraw("a")).await;
    assert!(
        matches!(answer, Ok(Err(RegistryError::Unavailable(_)))),
        "{answer:?}"
    );
    server.resume();
    eventually(async || registry.announce(&record("b"), LONG).await.is_ok()).await;
    let ids: Vec<_> = registry.alive().await.unwrap();
    assert!(ids.iter().any(|record| record.instance == "b"));
}

#[tokio::test]
async fn a_redis_that_comes_late_is_waited_for() {
    let mut server = RedisServer::start(&[]).await;
    server.kill();
    let registry = RedisRegistry::connect(&server.config("test"));
    let early = registry.announce(&record("a"), LONG).await;
    assert!(
        matches!(early, Err(RegistryError::Unavailable(_))),
        "{early:?}"
    );
    server.restart().await;
    eventually(async || registry.announce(&record("a"), LONG).await.is_ok()).await;
}

async fn answers(registry: &Registry) {
    eventually(async || registry.shard_count().await.is_ok()).await;
}

async fn started(arguments: &[&str]) -> (RedisServer, Registry) {
    let server = RedisServer::start(arguments).await;
    let registry = RedisRegistry::connect(&server.config("test"));
    (server, Arc::new(registry))
}

const TOLD: Budget = Budget {
    total: 1_000,
    remaining: 900,
    resets_in: LONG,
};

#[tokio::test]
async fn what_redis_forgot_is_lost_and_begins_anew_with_higher_fences() {
    let (mut server, registry) = started(&[]).await;
    let (old, _) = granted(&registry, shard(0, 4), "a", LONG).await;
    let session = registry.begin_session(&old, begun("s", "wss://u")).await;
    let generation = session.unwrap().unwrap().generation;
    registry.budget(TOLD).await.unwrap();

    server.restart().await;
    answers(&registry).await;
    assert_eq!(registry.shard_count().await.unwrap(), None);
    assert_eq!(
        registry.renew(&old, LONG, None).await.unwrap(),
        Renewal::Lost
    );
    let late = registry.begin_session(&old, begun("t", "wss://u")).await;
    assert_eq!(late.unwrap(), None);
    registry.release(&old, None).await.unwrap();
    assert!(registry.leases().await.unwrap().is_empty());
    let permit = registry.permit(0, SHORT).await.unwrap();
    assert_eq!(permit, Permit::Untold);

    let (new, session) = granted(&registry, shard(0, 4), "a", LONG).await;
    assert_eq!(session, None);
    assert!(new.fence > generation, "{} after {generation}", new.fence);
    let count = registry.shard_count().await.unwrap().unwrap();
    assert_eq!(count.current, 4);
}

#[tokio::test]
async fn a_restart_with_the_disk_keeps_lease_session_and_budget() {
    let (mut server, registry) = started(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let session = registry.begin_session(&lease, begun("s", "wss://u")).await;
    let session = session.unwrap().unwrap();
    registry.budget(TOLD).await.unwrap();

    server.restart().await;
    answers(&registry).await;
    assert_eq!(
        registry.renew(&lease, LONG, None).await.unwrap(),
        Renewal::Held { recount: false }
    );
    registry.release(&lease, None).await.unwrap();
    let (_, handed) = granted(&registry, shard(0, 1), "b", LONG).await;
    assert_eq!(handed, Some(session));
    let permit = registry.permit(0, LONG).await.unwrap();
    assert_eq!(permit, Permit::Granted { remaining: 899 });
}

#[tokio::test]
async fn a_claim_or_permit_whose_answer_was_lost_is_never_given_to_two() {
    let (server, registry) = started(&[]).await;
    registry.budget(TOLD).await.unwrap();
    server.pause();
    let patience = COMMAND_TIMEOUT * 5;
    let claim = tokio::time::timeout(patience, registry.claim(shard(0, 1), "a", LONG)).await;
    assert!(
        matches!(claim, Ok(Err(RegistryError::Unavailable(_)))),
        "{claim:?}"
    );
    let permit = tokio::time::timeout(patience, registry.permit(0, Duration::from_millis(1))).await;
    assert!(
        matches!(permit, Ok(Err(RegistryError::Unavailable(_)))),
        "{permit:?}"
    );
    server.resume();
    answers(&registry).await;
    // whether they were executed is not known: either way nobody has more than was there
    let owners = registry.leases().await.unwrap();
    let again = registry.claim(shard(0, 1), "b", LONG).await.unwrap();
    let granted = matches!(again, gateway_registry::Claim::Granted { .. });
    assert_eq!(granted, owners.is_empty(), "{again:?} {owners:?}");
    let permit = registry.permit(1, LONG).await.unwrap();
    assert!(
        matches!(
            permit,
            Permit::Granted {
                remaining: 898 | 899
            }
        ),
        "{permit:?}"
    );
}

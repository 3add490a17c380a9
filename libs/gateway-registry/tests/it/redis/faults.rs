//! Redis restarts, forgets, or does not answer.

use fred::prelude::ClientLike;
use gateway_registry::{GatewayRegistry, RedisRegistry, RegistryError};
use redis_link::{COMMAND_TIMEOUT, RedisLink, Role, testing::RedisServer};

use crate::conformance::{LONG, eventually, record};

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

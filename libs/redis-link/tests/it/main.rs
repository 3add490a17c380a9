//! Links against a real redis-server that is killed, frozen and restarted.

mod topologies;

use std::time::{Duration, Instant};

use fred::interfaces::{ClientLike, KeysInterface};
use redis_link::{COMMAND_TIMEOUT, RedisLink, Role, testing::RedisServer};

const DEADLINE: Duration = Duration::from_secs(20);

async fn answers(link: &RedisLink) {
    let deadline = Instant::now() + DEADLINE;
    while link.ping().await.is_err() {
        assert!(Instant::now() < deadline, "Redis does not answer");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn every_role_connects_and_names_keys_in_one_slot() {
    let server = RedisServer::start(&[]).await;
    for role in [
        Role::Commands,
        Role::Publisher,
        Role::Subscriber,
        Role::Sessions,
    ] {
        let link = RedisLink::connect(&server.config("p"), role);
        assert_eq!(link.key("clock"), "{p}:clock");
        answers(&link).await;
    }
}

#[tokio::test]
async fn a_redis_that_is_away_at_the_start_is_found_later() {
    let mut server = RedisServer::start(&[]).await;
    server.kill();
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let started = Instant::now();
    assert!(link.ping().await.is_err());
    assert!(started.elapsed() < COMMAND_TIMEOUT * 3);
    server.restart().await;
    answers(&link).await;
}

#[tokio::test]
async fn a_killed_redis_answers_errors_in_time_and_works_after_its_restart() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    answers(&link).await;
    let _: () = link
        .client()
        .set(link.key("k"), "v", None, None, false)
        .await
        .unwrap();
    server.kill();
    let asked = Instant::now();
    assert!(link.client().get::<String, _>(link.key("k")).await.is_err());
    assert!(asked.elapsed() < COMMAND_TIMEOUT * 3);
    server.restart().await;
    answers(&link).await;
    assert_eq!(
        link.client().get::<String, _>(link.key("k")).await.unwrap(),
        "v"
    );
}

#[tokio::test]
async fn a_frozen_redis_answers_an_error_in_time_and_works_afterwards() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    answers(&link).await;
    server.pause();
    let asked = Instant::now();
    assert!(link.ping().await.is_err());
    assert!(asked.elapsed() < COMMAND_TIMEOUT * 3);
    server.resume();
    answers(&link).await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_again_until_it_is_right() {
    let server = RedisServer::start(&["--requirepass", "right"]).await;
    let url = format!("redis://:right@127.0.0.1:{}", server.port());
    let admin = redis_link::RedisConfig::new(url.as_str().into(), "p").unwrap();
    let admin = RedisLink::connect(&admin, Role::Commands);
    answers(&admin).await;

    let url = format!("redis://:later@127.0.0.1:{}", server.port());
    let config = redis_link::RedisConfig::new(url.as_str().into(), "p").unwrap();
    let link = RedisLink::connect(&config, Role::Commands);
    assert!(link.ping().await.is_err());
    let command = fred::types::CustomCommand::new_static("CONFIG", None::<u16>, false);
    let _: () = admin
        .client()
        .custom(command, vec!["SET", "requirepass", "later"])
        .await
        .unwrap();
    answers(&link).await;
}

#[tokio::test]
async fn a_dropped_link_closes_its_connection() {
    let server = RedisServer::start(&[]).await;
    let watcher = RedisLink::connect(&server.config("p"), Role::Commands);
    answers(&watcher).await;
    let link = RedisLink::connect(&server.config("p"), Role::Subscriber);
    answers(&link).await;
    drop(link);
    let deadline = Instant::now() + DEADLINE;
    loop {
        let command = fred::types::CustomCommand::new_static("CLIENT", None::<u16>, false);
        let list: String = watcher
            .client()
            .custom(command, vec!["LIST"])
            .await
            .unwrap();
        if list.lines().count() == 1 {
            break;
        }
        assert!(Instant::now() < deadline, "{list}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_real_redis_says_how_it_is_set_up() {
    let lossy = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"];
    let server = RedisServer::start(&lossy).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    answers(&link).await;
    let inspection = link.inspect().await.unwrap();
    assert_eq!(inspection.eviction, "allkeys-lru");
    assert_eq!(
        (inspection.max_memory, inspection.append_only),
        (100 << 20, false)
    );
    assert!(inspection.version.contains('.'), "{inspection:?}");

    let safe = ["--appendonly", "yes", "--min-replicas-to-write", "1"];
    let server = RedisServer::start(&safe).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    answers(&link).await;
    let inspection = link.inspect().await.unwrap();
    assert!(
        inspection.append_only && inspection.waits_for_replicas,
        "{inspection:?}"
    );
}

use std::{sync::Arc, time::Duration};

use limits::{Bucket, Limits as _, RedisLimits};
use redis_link::{
    COMMAND_TIMEOUT, RedisConfig,
    testing::{RedisCluster, RedisServer, SentinelTrio},
};

use crate::conformance::{self, LONG, Port, eventually};

async fn fresh() -> (RedisServer, Port) {
    let server = RedisServer::start(&[]).await;
    let limits = RedisLimits::connect(&server.config("test"));
    (server, Arc::new(limits))
}

conformance::holds!(fresh);

/// Nobody is to take over, however busy this machine is.
const PATIENT: Duration = Duration::from_mins(1);

/// Limits in one Redis, by prefix.
fn by_prefix(redis: RedisConfig) -> impl Fn(&str) -> Port {
    move |prefix| {
        let mut config = redis.clone();
        prefix.clone_into(&mut config.prefix);
        Arc::new(RedisLimits::connect(&config))
    }
}

async fn shared() -> (RedisServer, impl Fn(&str) -> Port) {
    let server = RedisServer::start(&[]).await;
    let limits = by_prefix(server.config("any"));
    (server, limits)
}

conformance::holds!(deployments_on_one_server_do_not_meet on shared);

async fn sentinels() -> (SentinelTrio, impl Fn(&str) -> Port) {
    let trio = SentinelTrio::start(PATIENT, &[]).await;
    let limits = by_prefix(trio.config("any"));
    (trio, limits)
}

conformance::holds!(every_clause_holds_behind_sentinels on sentinels);

async fn cluster() -> (RedisCluster, impl Fn(&str) -> Port) {
    let cluster = RedisCluster::start(PATIENT, &[]).await;
    let limits = by_prefix(cluster.config("any"));
    (cluster, limits)
}

conformance::holds!(every_clause_holds_on_a_cluster on cluster);

#[tokio::test]
async fn no_key_outlives_what_it_says() {
    let (server, limits) = fresh().await;
    let bucket = Bucket {
        name: "rpc",
        burst: 10,
        rate: 5,
        per: Duration::from_secs(1),
    };
    limits.take(&bucket, "7").await.unwrap();
    limits
        .hold("7", "a", 2, Duration::from_secs(1))
        .await
        .unwrap();
    limits.hold("8", "a", 2, LONG).await.unwrap();
    limits.release("8", "a").await.unwrap();
    eventually(|| async {
        let size = server.ask("DBSIZE").await;
        size.is_some_and(|size| size.trim().trim_start_matches(':') == "0")
    })
    .await;
}

#[tokio::test]
async fn limits_that_do_not_answer_are_an_error_in_time_and_work_again_afterwards() {
    let mut server = RedisServer::start(&[]).await;
    let limits = RedisLimits::connect(&server.config("test"));
    assert!(limits.hold("k", "a", 1, LONG).await.unwrap());
    server.pause();
    let hold = limits.hold("k", "b", 1, LONG);
    let answer = tokio::time::timeout(COMMAND_TIMEOUT * 5, hold).await;
    assert!(matches!(answer, Ok(Err(_))), "{answer:?}");
    server.resume();
    server.restart().await;
    eventually(|| async { limits.hold("k", "b", 1, LONG).await.is_ok() }).await;
}

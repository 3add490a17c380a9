//! Links over a fail-over, killed and frozen masters, while commands keep the connection busy.

use std::time::{Duration, Instant};

use fred::interfaces::KeysInterface;
use redis_link::{
    RedisConfig, RedisLink, Role,
    testing::{RedisCluster, SentinelTrio},
};

use super::{DEADLINE, answers};

const MISSED_AFTER: Duration = Duration::from_secs(1);

/// Writes a counter again and again until a write succeeds that was begun after `since`.
async fn busy_until_written(link: &RedisLink, since: Instant) {
    loop {
        let begun = Instant::now();
        let written: Result<u64, _> = link.client().incr(link.key("counter")).await;
        if written.is_ok() && begun > since {
            return;
        }
        assert!(since.elapsed() < DEADLINE, "no write succeeds: {written:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn links(config: &RedisConfig) -> Vec<RedisLink> {
    let roles = [Role::Commands, Role::Publisher];
    let links: Vec<_> = roles.map(|role| RedisLink::connect(config, role)).into();
    for link in &links {
        answers(link).await;
    }
    links
}

async fn all_busy_until_written(links: &[RedisLink]) {
    let since = Instant::now();
    for link in links {
        busy_until_written(link, since).await;
    }
}

#[tokio::test]
async fn links_follow_the_sentinels_to_the_next_master() {
    let mut trio = SentinelTrio::start(MISSED_AFTER, &[]).await;
    let links = links(&trio.config("p")).await;
    all_busy_until_written(&links).await;
    let before = trio.master().await.port();
    trio.master().await.kill();
    let ((), ()) = tokio::join!(trio.promoted(before), all_busy_until_written(&links));
    assert_ne!(trio.master().await.port(), before);
    // the old one comes back as a replica of the new one, and one takes over when that hangs
    trio.restart(before).await;
    let second = trio.master().await.port();
    trio.master().await.pause();
    trio.promoted(second).await;
    all_busy_until_written(&links).await;
    assert_ne!(trio.master().await.port(), second);
}

#[tokio::test]
async fn links_follow_the_slots_of_a_cluster() {
    let mut cluster = RedisCluster::start(MISSED_AFTER, &[]).await;
    let links = links(&cluster.config("p")).await;
    all_busy_until_written(&links).await;
    let before = cluster.master("p").await.port();
    cluster.master("p").await.kill();
    cluster.promoted("p", before).await;
    all_busy_until_written(&links).await;
    cluster.restart(before).await;
    let second = cluster.master("p").await.port();
    cluster.master("p").await.pause();
    cluster.promoted("p", second).await;
    all_busy_until_written(&links).await;
    assert_eq!(cluster.master("p").await.port(), before);
}

//! The suite where several servers stand behind one address, and sessions while one takes over from another.

use std::time::{Duration, Instant};

use redis_link::{
    RedisConfig,
    testing::{RedisCluster, RedisServer, SentinelTrio},
};
use session_store::{RedisSessions, Sessions};
use tokio::sync::watch;
use tower_sessions::{SessionStore, session::Record};

use crate::conformance::{self, record};

/// Nobody is to take over, however busy this machine is.
const PATIENT: Duration = Duration::from_mins(1);

/// When a master is missed, where one is to take over.
const MISSED_AFTER: Duration = Duration::from_secs(1);

/// How long it may take until all works again: ten times what it takes.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// The pause between two calls of a loop.
const PAUSE: Duration = Duration::from_millis(10);

/// So many that every node of a Cluster has some.
const SESSIONS: usize = 30;

async fn sentinels() -> (SentinelTrio, Sessions) {
    let trio = SentinelTrio::start(PATIENT, &[]).await;
    let sessions = RedisSessions::connect(&trio.config("test"));
    (trio, sessions.into())
}

conformance::holds!(every_clause_holds_behind_sentinels on sentinels);

async fn cluster() -> (RedisCluster, Sessions) {
    let cluster = RedisCluster::start(PATIENT, &[]).await;
    let sessions = RedisSessions::connect(&cluster.config("test"));
    (cluster, sessions.into())
}

conformance::holds!(every_clause_holds_on_a_cluster on cluster);

/// Loads all again and again until each was there once more after the fail-over.
async fn never_signed_out(sessions: Sessions, records: Vec<Record>, over: watch::Receiver<bool>) {
    let since = Instant::now();
    loop {
        let last = *over.borrow();
        let mut away = 0;
        for record in &records {
            match sessions.load(&record.id).await {
                Ok(Some(found)) => assert_eq!(found, *record),
                Ok(None) => panic!("after {:?}: a session is gone", since.elapsed()),
                Err(_) => away += 1,
            }
        }
        if last && away == 0 {
            return;
        }
        assert!(since.elapsed() < BACK_WITHIN, "{away} do not come back");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Signs out, over however many attempts.
async fn signs_out(sessions: &Sessions, record: &Record) {
    let since = Instant::now();
    let attempt = async || {
        sessions.delete(&record.id).await?;
        sessions.is_live(&record.id).await
    };
    loop {
        match attempt().await {
            Ok(live) => return assert!(!live, "still signed in"),
            Err(error) => assert!(since.elapsed() < BACK_WITHIN, "{error}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn nobody_is_signed_out(redis: &RedisConfig, fail_over: impl AsyncFnOnce()) {
    let sessions: Sessions = RedisSessions::connect(redis).into();
    let mut records: Vec<_> = (0..SESSIONS).map(|_| record(3600)).collect();
    for record in &mut records {
        sessions.create(record).await.unwrap();
    }
    let leaving = records.split_off(SESSIONS / 2);

    let (over, is_over) = watch::channel(false);
    let staying = tokio::spawn(never_signed_out(sessions.clone(), records, is_over));
    fail_over().await;
    over.send_replace(true);
    for record in &leaving {
        signs_out(&sessions, record).await;
    }
    staying.await.unwrap();
}

/// Waits until each master has told its replicas everything: no answer that counts is lost with it.
async fn replicated(servers: &[RedisServer]) {
    for server in servers {
        let (written, _) = offsets(server).await;
        let since = Instant::now();
        // a replica has none
        while offsets(server).await.1.iter().any(|told| *told < written) {
            assert!(since.elapsed() < BACK_WITHIN, "a replica does not follow");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// How far a server has written, and how far each of its replicas says that it got.
async fn offsets(server: &RedisServer) -> (u64, Vec<u64>) {
    let info = server.ask("INFO replication").await.unwrap();
    let number = |line: &str| line.split(',').next().unwrap().parse::<u64>().unwrap();
    let after = |name: &'static str| {
        let lines = info.lines().filter_map(move |line| line.split_once(name));
        lines.map(move |(_, rest)| number(rest))
    };
    let written = after("master_repl_offset:").next().unwrap();
    (written, after(",offset=").collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_out_by_a_killed_master_behind_sentinels() {
    let mut trio = SentinelTrio::start(MISSED_AFTER, &[]).await;
    nobody_is_signed_out(&trio.config("test"), async || {
        replicated(trio.servers()).await;
        let master = trio.master().await;
        let before = master.port();
        master.kill();
        trio.promoted(before).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_out_by_a_killed_master_of_a_cluster() {
    let mut cluster = RedisCluster::start(MISSED_AFTER, &[]).await;
    nobody_is_signed_out(&cluster.config("test"), async || {
        replicated(cluster.servers()).await;
        // any of them: sessions are on all
        let master = cluster.master("any").await;
        let before = master.port();
        master.kill();
        cluster.promoted("any", before).await;
    })
    .await;
}

//! Another Redis takes over: from a master that is killed, and from one that it lags behind.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use gateway_registry::{
    Budget, Claim, Lease, Permit, Progress, RedisRegistry, RegistryError, Renewal, StoredSession,
};
use redis_link::{
    RedisConfig,
    testing::{RedisCluster, RedisServer, SentinelTrio},
};
use tokio::sync::watch;

use crate::conformance::{LONG, Registry, SHORT, begun, eventually, granted, later_than, shard};

/// When a master is missed.
const MISSED_AFTER: Duration = Duration::from_secs(1);

/// As long as instances hold their shards without renewing them.
const TTL: Duration = Duration::from_secs(5);

/// How long it may take until all works again: ten times what it takes.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// The pause between two calls of a loop.
const PAUSE: Duration = Duration::from_millis(10);

fn connect(redis: &RedisConfig) -> Registry {
    Arc::new(RedisRegistry::connect(redis))
}

async fn began(registry: &Registry, lease: &Lease, id: &str) -> StoredSession {
    let session = registry.begin_session(lease, begun(id, "wss://u")).await;
    session.unwrap().unwrap_or_else(|| panic!("{lease:?}"))
}

/// Progress of a session that has made nothing good.
fn progress(session: &StoredSession, seq: u64) -> Progress {
    Progress {
        generation: session.generation,
        seq,
        mended: false,
    }
}

/// What Redis answers, or nothing while it is away.
fn unless_away<T>(answer: Result<T, RegistryError>, since: Instant) -> Option<T> {
    let waited = since.elapsed();
    assert!(waited < BACK_WITHIN, "after {waited:?}: {:?}", answer.err());
    match answer {
        Ok(answer) => Some(answer),
        Err(RegistryError::Unavailable(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

/// How far a master has written, and how far each of its replicas says that it got.
async fn offsets(master: &RedisServer) -> (u64, Vec<u64>) {
    let info = master.ask("INFO replication").await.unwrap();
    let number = |line: &str| line.split(',').next().unwrap().parse::<u64>().unwrap();
    let after = |name: &'static str| {
        let lines = info.lines().filter_map(move |line| line.split_once(name));
        lines.map(move |(_, rest)| number(rest))
    };
    let written = after("master_repl_offset:").next().unwrap();
    (written, after(",offset=").collect())
}

/// Waits until every replica has what the master has now.
async fn replicated(master: &RedisServer) {
    let (written, _) = offsets(master).await;
    eventually(async || {
        let (_, replicas) = offsets(master).await;
        !replicas.is_empty() && replicas.iter().all(|replica| *replica >= written)
    })
    .await;
}

/// Renews until it was held once more after the fail-over; the last watermark that was stored.
async fn renews(
    registry: Registry,
    lease: Lease,
    session: StoredSession,
    over: watch::Receiver<bool>,
) -> u64 {
    let since = Instant::now();
    let mut seq = session.seq;
    loop {
        let last = *over.borrow();
        seq += 1;
        let told = Some(progress(&session, seq));
        let renewal = registry.renew(&lease, LONG, told).await;
        if let Some(renewal) = unless_away(renewal, since) {
            assert_eq!(renewal, Renewal::Held { recount: false });
            if last {
                return seq;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Claims and releases a shard until it was granted once more after the fail-over; the fences.
async fn draws(registry: Registry, over: watch::Receiver<bool>) -> Vec<u64> {
    let since = Instant::now();
    let mut fences = Vec::new();
    loop {
        let last = *over.borrow();
        let claim = registry.claim(shard(2, 3), "draws", SHORT).await;
        if let Some(Claim::Granted { lease, .. }) = unless_away(claim, since) {
            fences.push(lease.fence);
            if last {
                return fences;
            }
            // one that is lost ends by itself
            unless_away(registry.release(&lease, None).await, since);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Claims a shard until it is granted.
async fn takes_over(registry: Registry, id: u32) -> (Lease, StoredSession) {
    let since = Instant::now();
    loop {
        let claim = registry.claim(shard(id, 3), "b", LONG).await;
        match unless_away(claim, since) {
            Some(Claim::Granted { lease, session }) => return (lease, session.unwrap()),
            Some(Claim::Held { owner, expires_in }) => {
                assert_eq!(owner, "dies");
                assert!(expires_in <= TTL, "{expires_in:?}");
            }
            Some(Claim::Recounted(count)) => panic!("{count:?}"),
            None => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Two instances, while one Redis takes over from another that had no time to lose anything but the latest writes.
async fn leases_and_sessions_survive(redis: &RedisConfig, fail_over: impl AsyncFnOnce()) {
    let (a, b) = (connect(redis), connect(redis));
    let told = Budget {
        total: 1_000,
        remaining: 900,
        resets_in: LONG,
    };
    a.budget(told).await.unwrap();
    let permit = a.permit(0, LONG).await.unwrap();
    assert_eq!(permit, Permit::Granted { remaining: 899 });
    let (kept, _) = granted(&a, shard(0, 3), "a", LONG).await;
    let session = began(&a, &kept, "kept").await;
    let (left, _) = granted(&a, shard(1, 3), "dies", TTL).await;
    let orphan = began(&a, &left, "orphan").await;
    let renewed = Instant::now();
    let told = Some(progress(&orphan, 77));
    a.renew(&left, TTL, told).await.unwrap();

    let (over, is_over) = watch::channel(false);
    let keeper = tokio::spawn(renews(a.clone(), kept.clone(), session.clone(), is_over));
    let drawing = tokio::spawn(draws(a.clone(), over.subscribe()));
    fail_over().await;
    over.send_replace(true);
    let (next, handed) = takes_over(b.clone(), 1).await;
    let patience = renewed.elapsed();
    let (seq, fences) = (keeper.await.unwrap(), drawing.await.unwrap());

    // nobody got the shard of a dead owner before its time; its session came with it
    assert!(patience + Duration::from_millis(2) >= TTL, "{patience:?}");
    assert_eq!(
        (handed.id.as_str(), handed.generation, handed.seq),
        ("orphan", orphan.generation, 77)
    );
    assert!(fences.is_sorted_by(|a, b| a < b), "{fences:?}");
    assert!(next.fence > left.fence.max(orphan.generation));

    let claim = b.claim(shard(0, 3), "b", LONG).await.unwrap();
    assert!(
        matches!(claim, Claim::Held { ref owner, .. } if owner == "a"),
        "{claim:?}"
    );
    a.release(&kept, None).await.unwrap();
    let (last, handed) = granted(&b, shard(0, 3), "b", LONG).await;
    let handed = handed.unwrap();
    assert_eq!(
        (handed.id.as_str(), handed.generation, handed.seq),
        ("kept", session.generation, seq)
    );
    assert!(last.fence > next.fence.max(fences[fences.len() - 1]));
    let permit = b.permit(1, LONG).await.unwrap();
    assert_eq!(permit, Permit::Granted { remaining: 898 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_and_sessions_survive_a_killed_master_behind_sentinels() {
    let mut trio = SentinelTrio::start(MISSED_AFTER, &[]).await;
    leases_and_sessions_survive(&trio.config("p"), async || {
        let master = trio.master().await;
        replicated(master).await;
        let before = master.port();
        master.kill();
        trio.promoted(before).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_and_sessions_survive_a_killed_master_of_a_cluster() {
    let mut cluster = RedisCluster::start(MISSED_AFTER, &[]).await;
    leases_and_sessions_survive(&cluster.config("p"), async || {
        let master = cluster.master("p").await;
        replicated(master).await;
        let before = master.port();
        master.kill();
        cluster.promoted("p", before).await;
    })
    .await;
}

#[tokio::test]
async fn what_a_lagging_replica_does_not_know_is_lost_and_its_fences_are_higher_all_the_same() {
    let mut old = RedisServer::start(&["--repl-diskless-sync-delay", "0"]).await;
    let port = old.port().to_string();
    let new = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await;
    let (before, after) = (connect(&old.config("p")), connect(&new.config("p")));
    let (known, _) = granted(&before, shard(0, 2), "a", LONG).await;
    let session = began(&before, &known, "s").await;
    replicated(&old).await;
    let promoted = new.ask("REPLICAOF NO ONE").await;
    assert!(promoted.is_some_and(|answer| answer.contains("OK")));

    let told = Some(progress(&session, 9));
    before.renew(&known, LONG, told).await.unwrap();
    let (forgotten, _) = granted(&before, shard(1, 2), "a", LONG).await;
    let lost = began(&before, &forgotten, "lost").await;
    old.kill();

    // the owner of what is known goes on and tells its progress again
    let renewal = after.renew(&known, LONG, None).await.unwrap();
    assert_eq!(renewal, Renewal::Held { recount: false });
    assert_eq!(began(&after, &known, "s").await, session);
    after.renew(&known, LONG, told).await.unwrap();
    assert_eq!(began(&after, &known, "s").await.seq, 9);
    // the other one hears that it owns nothing, and whoever is granted the shard comes after it
    let renewal = after.renew(&forgotten, LONG, None).await.unwrap();
    assert_eq!(renewal, Renewal::Lost);
    later_than(&after, lost.generation).await;
    let (next, nothing) = granted(&after, shard(1, 2), "b", LONG).await;
    assert_eq!(nothing, None);
    assert!(next.fence > lost.generation && lost.generation > forgotten.fence);
}

//! Another Redis takes over: from a master that is killed or hangs, behind Sentinels and on a Cluster; and from one that it
//! lags behind.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::EventId;
use event_bus::{EventBus, RedisBus, Retention, conformance::entries};
use prometheus::Registry;
use redis_link::{
    RedisConfig,
    testing::{RedisCluster, RedisServer, SentinelTrio},
};

use super::{
    line::{Receiver, Sender, log},
    proxy::Proxy,
};

/// When a master is missed.
const MISSED_AFTER: Duration = Duration::from_secs(1);

/// How long after the promotion everything may stand still: ten times what it takes at most.
const BACK_WITHIN: Duration = Duration::from_secs(50);

/// A master whose replica has gone over to another master must not go on alone.
const RECOMMENDED: &[&str] = &["--min-replicas-to-write", "1"];

fn connect(config: &RedisConfig) -> Arc<dyn EventBus> {
    Arc::new(RedisBus::connect(
        config,
        Retention::default(),
        &Registry::new(),
    ))
}

/// A gateway and a replica, while one Redis takes over from another.
async fn nothing_is_lost_over(config: &RedisConfig, fail_over: impl AsyncFnOnce()) {
    let (bus, other) = (connect(config), connect(config));
    let mut sender = Sender::seeded(&bus, 1).await;
    let mut receiver = Receiver::watching(&other, sender.author.guild).await;
    let publishing = async {
        sender.send(100).await;
        let (back, ()) = tokio::join!(
            async {
                fail_over().await;
                Instant::now()
            },
            sender.send(300),
        );
        sender.send(100).await;
        back.elapsed()
    };
    let (back, ()) = tokio::join!(publishing, receiver.receive(500));
    assert!(back < BACK_WITHIN, "{back:?}");
    assert!(receiver.interruptions > 0, "it was told");
    assert_eq!(receiver.received, sender.positions());
    // and it is live again
    let interruptions = receiver.interruptions;
    tokio::join!(sender.send(50), receiver.receive(550));
    assert_eq!(receiver.interruptions, interruptions);
    receiver.tick().await;
    let (_, log) = log(&*bus, sender.author.guild, EventId::ZERO, EventId::MAX).await;
    let logged: Vec<_> = log[1..].iter().map(|entry| entry.position).collect();
    assert_eq!(logged, sender.positions());
    // An id that was given out and is another's now can't be gone on from; nothing else excuses a reset.
    let replaced = sender.given.iter().any(|(position, id)| {
        let mut now = log.iter().filter(|entry| entry.position == *position);
        now.any(|entry| entry.id != *id)
    });
    assert!(
        replaced || receiver.resets.is_empty(),
        "{:?}",
        receiver.resets
    );
}

#[tokio::test]
async fn a_killed_master_behind_sentinels_loses_nothing() {
    let mut trio = SentinelTrio::start(MISSED_AFTER, RECOMMENDED).await;
    nothing_is_lost_over(&trio.config("p"), async || {
        let master = trio.master().await;
        let before = master.port();
        master.kill();
        trio.promoted(before).await;
    })
    .await;
}

#[tokio::test]
async fn a_master_behind_sentinels_that_hangs_and_comes_back_loses_nothing() {
    let mut trio = SentinelTrio::start(MISSED_AFTER, RECOMMENDED).await;
    nothing_is_lost_over(&trio.config("p"), async || {
        let master = trio.master().await;
        let before = master.port();
        master.pause();
        trio.promoted(before).await;
        let mut servers = trio.servers().iter();
        servers
            .find(|server| server.port() == before)
            .expect("it is there")
            .resume();
    })
    .await;
}

#[tokio::test]
async fn a_killed_master_of_a_cluster_loses_nothing() {
    let mut cluster = RedisCluster::start(MISSED_AFTER, &[]).await;
    nothing_is_lost_over(&cluster.config("p"), async || {
        let master = cluster.master("p").await;
        let before = master.port();
        master.kill();
        cluster.promoted("p", before).await;
    })
    .await;
}

#[tokio::test]
async fn a_master_of_a_cluster_that_hangs_and_comes_back_loses_nothing() {
    let mut cluster = RedisCluster::start(MISSED_AFTER, &[]).await;
    nothing_is_lost_over(&cluster.config("p"), async || {
        let master = cluster.master("p").await;
        let before = master.port();
        master.pause();
        cluster.promoted("p", before).await;
        let mut servers = cluster.servers().iter();
        servers
            .find(|server| server.port() == before)
            .expect("it is there")
            .resume();
    })
    .await;
}

/// A master, a replica of it, and the address at which clients find the one that counts.
struct Pair {
    master: RedisServer,
    replica: RedisServer,
    replication: Proxy,
    entrance: Proxy,
}

impl Pair {
    async fn start() -> Self {
        let master = RedisServer::start(&["--repl-diskless-sync-delay", "0"]).await;
        let replication = Proxy::start(master.port()).await;
        let entrance = Proxy::start(master.port()).await;
        let port = replication.port().to_string();
        let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await;
        Self {
            master,
            replica,
            replication,
            entrance,
        }
    }

    fn config(&self) -> RedisConfig {
        let url = format!("redis://127.0.0.1:{}", self.entrance.port());
        RedisConfig::new(url.as_str().into(), "p").expect("the address is well-formed")
    }

    /// Waits until the replica has an entry.
    async fn caught_up(&self, id: EventId) {
        let deadline = Instant::now() + event_bus::conformance::DEADLINE;
        let command = "XREVRANGE {p}:log:1 + - COUNT 1";
        loop {
            let last = self.replica.ask(command).await;
            if last.is_some_and(|last| last.contains(&id.to_string())) {
                return;
            }
            assert!(Instant::now() < deadline, "the replica does not follow");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// New connections find the replica, as the master of its own data.
    async fn promote(&self) {
        let promoted = self.replica.ask("REPLICAOF NO ONE").await;
        assert!(promoted.is_some_and(|answer| answer.contains("OK")));
        self.entrance.lead_to(self.replica.port());
    }
}

#[tokio::test]
async fn what_a_lagging_replica_does_not_know_is_run_again_with_the_same_ids() {
    let mut pair = Pair::start().await;
    let (bus, other) = (connect(&pair.config()), connect(&pair.config()));
    let mut sender = Sender::seeded(&bus, 1).await;
    let guild = sender.author.guild;
    let mut receiver = Receiver::watching(&other, guild).await;
    sender.send(20).await;
    pair.caught_up(sender.sent[19].ids[0]).await;
    pair.replication.silence();
    // published, acknowledged, delivered, and gone with the master
    tokio::join!(sender.send(30), receiver.receive(50));
    let floor = bus.snapshot(&[guild]).await.unwrap().guilds[0].floor;
    let before: Vec<_> = sender
        .sent
        .iter()
        .map(|change| change.ids.clone())
        .collect();
    pair.master.kill();
    pair.promote().await;
    tokio::join!(sender.send(10), receiver.receive(60));
    assert_eq!(sender.again, 30, "the replica did not know them");
    for (change, ids) in sender.sent.iter().zip(&before) {
        assert_eq!(change.ids, *ids);
    }
    assert_eq!(receiver.received, sender.positions());
    assert!(receiver.resets.is_empty(), "{:?}", receiver.resets);
    let log = entries(&*bus, guild).await;
    let logged: Vec<_> = log[1..].iter().map(|entry| vec![entry.id]).collect();
    let sent: Vec<_> = sender
        .sent
        .iter()
        .map(|change| change.ids.clone())
        .collect();
    assert_eq!(logged, sent);
    let cut = bus.snapshot(&[guild]).await.unwrap();
    assert_eq!(
        (cut.guilds[0].floor, vec![cut.id]),
        (floor, sent[59].clone())
    );
}

#[tokio::test]
async fn a_subscription_that_stays_behind_on_the_old_master_is_brought_over_by_its_ticks() {
    let pair = Pair::start().await;
    let bus = connect(&pair.config());
    let mut sender = Sender::seeded(&bus, 1).await;
    let mut receiver = Receiver::watching(&bus, sender.author.guild).await;
    tokio::join!(sender.send(20), receiver.receive(20));
    pair.caught_up(sender.sent[19].ids[0]).await;
    pair.promote().await;
    // commands go to the new one; the old one still answers the subscriber
    let killed = pair.master.ask("CLIENT KILL TYPE normal SKIPME yes").await;
    assert!(killed.is_some());
    sender.send(20).await;
    receiver.tick().await;
    assert!(receiver.interruptions > 0);
    receiver.receive(40).await;
    tokio::join!(sender.send(20), receiver.receive(60));
    assert_eq!(receiver.received, sender.positions());
}

//! Redis is killed, frozen, emptied and cut off.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{EventId, GuildId, ShardId};
use event_bus::{
    Batch, BusError, Change, Delivery, EventBus, Fence, Outcome, RedisBus, Retention,
    conformance::{Author, DEADLINE, entries, event, follow, message, next},
};
use fred::interfaces::ClientLike;
use fred::types::CustomCommand;
use prometheus::Registry;
use redis_link::{COMMAND_TIMEOUT, RedisConfig, RedisLink, Role, testing::RedisServer};

use super::proxy::Proxy;

const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

fn connect(config: &RedisConfig) -> Arc<dyn EventBus> {
    Arc::new(RedisBus::connect(
        config,
        Retention::default(),
        &Registry::new(),
    ))
}

/// Publishes until the bus takes it.
async fn insist(bus: &dyn EventBus, change: &Change) -> Outcome {
    let deadline = Instant::now() + DEADLINE;
    let batch = Batch::of(vec![change.clone()]);
    loop {
        match bus.publish(&batch).await {
            Ok(mut outcomes) => return outcomes.remove(0),
            Err(BusError::Unavailable(_)) => assert!(Instant::now() < deadline, "still away"),
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Publishes `count` more changes of one entry each, over whatever happens.
async fn insist_on(author: &mut Author, count: usize) {
    for _ in 0..count {
        let change = author.change(vec![event(author.guild, "a")]);
        let outcome = insist(&*author.bus, &change).await;
        assert!(
            matches!(outcome, Outcome::Applied(_) | Outcome::Duplicate),
            "{outcome:?}"
        );
    }
}

async fn command(link: &RedisLink, name: &'static str, arguments: &[&str]) -> fred::types::Value {
    let command = CustomCommand::new_static(name, None::<u16>, false);
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    link.client()
        .custom(command, arguments)
        .await
        .expect("Redis answers")
}

async fn logged(bus: &dyn EventBus, guild: GuildId) -> Vec<EventId> {
    entries(bus, guild)
        .await
        .iter()
        .map(|entry| entry.id)
        .collect()
}

#[tokio::test]
async fn a_redis_that_is_killed_and_restarted_loses_nothing_for_a_subscriber() {
    let mut server = RedisServer::start(DURABLE).await;
    let (bus, other) = (connect(&server.config("p")), connect(&server.config("p")));
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let mut subscription = other.subscribe().await.unwrap();
    subscription.watcher().watch(guild).await.unwrap();
    let before = logged(&*bus, guild).await[0];
    let publishing = async {
        insist_on(&mut author, 150).await;
        server.kill();
        let restart = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.restart().await;
        };
        tokio::join!(restart, insist_on(&mut author, 150));
    };
    let receiving = follow(&*other, &mut subscription, guild, before, 300);
    let ((seen, interruptions), ()) = tokio::join!(receiving, publishing);
    assert_eq!(interruptions, 1, "one outage, one interruption");
    assert_eq!(seen, logged(&*bus, guild).await[1..]);
}

#[tokio::test]
async fn a_frozen_redis_makes_publish_fail_in_time_and_the_retry_a_duplicate() {
    let server = RedisServer::start(&[]).await;
    let bus = connect(&server.config("p"));
    let mut author = Author::seeded(&bus, 1).await;
    let change = author.change(vec![event(author.guild, "a")]);
    server.pause();
    let asked = Instant::now();
    let batch = Batch::of(vec![change.clone()]);
    let refused = bus.publish(&batch).await;
    assert!(
        matches!(refused, Err(BusError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(asked.elapsed() < COMMAND_TIMEOUT * 3);
    server.resume();
    assert_eq!(insist(&*bus, &change).await, Outcome::Duplicate);
    assert_eq!(logged(&*bus, author.guild).await.len(), 2);
}

#[tokio::test]
async fn flushed_scripts_are_loaded_again() {
    let server = RedisServer::start(&[]).await;
    let bus = connect(&server.config("p"));
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let mut author = Author::seeded(&bus, 1).await;
    for _ in 0..3 {
        command(&link, "SCRIPT", &["FLUSH"]).await;
        insist_on(&mut author, 1).await;
        command(&link, "SCRIPT", &["FLUSH"]).await;
        assert_eq!(bus.snapshot(&[author.guild]).await.unwrap().guilds.len(), 1);
        bus.read(author.guild, EventId::ZERO, EventId::MAX, 1)
            .await
            .unwrap();
        bus.draw_epoch().await.unwrap();
    }
    assert_eq!(logged(&*bus, author.guild).await.len(), 4);
}

#[tokio::test]
async fn no_batch_overtakes_another_where_redis_has_forgotten_the_script() {
    let server = RedisServer::start(&[]).await;
    let (bus, other) = (connect(&server.config("p")), connect(&server.config("p")));
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let mut stranger = Author::seeded(&other, 99).await;
    let mut authors = Vec::new();
    for guild in 1..=64 {
        authors.push(Author::seeded(&bus, guild).await);
    }
    for _ in 0..20 {
        let batches: Vec<Batch> = authors
            .iter_mut()
            .map(|author| {
                let new = vec![event(author.guild, "a"); 8];
                Batch::of(vec![author.change(new)])
            })
            .collect();
        command(&link, "SCRIPT", &["FLUSH"]).await;
        // while they are under way somebody else loads it: some fail, and those behind them do not
        let under_way =
            futures_util::future::join_all(batches.iter().map(|batch| bus.publish(batch)));
        let (outcomes, ()) = tokio::join!(under_way, insist_on(&mut stranger, 3));
        let mut last = EventId::ZERO;
        for (batch, outcomes) in batches.iter().zip(outcomes) {
            match outcomes.as_deref() {
                Ok([Outcome::Applied(ids)]) => {
                    assert!(ids[0] > last, "{ids:?} was overtaken by {last}");
                    last = ids[7];
                }
                Err(BusError::Unavailable(_)) => {
                    let outcome = insist(&*bus, &batch.changes[0]).await;
                    assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_fence_that_redis_forgot_is_the_next_publishers() {
    let server = RedisServer::start(&[]).await;
    let bus = connect(&server.config("p"));
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let fence = |token| Fence {
        shard: ShardId::ONE,
        token,
    };
    let mut author = Author::seeded(&bus, 1).await;
    bus.fence(fence(9)).await.unwrap();
    command(&link, "DEL", &["{p}:fence:0/1"]).await;
    let mut publish = async |token| {
        let fence = Some(fence(token));
        let changes = vec![author.change(vec![])];
        bus.publish(&Batch { fence, changes }).await
    };
    assert!(publish(7).await.is_ok());
    assert!(matches!(bus.fence(fence(6)).await, Err(BusError::Fenced)));
    command(&link, "SET", &["{p}:fence:0/1", "rubbish"]).await;
    let refused = publish(9).await;
    let Err(BusError::Corrupt(key)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(key, "{p}:fence:0/1");
}

#[tokio::test]
async fn a_killed_subscriber_connection_is_told_and_repaired() {
    let server = RedisServer::start(&[]).await;
    let bus = connect(&server.config("p"));
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let mut subscription = bus.subscribe().await.unwrap();
    subscription.watcher().watch(guild).await.unwrap();
    let before = logged(&*bus, guild).await[0];
    let publishing = async {
        for _ in 0..5 {
            insist_on(&mut author, 50).await;
            command(&link, "CLIENT", &["KILL", "TYPE", "pubsub"]).await;
            insist_on(&mut author, 50).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let receiving = follow(&*bus, &mut subscription, guild, before, 500);
    let ((seen, interruptions), ()) = tokio::join!(receiving, publishing);
    assert!((1..=5).contains(&interruptions), "{interruptions}");
    assert_eq!(seen, logged(&*bus, guild).await[1..]);
}

#[tokio::test]
async fn a_redis_that_is_away_at_first_is_used_as_soon_as_it_answers() {
    let mut server = RedisServer::start(&[]).await;
    server.kill();
    let bus = connect(&server.config("p"));
    let asked = Instant::now();
    assert!(matches!(bus.ping().await, Err(BusError::Unavailable(_))));
    assert!(matches!(bus.clock().await, Err(BusError::Unavailable(_))));
    let mut subscription = bus.subscribe().await.unwrap();
    let watcher = subscription.watcher();
    let refused = watcher.watch(GuildId::new(1)).await;
    assert!(
        matches!(refused, Err(BusError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(asked.elapsed() < COMMAND_TIMEOUT * 6);

    server.restart().await;
    let mut author = Author::new(&bus, 1);
    let mut change = author.change(vec![]);
    change.reseed = true;
    assert_eq!(insist(&*bus, &change).await, Outcome::Applied(vec![]));
    // the refused watch is not half registered: nothing of guild 1 comes before the second one
    let mut other = Author::seeded(&bus, 2).await;
    watcher.watch(other.guild).await.unwrap();
    author.publish(vec![event(author.guild, "unheard")]).await;
    let ids = other.publish(vec![event(other.guild, "heard")]).await;
    let Delivery::Entry(entry) = next(&mut subscription).await else {
        panic!("interrupted")
    };
    assert_eq!(entry.id, ids[0]);
    watcher.watch(author.guild).await.unwrap();
    let ids = author.publish(vec![event(author.guild, "heard")]).await;
    let Delivery::Entry(entry) = next(&mut subscription).await else {
        panic!("interrupted")
    };
    assert_eq!(entry.id, ids[0]);
}

#[tokio::test]
async fn a_watch_during_an_outage_fails_in_time_and_established_ones_come_back() {
    let mut server = RedisServer::start(DURABLE).await;
    let bus = connect(&server.config("p"));
    let mut one = Author::seeded(&bus, 1).await;
    let mut two = Author::seeded(&bus, 2).await;
    let mut subscription = bus.subscribe().await.unwrap();
    let watcher = subscription.watcher();
    watcher.watch(one.guild).await.unwrap();
    server.kill();
    let asked = Instant::now();
    let (new, known) = tokio::join!(watcher.watch(two.guild), watcher.watch(one.guild));
    assert!(matches!(new, Err(BusError::Unavailable(_))), "{new:?}");
    assert!(
        known.is_ok() || matches!(known, Err(BusError::Unavailable(_))),
        "{known:?}"
    );
    assert!(asked.elapsed() < COMMAND_TIMEOUT * 2);
    server.restart().await;
    assert!(matches!(
        next(&mut subscription).await,
        Delivery::Interrupted
    ));
    insist_on(&mut two, 1).await;
    insist_on(&mut one, 1).await;
    let Delivery::Entry(entry) = next(&mut subscription).await else {
        panic!("interrupted")
    };
    assert_eq!(entry.guild, one.guild);
}

#[tokio::test]
async fn a_redis_that_forgot_everything_is_seeded_anew_and_its_clock_never_goes_back() {
    let mut server = RedisServer::start(&[]).await;
    let bus = connect(&server.config("p"));
    let mut author = Author::seeded(&bus, 1).await;
    let old = author.publish(vec![message(author.guild, 1, "a")]).await;
    let epoch = bus.draw_epoch().await.unwrap();
    let mut subscription = bus.subscribe().await.unwrap();
    subscription.watcher().watch(author.guild).await.unwrap();
    server.restart().await;
    let change = author.change(vec![event(author.guild, "b")]);
    assert_eq!(
        insist(&*bus, &change).await,
        Outcome::Behind { stored: None }
    );
    let page = bus
        .read(author.guild, EventId::ZERO, EventId::MAX, 1)
        .await
        .unwrap();
    assert!(page.floor.is_none());
    let new = author.reseed(vec![event(author.guild, "c")]).await;
    assert!(new[0] > old[0]);
    assert!(bus.draw_epoch().await.unwrap() > epoch);
    let page = bus
        .read(author.guild, EventId::ZERO, EventId::MAX, 9)
        .await
        .unwrap();
    assert!(page.floor > Some(old[0]) && page.entries.len() == 2);
    // whether the reseed comes live or not, the receiver is told
    assert!(matches!(
        next(&mut subscription).await,
        Delivery::Interrupted
    ));
}

#[tokio::test]
async fn a_clock_that_was_lost_alone_goes_on_above_every_known_id() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let (bus, other) = (connect(&server.config("p")), connect(&server.config("p")));
    let mut author = Author::seeded(&bus, 1).await;
    let mut stranger = Author::seeded(&other, 2).await;
    // a clock ahead of this machine's time, then gone
    let ahead = "9999999999999-7";
    command(&link, "SET", &["{p}:clock", ahead]).await;
    let ids = author.publish(vec![event(author.guild, "a")]).await;
    assert_eq!(ids[0].to_string(), "9999999999999-8");
    // a process that has published nothing knows it from the guild
    command(&link, "DEL", &["{p}:clock"]).await;
    author.bus = connect(&server.config("p"));
    let next = author.publish(vec![event(author.guild, "b")]).await;
    assert!(next[0] > ids[0]);
    // and in another guild from what it published itself
    command(&link, "DEL", &["{p}:clock"]).await;
    stranger.bus = Arc::clone(&author.bus);
    assert!(stranger.publish(vec![event(stranger.guild, "c")]).await[0] > next[0]);
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_given_up_and_repaired() {
    let server = RedisServer::start(&[]).await;
    let proxy = Proxy::start(server.port()).await;
    let bus = connect(&server.config("p"));
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    let far = connect(&RedisConfig::new(url.as_str().into(), "p").unwrap());
    let mut subscription = far.subscribe().await.unwrap();
    subscription.watcher().watch(guild).await.unwrap();
    let before = logged(&*bus, guild).await[0];
    proxy.silence();
    insist_on(&mut author, 20).await;
    let (seen, interruptions) = follow(&*bus, &mut subscription, guild, before, 20).await;
    assert_eq!(interruptions, 1);
    assert_eq!(seen, logged(&*bus, guild).await[1..]);
    insist_on(&mut author, 20).await;
    let last = seen[seen.len() - 1];
    let (_, interruptions) = follow(&*bus, &mut subscription, guild, last, 20).await;
    assert_eq!(interruptions, 0, "it is live again");
}

#[tokio::test]
async fn a_full_redis_refuses_changes_and_writes_no_part_of_them() {
    let server = RedisServer::start(&["--maxmemory-policy", "noeviction"]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let bus = connect(&server.config("p"));
    let mut author = Author::seeded(&bus, 1).await;
    command(&link, "CONFIG", &["SET", "maxmemory", "1"]).await;
    let change = author.change(vec![event(author.guild, "a")]);
    let batch = Batch::of(vec![change.clone()]);
    let refused = bus.publish(&batch).await;
    assert!(
        matches!(refused, Err(BusError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(logged(&*bus, author.guild).await.len(), 1);
    command(&link, "CONFIG", &["SET", "maxmemory", "0"]).await;
    assert!(matches!(insist(&*bus, &change).await, Outcome::Applied(_)));
}

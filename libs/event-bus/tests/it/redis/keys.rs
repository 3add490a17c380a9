//! What lies in Redis, and for how long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{EventId, GuildId, ShardId, state::AudienceChange};
use event_bus::{
    Batch, BusError, EventBus, Fence, NewEntry, RedisBus, Retention, StateOp,
    conformance::{Author, DEADLINE, edited, entries, event, message},
};
use fred::{interfaces::ClientLike, types::CustomCommand, types::Value};
use prometheus::{Encoder, Registry, TextEncoder};
use redis_link::{RedisLink, Role, testing::RedisServer};

fn connect(server: &RedisServer, prefix: &str) -> Arc<dyn EventBus> {
    keeping(server, prefix, Retention::default())
}

fn keeping(server: &RedisServer, prefix: &str, retention: Retention) -> Arc<dyn EventBus> {
    Arc::new(RedisBus::connect(
        &server.config(prefix),
        retention,
        &Registry::new(),
    ))
}

async fn ask(link: &RedisLink, line: &str) -> Value {
    let mut words = line.split(' ').map(str::to_owned);
    let command = CustomCommand::new(words.next().expect("a command"), None::<u16>, false);
    link.client()
        .custom(command, words.collect::<Vec<_>>())
        .await
        .expect("Redis answers")
}

async fn strings(link: &RedisLink, line: &str) -> Vec<String> {
    ask(link, line).await.convert().expect("what was asked for")
}

async fn number(link: &RedisLink, line: &str) -> i64 {
    ask(link, line).await.convert().expect("what was asked for")
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether these bytes are anywhere in Redis, by its own image on disk.
async fn holds(server: &RedisServer, link: &RedisLink, needle: &str) -> bool {
    ask(link, "SAVE").await;
    let image = std::fs::read(server.directory().join("dump.rdb")).expect("the image is written");
    image
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[tokio::test]
async fn the_text_of_a_redacted_message_is_nowhere_in_redis() {
    let server = RedisServer::start(&["--rdbcompression", "no"]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let bus = connect(&server, "p");
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    author
        .publish(vec![
            message(guild, 10, "s3cr3t-one"),
            message(guild, 11, "kept"),
        ])
        .await;
    author.publish(vec![edited(guild, 10, "s3cr3t-two")]).await;
    assert!(
        holds(&server, &link, "s3cr3t").await,
        "the test looks in the right place"
    );
    author.redact(10).await;
    assert!(!holds(&server, &link, "s3cr3t").await);
    assert!(holds(&server, &link, "kept").await);
    author.reseed(vec![]).await;
    assert!(
        !holds(&server, &link, "kept").await,
        "a reseed leaves no text behind"
    );
}

#[tokio::test]
async fn trimmed_messages_leave_nothing_behind() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let retention = Retention {
        age: Duration::from_secs(3600),
        entries: 10,
    };
    let bus = keeping(&server, "p", retention);
    let mut author = Author::seeded(&bus, 1).await;
    for n in 0..50 {
        author
            .publish(vec![edited(author.guild, n % 7, "text")])
            .await;
        author.redact(n % 5).await;
    }
    assert_eq!(number(&link, "XLEN {p}:log:1").await, 10);
    assert!(number(&link, "HLEN {p}:messages:1").await <= 20);
    for _ in 0..10 {
        author.publish(vec![event(author.guild, "a")]).await;
    }
    assert_eq!(number(&link, "EXISTS {p}:messages:1").await, 0);
}

#[tokio::test]
async fn an_abandoned_deployment_expires_and_a_used_one_is_kept() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let bus = connect(&server, "p");
    let mut author = Author::seeded(&bus, 1).await;
    let gone = NewEntry::Audience(AudienceChange::GuildGone);
    author
        .publish(vec![message(author.guild, 1, "a"), gone])
        .await;
    author.set(vec![StateOp::SetRole(role())]).await;
    bus.draw_epoch().await.unwrap();
    let fence = Fence {
        shard: ShardId::ONE,
        token: 1,
    };
    bus.fence(fence).await.unwrap();
    let lasting = ["{p}:clock", "{p}:epoch", "{p}:schema"];
    let keys = strings(&link, "KEYS *").await;
    assert!(keys.len() >= 9, "{keys:?}");
    for key in &keys {
        assert!(key.starts_with("{p}:"), "{key}");
        let expiry = number(&link, &format!("TTL {key}")).await;
        assert_eq!(
            expiry > 0,
            !lasting.contains(&key.as_str()),
            "{key}: {expiry}"
        );
    }
    let log = number(&link, "TTL {p}:log:1").await;
    assert!(log > 86_400 && number(&link, "TTL {p}:guild:1").await > log);

    // the quiet guild is renewed by any process that is there
    for key in ["log", "guild", "roles", "messages"] {
        ask(&link, &format!("EXPIRE {{p}}:{key}:1 60")).await;
    }
    ask(&link, "DEL {p}:keeper").await;
    let _other = connect(&server, "p");
    eventually("the guild is renewed", async || {
        number(&link, "TTL {p}:guild:1").await > 86_400
    })
    .await;
    for key in ["log", "roles", "messages"] {
        assert!(
            number(&link, &format!("TTL {{p}}:{key}:1")).await > 86_400,
            "{key}"
        );
    }
}

fn role() -> contracts::state::Role {
    contracts::state::Role {
        id: contracts::RoleId::new(1),
        name: "r".to_owned(),
        permissions: 0,
        position: 0,
    }
}

#[tokio::test]
async fn old_entries_of_a_quiet_guild_are_dropped_too() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let retention = Retention {
        age: Duration::from_millis(50),
        entries: 100,
    };
    let bus = keeping(&server, "p", retention);
    let mut author = Author::seeded(&bus, 1).await;
    let ids = author.publish(vec![message(author.guild, 1, "old")]).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    ask(&link, "DEL {p}:keeper").await;
    let _other = keeping(&server, "p", retention);
    eventually("the log is empty", async || {
        number(&link, "XLEN {p}:log:1").await == 0
    })
    .await;
    let page = bus
        .read(author.guild, EventId::ZERO, EventId::MAX, 9)
        .await
        .unwrap();
    assert_eq!(page.floor, Some(ids[0]));
    assert_eq!(
        bus.snapshot(&[author.guild]).await.unwrap().guilds[0].floor,
        ids[0]
    );
}

#[tokio::test]
async fn a_log_that_vanished_is_told_by_the_floor() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let bus = connect(&server, "p");
    let mut author = Author::seeded(&bus, 1).await;
    let ids = author.publish(vec![event(author.guild, "a")]).await;
    ask(&link, "DEL {p}:log:1").await;
    let page = bus
        .read(author.guild, EventId::ZERO, EventId::MAX, 9)
        .await
        .unwrap();
    assert_eq!(page.floor, Some(ids[0]));
    author.publish(vec![event(author.guild, "b")]).await;
    let page = bus
        .read(author.guild, EventId::ZERO, EventId::MAX, 9)
        .await
        .unwrap();
    assert_eq!((page.floor, page.entries.len()), (Some(ids[0]), 1));
}

#[tokio::test]
async fn deployments_with_other_prefixes_do_not_meet() {
    let server = RedisServer::start(&[]).await;
    let (one, two) = (connect(&server, "one"), connect(&server, "two"));
    let mut author = Author::seeded(&one, 1).await;
    let mut subscription = two.subscribe().await.unwrap();
    subscription.watcher().watch(author.guild).await.unwrap();
    author.publish(vec![event(author.guild, "a")]).await;
    assert!(two.all_guilds().await.unwrap().is_empty());
    assert_eq!(two.clock().await.unwrap(), EventId::ZERO);
    let other = Author::seeded(&two, 1).await;
    let page = two
        .read(other.guild, EventId::ZERO, EventId::MAX, 9)
        .await
        .unwrap();
    assert_eq!(page.entries.len(), 1);
    let event_bus::Delivery::Entry(entry) = event_bus::conformance::next(&mut subscription).await
    else {
        panic!("interrupted");
    };
    assert!(matches!(entry.body, event_bus::Body::Reseed));
}

#[tokio::test]
async fn what_redis_holds_and_cannot_be_read_is_named_by_its_key() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let bus = connect(&server, "p");
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let publish = |author: &mut Author| {
        let changes = vec![author.change(vec![event(author.guild, "a")])];
        let bus = Arc::clone(&bus);
        async move { bus.publish(&Batch::of(changes)).await }
    };
    let says = |error: Option<BusError>, key: &str| {
        assert!(matches!(&error, Some(BusError::Corrupt(_))), "{error:?}");
        let text = error.unwrap().to_string();
        assert!(text.contains(key) && !text.contains("rubbish"), "{text}");
    };
    ask(&link, "HSET {p}:roles:1 5 rubbish").await;
    says(bus.snapshot(&[guild]).await.err(), "roles:1");
    ask(&link, "HSET {p}:guild:1 facts rubbish").await;
    says(bus.guilds(&[guild]).await.err(), "guild:1");
    ask(
        &link,
        "XADD {p}:log:1 9999999999999-0 p 0-0 o 1:1:1 b rubbish",
    )
    .await;
    says(
        bus.read(guild, EventId::ZERO, EventId::MAX, 9).await.err(),
        "log:1",
    );
    ask(&link, "HSET {p}:guild:1 pos rubbish").await;
    says(publish(&mut author).await.err(), "{p}:guild:1");
    ask(&link, "SET {p}:schema 2").await;
    let clock = bus.clock().await.unwrap();
    let mut other = Author::new(&bus, 2);
    says(publish(&mut other).await.err(), "{p}:schema");
    assert_eq!(bus.clock().await.unwrap(), clock);
    ask(&link, "SET {p}:schema 1").await;
    ask(&link, "SET {p}:clock rubbish").await;
    says(publish(&mut other).await.err(), "{p}:clock");
    says(bus.clock().await.err(), "clock");
    ask(&link, "SET {p}:guild:2 rubbish").await;
    ask(&link, "DEL {p}:clock").await;
    says(publish(&mut other).await.err(), "type");
    ask(&link, "SET {p}:epoch rubbish").await;
    says(bus.draw_epoch().await.err(), "{p}:epoch");
    ask(&link, "SADD {p}:guilds rubbish").await;
    says(bus.all_guilds().await.err(), "guilds");
}

#[tokio::test]
async fn redis_is_subscribed_to_what_is_watched_and_nothing_else() {
    let server = RedisServer::start(&[]).await;
    let link = RedisLink::connect(&server.config("p"), Role::Commands);
    let bus = connect(&server, "p");
    let subscription = bus.subscribe().await.unwrap();
    let watcher = subscription.watcher();
    let channels = async |expected: &[&str]| {
        eventually("the channels are those watched", async || {
            let mut channels = strings(&link, "PUBSUB SHARDCHANNELS {p}:events:*").await;
            channels.sort_unstable();
            channels == expected
        })
        .await;
    };
    for guild in [1, 2, 3] {
        watcher.watch(GuildId::new(guild)).await.unwrap();
    }
    channels(&["{p}:events:1", "{p}:events:2", "{p}:events:3"]).await;
    watcher.unwatch(GuildId::new(2)).await.unwrap();
    channels(&["{p}:events:1", "{p}:events:3"]).await;
    for guild in [1, 3] {
        watcher.unwatch(GuildId::new(guild)).await.unwrap();
    }
    channels(&[]).await;
    watcher.watch(GuildId::new(2)).await.unwrap();
    channels(&["{p}:events:2"]).await;
    drop((subscription, watcher));
    channels(&[]).await;
}

#[tokio::test]
async fn many_guilds_are_watched_at_once() {
    let server = RedisServer::start(&[]).await;
    let bus = connect(&server, "p");
    let mut author = Author::seeded(&bus, 700).await;
    let mut subscription = bus.subscribe().await.unwrap();
    let watcher = subscription.watcher();
    let watches = (1..=1_500).map(|guild| watcher.watch(GuildId::new(guild)));
    for watched in futures_util::future::join_all(watches).await {
        watched.unwrap();
    }
    author.publish(vec![event(author.guild, "a")]).await;
    let delivery = event_bus::conformance::next(&mut subscription).await;
    assert!(matches!(delivery, event_bus::Delivery::Entry(_)));
}

#[tokio::test]
async fn a_closed_bus_refuses_everything_and_ends_its_subscriptions() {
    let server = RedisServer::start(&[]).await;
    let config = server.config("p");
    let bus = RedisBus::connect(&config, Retention::default(), &Registry::new());
    let mut subscription = bus.subscribe().await.unwrap();
    subscription.watcher().watch(GuildId::new(1)).await.unwrap();
    bus.close();
    assert!(
        tokio::time::timeout(DEADLINE, subscription.next())
            .await
            .unwrap()
            .is_none()
    );
    assert!(matches!(bus.ping().await, Err(BusError::Closed)));
    assert!(matches!(bus.subscribe().await, Err(BusError::Closed)));
}

#[tokio::test]
async fn calls_are_measured() {
    let server = RedisServer::start(&[]).await;
    let registry = Registry::new();
    let bus: Arc<dyn EventBus> = Arc::new(RedisBus::connect(
        &server.config("p"),
        Retention::default(),
        &registry,
    ));
    let author = Author::seeded(&bus, 1).await;
    entries(&*bus, author.guild).await;
    let mut text = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut text)
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    for line in [
        "fanfare_redis_command_seconds_count{command=\"publish\"} 1",
        "fanfare_redis_command_seconds_count{command=\"read\"} 1",
        "fanfare_bus_interruptions_total 0",
        "fanfare_redis_reconnects_total 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

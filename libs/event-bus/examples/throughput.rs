//! How many dispatches a second one publisher gets through Redis: `cargo run --release --example throughput -p event-bus`
//! with a redis-server in the path. Batches of 50 changes of one entry each, over 20 guilds. The next batch is sent before
//! the answer to the one before it came, as a gateway does; each window is how many are under way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::GuildId;
use event_bus::{
    Batch, EventBus, Outcome, RedisBus, Retention,
    conformance::{Author, event},
};
use fred::{interfaces::ClientLike, types::InfoKind};
use futures_util::StreamExt as _;
use prometheus::Registry;
use redis_link::{RedisLink, Role, testing::RedisServer};

const TIME: Duration = Duration::from_secs(3);
const WINDOWS: [usize; 4] = [1, 2, 4, 16];
const BATCH: usize = 50;
const GUILDS: usize = 20;

#[tokio::main]
async fn main() {
    let server = RedisServer::start(&[]).await;
    let config = server.config("bench");
    let bus: Arc<dyn EventBus> = Arc::new(RedisBus::connect(
        &config,
        Retention::default(),
        &Registry::new(),
    ));
    let link = RedisLink::connect(&config, Role::Commands);
    let mut authors = Vec::new();
    for guild in 1..=GUILDS as u64 {
        authors.push(Author::seeded(&bus, guild).await);
    }
    for window in WINDOWS {
        let (before, began) = (cpu_of(&link).await, Instant::now());
        let dispatches = publish(&bus, &mut authors, window).await as f64;
        let rate = dispatches / began.elapsed().as_secs_f64();
        let each = (cpu_of(&link).await - before) * 1e6 / dispatches;
        println!(
            "{window} under way: {rate:.0} dispatches/s in batches of {BATCH}; Redis spends {each:.1} \u{b5}s of CPU on each"
        );
    }
}

/// Seconds of CPU that Redis has spent in its main thread.
async fn cpu_of(link: &RedisLink) -> f64 {
    let info: String = link
        .client()
        .info(Some(InfoKind::Cpu))
        .await
        .expect("Redis answers");
    let spent = info.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let main_thread = ["used_cpu_user_main_thread", "used_cpu_sys_main_thread"];
        main_thread
            .contains(&name)
            .then(|| value.trim().parse::<f64>().ok())?
    });
    spent.sum()
}

/// Publishes with this many batches under way; how many changes were applied.
async fn publish(bus: &Arc<dyn EventBus>, authors: &mut [Author], window: usize) -> usize {
    let new = event(GuildId::new(1), "a room with a name");
    let began = Instant::now();
    let batches = std::iter::from_fn(|| {
        let changes = (0..BATCH).map(|index| authors[index % GUILDS].change(vec![new.clone()]));
        (began.elapsed() < TIME).then(|| Batch::of(changes.collect()))
    });
    let outcomes = futures_util::stream::iter(batches)
        .map(|batch| async move { bus.publish(&batch).await.expect("Redis answers") })
        .buffered(window);
    let applied = outcomes.map(|outcomes| {
        let applied = |outcome: &&Outcome| matches!(outcome, Outcome::Applied(_));
        outcomes.iter().filter(applied).count()
    });
    applied.fold(0, async |sum, applied| sum + applied).await
}

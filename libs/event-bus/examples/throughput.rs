//! How many dispatches a second one publisher gets through Redis: `cargo run --release --example throughput -p event-bus`
//! with a redis-server in the path. Batches of 50 changes of one entry each, over 20 guilds, 16 batches under way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use contracts::GuildId;
use event_bus::{
    Batch, EventBus, Outcome, RedisBus, Retention,
    conformance::{Author, event},
};
use fred::{interfaces::ClientLike, types::InfoKind};
use prometheus::Registry;
use redis_link::{RedisLink, Role, testing::RedisServer};

const TIME: Duration = Duration::from_secs(5);
const BATCH: usize = 50;
const LANES: u64 = 16;
const GUILDS_PER_LANE: u64 = 20;

#[tokio::main]
async fn main() {
    let server = RedisServer::start(&[]).await;
    let config = server.config("bench");
    let bus: Arc<dyn EventBus> = Arc::new(RedisBus::connect(
        &config,
        Retention::default(),
        &Registry::new(),
    ));
    let dispatches = AtomicU64::new(0);
    let lanes = (0..LANES).map(|lane| lane_of(&bus, lane, &dispatches));
    let began = Instant::now();
    futures_util::future::join_all(lanes).await;
    let rate = dispatches.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    let link = RedisLink::connect(&config, Role::Commands);
    let stats: String = link
        .client()
        .info(Some(InfoKind::Cpu))
        .await
        .expect("Redis answers");
    let seconds = stats.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let main_thread = ["used_cpu_user_main_thread", "used_cpu_sys_main_thread"];
        main_thread
            .contains(&name)
            .then(|| value.trim().parse::<f64>().ok())?
    });
    let spent: f64 = seconds.sum::<f64>() * 1e6;
    let each = spent / dispatches.load(Ordering::Relaxed) as f64;
    println!(
        "{rate:.0} dispatches/s in batches of {BATCH}; Redis spends {each:.1} \u{b5}s of CPU on each"
    );
}

async fn lane_of(bus: &Arc<dyn EventBus>, lane: u64, dispatches: &AtomicU64) {
    let mut authors = Vec::new();
    for guild in 0..GUILDS_PER_LANE {
        authors.push(Author::seeded(bus, 1 + lane * GUILDS_PER_LANE + guild).await);
    }
    let new = event(GuildId::new(1), "a room with a name");
    let began = Instant::now();
    while began.elapsed() < TIME {
        let changes = (0..BATCH).map(|index| {
            let author = &mut authors[index % GUILDS_PER_LANE as usize];
            author.change(vec![new.clone()])
        });
        let changes = changes.collect();
        let outcomes = bus
            .publish(&Batch::of(changes))
            .await
            .expect("Redis answers");
        let applied = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Applied(_)));
        dispatches.fetch_add(applied.count() as u64, Ordering::Relaxed);
    }
}

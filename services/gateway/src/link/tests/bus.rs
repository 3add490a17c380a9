//! The event bus over LINK: the same contract as every other, publishing aside, which is done at the gateway.

use std::sync::atomic::AtomicU64;

use ::event_bus::{
    Batch, BusError, Cut, Delivery, Fence, LinkBus, LogPage, MemoryBus, Outcome, Retention,
    Subscription,
    conformance::{Author, Deployment, Factory, entries, event, follow, next},
};
use contracts::{EventId, GuildId, Signal, state::Guild};

use super::*;

struct OverLink;

/// A gateway with everything in memory.
struct Gateway {
    stage: Stage,
    memory: Arc<MemoryBus>,
    now: Arc<AtomicU64>,
}

impl Gateway {
    async fn start(retention: Retention) -> Self {
        let now = Arc::new(AtomicU64::new(1_700_000_000_000));
        let clock = Arc::clone(&now);
        let memory = MemoryBus::with_time(retention, move || clock.load(Ordering::Relaxed));
        let memory = Arc::new(memory);
        let stage = Stage::serving(Some(memory.clone()), None).await;
        Self { stage, memory, now }
    }

    /// Is started anew at the same address, with what it is given; nothing is left of the one before.
    async fn restart(&mut self, memory: Arc<MemoryBus>) {
        self.stage.die().await;
        let addr = self.stage.addr;
        self.stage = Stage::serving(Some(memory.clone()), Some(addr)).await;
        self.memory = memory;
    }

    fn web(&self) -> Arc<dyn EventBus> {
        let endpoint = Endpoint::new(&format!("ws://{}", self.stage.addr), TOKEN.into());
        Arc::new(LinkBus::connect(&endpoint.unwrap(), Timing::default()))
    }
}

#[async_trait]
impl Factory for OverLink {
    async fn deployment(&self, retention: Retention) -> Box<dyn Deployment> {
        Box::new(Gateway::start(retention).await)
    }
}

#[async_trait]
impl Deployment for Gateway {
    fn bus(&self) -> Arc<dyn EventBus> {
        Arc::new(BothEnds {
            gateway: self.memory.clone(),
            web: self.web(),
        })
    }

    async fn pass(&self, time: Duration) {
        self.now
            .fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }
}

/// Publishes as the gateway does, and does everything else as web does.
struct BothEnds {
    gateway: Arc<dyn EventBus>,
    web: Arc<dyn EventBus>,
}

#[async_trait]
impl EventBus for BothEnds {
    async fn publish(&self, batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        self.gateway.publish(batch).await
    }

    async fn fence(&self, fence: Fence) -> Result<(), BusError> {
        self.gateway.fence(fence).await
    }

    async fn draw_epoch(&self) -> Result<u64, BusError> {
        self.gateway.draw_epoch().await
    }

    async fn subscribe(&self) -> Result<Subscription, BusError> {
        self.web.subscribe().await
    }

    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError> {
        self.web.read(guild, after, upto, limit).await
    }

    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError> {
        self.web.snapshot(guilds).await
    }

    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<Guild>, BusError> {
        self.web.guilds(guilds).await
    }

    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        self.web.all_guilds().await
    }

    async fn clock(&self) -> Result<EventId, BusError> {
        self.web.clock().await
    }

    async fn signal(&self, signal: &Signal) -> Result<(), BusError> {
        self.web.signal(signal).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.web.ping().await
    }
}

::event_bus::conformance!(OverLink);

#[tokio::test]
async fn web_does_not_publish() {
    let gateway = Gateway::start(Retention::default()).await;
    let web = gateway.web();
    let refused = web.publish(&Batch::default()).await;
    assert!(matches!(refused, Err(BusError::Refused(_))), "{refused:?}");
    assert!(matches!(web.draw_epoch().await, Err(BusError::Refused(_))));
}

#[tokio::test]
async fn what_is_published_while_the_connection_is_away_is_told_and_found_in_the_log() {
    let mut gateway = Gateway::start(Retention::default()).await;
    let memory: Arc<dyn EventBus> = gateway.memory.clone();
    let mut author = Author::seeded(&memory, 1).await;
    let guild = author.guild;
    let web = gateway.web();
    let mut subscription = web.subscribe().await.unwrap();
    subscription.watcher().watch(guild).await.unwrap();
    let before = web.clock().await.unwrap();
    let mut ids = author.publish(vec![event(guild, "heard")]).await;

    let memory = gateway.memory.clone();
    gateway.stage.die().await;
    ids.extend(author.publish(vec![event(guild, "missed")]).await);
    gateway.restart(memory).await;
    ids.extend(author.publish(vec![event(guild, "missed or heard")]).await);
    let (seen, interruptions) = follow(&*web, &mut subscription, guild, before, 3).await;
    assert_eq!((seen, interruptions), (ids, 1));
    // And it goes on live.
    let id = author.publish(vec![event(guild, "live")]).await;
    let Delivery::Entry(entry) = next(&mut subscription).await else {
        panic!("an entry");
    };
    assert_eq!(entry.id, id[0]);
}

#[tokio::test]
async fn a_gateway_that_is_started_anew_knows_nothing_of_before() {
    let mut gateway = Gateway::start(Retention::default()).await;
    let memory: Arc<dyn EventBus> = gateway.memory.clone();
    let mut author = Author::seeded(&memory, 1).await;
    let guild = author.guild;
    let web = gateway.web();
    let mut subscription = web.subscribe().await.unwrap();
    subscription.watcher().watch(guild).await.unwrap();
    let last = author.publish(vec![event(guild, "before")]).await[0];
    assert!(matches!(next(&mut subscription).await, Delivery::Entry(_)));

    let later = || 1_700_000_009_000;
    gateway
        .restart(Arc::new(MemoryBus::with_time(Retention::default(), later)))
        .await;
    assert!(matches!(
        next(&mut subscription).await,
        Delivery::Interrupted
    ));
    let page = web.read(guild, last, EventId::MAX, 9).await.unwrap();
    assert_eq!((page.entries.len(), page.floor), (0, None));

    let memory: Arc<dyn EventBus> = gateway.memory.clone();
    Author::seeded(&memory, 1).await;
    let Delivery::Entry(entry) = next(&mut subscription).await else {
        panic!("the guild is still watched");
    };
    let page = web.read(guild, last, EventId::MAX, 9).await.unwrap();
    assert_eq!(page.floor, Some(entry.id));
    assert!(last < entry.id, "older cursors can't go on");
}

#[tokio::test]
async fn a_replica_that_does_not_read_is_told_that_something_is_missing() {
    let gateway = Gateway::start(Retention::default()).await;
    let memory: Arc<dyn EventBus> = gateway.memory.clone();
    let mut author = Author::seeded(&memory, 1).await;
    let guild = author.guild;
    let mut socket = gateway.stage.socket().await;
    let subscribe = json!({"type": "command", "requestId": "s", "ts": 1,
        "data": {"command": "bus.subscribe", "payload": {"guildIds": [guild]}}});
    socket.say(subscribe.to_string()).await;
    assert_eq!(socket.hear().await["type"], "ack");
    // More than sockets and queues hold.
    let long = "x".repeat(4_000);
    let mut last = EventId::ZERO;
    for _ in 0..200 {
        let many = (0..100).map(|_| event(guild, &long)).collect();
        last = *author.publish(many).await.last().unwrap();
    }
    let mut heard = 0;
    loop {
        let told = socket.hear().await;
        assert_eq!(told["type"], "event");
        if told["data"]["interrupted"] == true {
            break;
        }
        heard += 1;
        assert_ne!(told["data"]["id"], json!(last), "all of it was kept");
    }
    assert!(heard >= ::event_bus::DELIVERY_QUEUE);
}

#[tokio::test]
async fn a_long_log_comes_in_pages_that_are_not_too_large() {
    let gateway = Gateway::start(Retention::default()).await;
    let memory: Arc<dyn EventBus> = gateway.memory.clone();
    let mut author = Author::seeded(&memory, 1).await;
    let guild = author.guild;
    let long = "x".repeat(10_000);
    let mut ids = Vec::new();
    for _ in 0..5 {
        let many = (0..100).map(|_| event(guild, &long)).collect();
        ids.extend(author.publish(many).await);
    }
    let web = gateway.web();
    let page = web.read(guild, EventId::ZERO, EventId::MAX, 5_000).await;
    let page = page.unwrap();
    assert!(
        page.more && page.entries.len() < 200,
        "{}",
        page.entries.len()
    );
    let all = entries(&*web, guild).await;
    let all: Vec<_> = all.iter().map(|entry| entry.id).collect();
    assert_eq!(all[1..], ids, "behind the reseed");
}

#[tokio::test]
async fn where_the_bus_is_not_served_there_are_no_such_commands() {
    let stage = Stage::new().await;
    let endpoint = Endpoint::new(&format!("ws://{}", stage.addr), TOKEN.into()).unwrap();
    let bus = LinkBus::connect(&endpoint, Timing::default());
    let refused = bus.ping().await;
    assert!(
        matches!(refused, Err(BusError::Unavailable(_))),
        "{refused:?}"
    );
}

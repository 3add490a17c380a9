//! A bus that does what a test says: what is in its logs, what comes live and what becomes of ticks are told one by one.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use contracts::{
    Event, EventId, GuildId, RoleId, Signal, UserId,
    envelope::Unpublished,
    state::{Guild, Role},
};
use event_bus::{
    Batch, Body, BusError, Cut, Delivery, Entry, EventBus, Fence, GuildCut, LogPage, Outcome,
    Position, StoredGuild, Subscription,
};
use parking_lot::Mutex;
use prometheus::Registry;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    super::{Health, Hub, Limits},
    world::{ROOM, channel, voice},
};
use crate::metrics::Metrics;

/// What becomes of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ticks {
    Return,
    Vanish,
    Fail,
}

/// The bus; clones share it.
#[derive(Clone)]
pub(crate) struct Script {
    inner: Arc<Mutex<Inner>>,
    reads: Arc<AtomicUsize>,
}

struct Inner {
    clock: EventId,
    ticks: Ticks,
    guilds: BTreeMap<GuildId, Log>,
    /// The latest subscription.
    live: Option<mpsc::Sender<Delivery>>,
    subscribed: usize,
}

#[derive(Debug, Default)]
struct Log {
    floor: EventId,
    entries: Vec<Entry>,
}

/// A hub on such a bus.
pub(crate) struct Stage {
    pub(crate) script: Script,
    pub(crate) hub: Hub,
    _stop: DropGuard,
}

pub(super) fn id(ms: u64) -> EventId {
    EventId::new(ms, 0)
}

/// Somebody joins the room: the id of the entry before, its own, its position, who.
pub(super) fn join(guild: GuildId, previous: u64, ms: u64, seq: u64, user: u64) -> Entry {
    let event = Event::VoiceJoined(voice(ROOM, user).joined(guild));
    let unpublished = Unpublished::new(guild, &event, 1, None).unwrap();
    Entry {
        guild,
        id: id(ms),
        previous: id(previous),
        position: Position {
            generation: 1,
            seq,
            part: 0,
        },
        body: Body::Event(unpublished.publish(id(ms))),
    }
}

impl Stage {
    /// Guilds with an entry each, at id 1 and position 1; the clock stands at 100.
    pub(crate) async fn new(guilds: &[GuildId]) -> Self {
        let stage = Self::starting(guilds, Ticks::Return);
        while stage.hub.health() != Health::Ready {
            tokio::task::yield_now().await;
        }
        stage
    }

    /// What the hub hears.
    pub(crate) fn signals(&self) -> tokio::sync::mpsc::Receiver<Signal> {
        let (heard, signals) = tokio::sync::mpsc::channel(8);
        self.hub
            .on_signal(move |signal| heard.try_send(signal.clone()).unwrap());
        signals
    }

    pub(crate) fn starting(guilds: &[GuildId], ticks: Ticks) -> Self {
        let log = |guild: &GuildId| {
            let entries = vec![join(*guild, 0, 1, 1, 1)];
            let floor = EventId::ZERO;
            (*guild, Log { floor, entries })
        };
        let script = Script {
            inner: Arc::new(Mutex::new(Inner {
                clock: id(100),
                ticks,
                guilds: guilds.iter().map(log).collect(),
                live: None,
                subscribed: 0,
            })),
            reads: Arc::default(),
        };
        let stop = CancellationToken::new();
        let (hub, follow) = Hub::new(
            Arc::new(script.clone()),
            Arc::new(Metrics::register(&Registry::new()).unwrap()),
            Duration::from_secs(u64::from(u32::MAX)),
            String::new(),
            Limits::default(),
            stop.clone(),
        );
        tokio::spawn(follow);
        Self {
            script,
            hub,
            _stop: stop.drop_guard(),
        }
    }

    /// Waits for a tick that is drawn from now on.
    pub(super) async fn level(&self) {
        let clock = self.script.inner.lock().clock;
        let complete = self.hub.level_when(|line| line.complete > clock);
        complete.await.unwrap();
    }
}

impl Script {
    pub(crate) fn set_ticks(&self, ticks: Ticks) {
        self.inner.lock().ticks = ticks;
    }

    pub(super) fn set_clock(&self, ms: u64) {
        self.inner.lock().clock = id(ms);
    }

    /// Replaces what a guild's log holds.
    pub(super) fn set_log(&self, guild: GuildId, floor: u64, entries: Vec<Entry>) {
        let floor = id(floor);
        let log = Log { floor, entries };
        self.inner.lock().guilds.insert(guild, log);
    }

    /// Appends to a guild's log; nobody hears of it.
    pub(super) fn append(&self, entry: &Entry) {
        let mut inner = self.inner.lock();
        inner.clock = inner.clock.max(entry.id);
        let log = inner.guilds.entry(entry.guild).or_default();
        log.entries.push(entry.clone());
    }

    /// Delivers live.
    pub(super) fn deliver(&self, delivery: Delivery) {
        let live = self.inner.lock().live.clone().unwrap();
        live.try_send(delivery).unwrap();
    }

    /// Appends and delivers.
    pub(super) fn publish(&self, entry: Entry) {
        self.append(&entry);
        self.deliver(Delivery::Entry(Box::new(entry)));
    }

    pub(super) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// How often somebody subscribed.
    pub(super) fn subscribed(&self) -> usize {
        self.inner.lock().subscribed
    }

    fn tick(&self) -> Result<EventId, BusError> {
        let mut inner = self.inner.lock();
        if inner.ticks == Ticks::Fail {
            return Err(BusError::Unavailable("it is away".into()));
        }
        inner.clock = EventId::new(inner.clock.ms, inner.clock.n + 1);
        let id = inner.clock;
        if let (Ticks::Return, Some(live)) = (inner.ticks, &inner.live) {
            live.try_send(Delivery::Tick(id)).unwrap();
        }
        Ok(id)
    }
}

impl Log {
    fn cut(&self, guild: GuildId) -> GuildCut {
        let last = self.entries.last();
        let role = Role {
            id: RoleId::new(guild.get()),
            name: "@everyone".to_owned(),
            permissions: 1 << 10 | 1 << 20,
            position: 0,
        };
        GuildCut {
            last: last.map_or(EventId::ZERO, |last| last.id),
            floor: self.floor,
            position: last.map_or(join(guild, 0, 1, 0, 1).position, |last| last.position),
            state: StoredGuild {
                guild: Guild {
                    id: guild,
                    name: "a guild".to_owned(),
                    icon: None,
                    owner_id: UserId::new(1),
                    unavailable: false,
                    members_since: None,
                },
                channels: vec![channel(guild, ROOM, false)],
                roles: vec![role],
                voice: Vec::new(),
                members: Vec::new(),
            },
            gone: Vec::new(),
        }
    }
}

#[async_trait]
impl EventBus for Script {
    async fn publish(&self, _batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        Err(BusError::Closed)
    }

    async fn fence(&self, _fence: Fence) -> Result<(), BusError> {
        Ok(())
    }

    async fn subscribe(&self) -> Result<Subscription, BusError> {
        let script = self.clone();
        let (live, subscription) = Subscription::by_hand(move || script.tick());
        let mut inner = self.inner.lock();
        inner.live = Some(live);
        inner.subscribed += 1;
        Ok(subscription)
    }

    async fn signal(&self, signal: &Signal) -> Result<(), BusError> {
        self.deliver(Delivery::Signal(signal.clone()));
        Ok(())
    }

    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.lock();
        let log = inner.guilds.get(&guild);
        let held = log.map(|log| log.entries.iter()).into_iter().flatten();
        let mut entries: Vec<_> = held
            .filter(|entry| entry.id > after && entry.id <= upto)
            .cloned()
            .collect();
        let more = entries.len() > limit;
        entries.truncate(limit);
        Ok(LogPage {
            entries,
            floor: log.map(|log| log.floor),
            more,
        })
    }

    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError> {
        let inner = self.inner.lock();
        let stored = guilds
            .iter()
            .filter_map(|guild| Some(inner.guilds.get(guild)?.cut(*guild)));
        Ok(Cut {
            id: inner.clock,
            guilds: stored.collect(),
        })
    }

    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<Guild>, BusError> {
        let cut = self.snapshot(guilds).await?;
        Ok(cut.guilds.into_iter().map(|cut| cut.state.guild).collect())
    }

    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        Ok(self.inner.lock().guilds.keys().copied().collect())
    }

    async fn clock(&self) -> Result<EventId, BusError> {
        Ok(self.inner.lock().clock)
    }

    async fn draw_epoch(&self) -> Result<u64, BusError> {
        Ok(1)
    }

    async fn ping(&self) -> Result<(), BusError> {
        Ok(())
    }
}

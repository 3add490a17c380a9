//! Both ends of the bus as a gateway and a replica use it: what Redis forgets is run again, what is missed is read.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{EventId, GuildId};
use event_bus::{
    Batch, BusError, Change, Delivery, Entry, EventBus, Outcome, Position, Subscription,
    conformance::{Author, DEADLINE, event, next},
};

/// Publishes one entry after the other over whatever happens, and remembers them all.
pub(super) struct Sender {
    pub(super) author: Author,
    pub(super) sent: Vec<Change>,
    /// How many changes were run again.
    pub(super) again: usize,
    /// The ids that were given out first.
    pub(super) given: Vec<(Position, EventId)>,
}

impl Sender {
    pub(super) async fn seeded(bus: &Arc<dyn EventBus>, guild: u64) -> Self {
        Self {
            author: Author::seeded(bus, guild).await,
            sent: Vec::new(),
            again: 0,
            given: Vec::new(),
        }
    }

    /// Publishes `count` more.
    pub(super) async fn send(&mut self, count: usize) {
        for _ in 0..count {
            let change = self.author.change(vec![event(self.author.guild, "a")]);
            self.sent.push(change);
            self.settle().await;
        }
    }

    /// Publishes the latest change, and before it what Redis does not know any more.
    async fn settle(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        let mut at = self.sent.len() - 1;
        while at < self.sent.len() {
            let batch = Batch::of(vec![self.sent[at].clone()]);
            match self.author.bus.publish(&batch).await {
                Ok(outcomes) => match &outcomes[0] {
                    Outcome::Applied(ids) => {
                        let change = &mut self.sent[at];
                        if change.ids.is_empty() {
                            let ids = ids.iter().map(|id| (change.position, *id));
                            self.given.extend(ids);
                        } else {
                            self.again += 1;
                        }
                        change.ids.clone_from(ids);
                        at += 1;
                    }
                    Outcome::Duplicate => at += 1,
                    Outcome::Behind { stored } => {
                        let known = |change: &Change| Some(change.position) <= *stored;
                        at = self.sent.partition_point(known);
                    }
                },
                Err(BusError::Unavailable(_)) => {
                    assert!(Instant::now() < deadline, "still away");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(super) fn positions(&self) -> Vec<Position> {
        self.sent.iter().map(|change| change.position).collect()
    }
}

/// Receives each entry once, in order: by position, as replicas do.
pub(super) struct Receiver {
    bus: Arc<dyn EventBus>,
    guild: GuildId,
    subscription: Subscription,
    last: EventId,
    pub(super) received: Vec<Position>,
    pub(super) interruptions: usize,
    /// Where the log could not be continued.
    pub(super) resets: Vec<String>,
}

impl Receiver {
    /// From the next entry on.
    pub(super) async fn watching(bus: &Arc<dyn EventBus>, guild: GuildId) -> Self {
        let subscription = bus.subscribe().await.expect("answers");
        subscription.watcher().watch(guild).await.expect("answers");
        let cut = bus.snapshot(&[guild]).await.expect("answers");
        Self {
            bus: Arc::clone(bus),
            guild,
            subscription,
            last: cut.guilds[0].last,
            received: Vec::new(),
            interruptions: 0,
            resets: Vec::new(),
        }
    }

    /// Until `count` entries were received in all.
    pub(super) async fn receive(&mut self, count: usize) {
        while self.received.len() < count {
            match next(&mut self.subscription).await {
                Delivery::Entry(entry) if entry.previous == self.last => self.accept(&entry),
                Delivery::Entry(entry) => self.repair(Some(entry.id)).await,
                Delivery::Interrupted => {
                    self.interruptions += 1;
                    self.repair(None).await;
                }
                Delivery::Tick(_) | Delivery::Signal(_) => {}
            }
        }
    }

    /// Ticks until one comes back.
    pub(super) async fn tick(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        let mut first = EventId::MAX;
        loop {
            // an outage is told by the deliveries
            if let Ok(drawn) = self.subscription.watcher().tick().await {
                first = first.min(drawn);
            }
            let second = Duration::from_secs(1);
            match tokio::time::timeout(second, self.subscription.next()).await {
                Ok(Some(Delivery::Tick(id))) if id >= first => return,
                Ok(Some(Delivery::Interrupted)) => {
                    self.interruptions += 1;
                    self.repair(None).await;
                }
                Ok(Some(Delivery::Entry(entry))) => self.repair(Some(entry.id)).await,
                _ => {}
            }
            assert!(Instant::now() < deadline, "no tick comes back");
        }
    }

    fn accept(&mut self, entry: &Entry) {
        if self.received.last() < Some(&entry.position) {
            self.received.push(entry.position);
        }
        self.last = self.last.max(entry.id);
    }

    /// Reads what is missing.
    async fn repair(&mut self, upto: Option<EventId>) {
        let upto = upto.unwrap_or(EventId::MAX);
        let (floor, entries) = log(&*self.bus, self.guild, self.last, upto).await;
        if floor.is_none_or(|floor| floor > self.last) {
            let told = format!("{} is below {floor:?}; read up to {upto}", self.last);
            self.resets.push(told);
        }
        for entry in &entries {
            self.accept(entry);
        }
    }
}

/// The floor and the entries of a guild within these bounds, whenever Redis answers.
pub(super) async fn log(
    bus: &dyn EventBus,
    guild: GuildId,
    mut after: EventId,
    upto: EventId,
) -> (Option<EventId>, Vec<Entry>) {
    let deadline = Instant::now() + DEADLINE;
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        match bus.read(guild, after, upto, 1_000).await {
            Ok(page) => {
                entries.extend(page.entries);
                after = entries.last().map_or(after, |entry| entry.id);
                if !page.more {
                    return (page.floor, entries);
                }
            }
            Err(BusError::Unavailable(_)) => {
                assert!(Instant::now() < deadline, "the log is not read");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

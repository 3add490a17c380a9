//! The one loop: what the bus delivers goes into the rings, and those who wait are woken.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use contracts::{GuildId, event::ResetReason};
use event_bus::{BusError, Delivery, Entry, Subscription};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Hub, Mask,
    chain::Admission,
    commands::Command,
    feed::Feed,
    line::{Line, Tracked},
    open::Change,
};

/// Most deliveries that are applied under one lock.
const BATCH: usize = 512;

/// How often deserted guilds are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// First and longest pause between attempts to reach a bus that is away.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What the loop works with beside the hub.
pub(crate) struct Follow {
    pub(crate) hub: Hub,
    pub(crate) subscription: Subscription,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) changes: FuturesUnordered<BoxFuture<'static, Change>>,
}

/// What a batch leaves to be done with the bus.
#[derive(Debug, Default)]
pub(crate) struct Todo {
    /// Entries are missing.
    pub(crate) repair: bool,
    /// Guilds that begin anew.
    pub(crate) reload: Vec<(GuildId, ResetReason)>,
}

/// Follows the bus until `stop`.
pub(crate) async fn follow(
    hub: Hub,
    mut commands: mpsc::Receiver<Command>,
    stop: CancellationToken,
) -> Result<(), BusError> {
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        outcome = async {
            let subscription = subscribe(&hub, &mut commands).await?;
            hub.inner.line.lock().up = true;
            Follow { hub, subscription, commands, changes: FuturesUnordered::new() }.run().await
        } => outcome,
    }
}

/// Subscribes as soon as the bus answers; who asks meanwhile is told that it is away.
async fn subscribe(
    hub: &Hub,
    commands: &mut mpsc::Receiver<Command>,
) -> Result<Subscription, BusError> {
    let mut pause = BACKOFF.0;
    loop {
        match hub.inner.bus.subscribe().await {
            Err(BusError::Unavailable(error)) => {
                warn!(component = "Internal", %error, retry_ms = pause.as_millis(), "the event bus is away");
            }
            outcome => return outcome,
        }
        refuse(commands, pause).await;
        pause = (pause * 2).min(BACKOFF.1);
    }
}

/// Answers every command with "not now" for a while.
async fn refuse(commands: &mut mpsc::Receiver<Command>, pause: Duration) {
    let wait = tokio::time::sleep(pause);
    tokio::pin!(wait);
    loop {
        tokio::select! {
            () = &mut wait => return,
            Some(command) = commands.recv() => {
                let (Command::Open(_, told) | Command::Level(told)) = command;
                let _gone = told.send(false);
            }
        }
    }
}

impl Follow {
    async fn run(mut self) -> Result<(), BusError> {
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut todo = Todo::default();
            tokio::select! {
                delivery = self.subscription.next() => {
                    let Some(first) = delivery else { return Err(BusError::Closed) };
                    self.batch(first, &mut todo);
                }
                Some(change) = self.changes.next() => self.finish(change, &mut todo),
                Some(command) = self.commands.recv() => self.command(command, &mut todo).await,
                _ = sweep.tick() => self.sweep(),
            }
            self.mend(todo).await;
        }
    }

    /// Applies all that waits.
    fn batch(&mut self, first: Delivery, todo: &mut Todo) {
        let mut next = Some(first);
        let mut taken = 0;
        let mut woken = Woken::default();
        let mut line = self.hub.inner.line.lock();
        while let Some(delivery) = next {
            match delivery {
                Delivery::Entry(entry) => admit(&mut line, *entry, todo, &mut woken),
                Delivery::Interrupted => {
                    line.taint();
                    todo.repair = true;
                }
            }
            taken += 1;
            next = if taken < BATCH && !todo.repair && todo.reload.is_empty() {
                self.subscription.try_next()
            } else {
                None
            };
        }
        let order = line.order;
        drop(line);
        self.hub.publish(order, &woken);
    }

    /// Repairs and reloads until nothing is left to do, however long the bus is away.
    async fn mend(&mut self, mut todo: Todo) {
        if !todo.repair && todo.reload.is_empty() {
            return;
        }
        let mut pause = BACKOFF.0;
        let since = Instant::now();
        while todo.repair || !todo.reload.is_empty() {
            self.hub.inner.line.lock().up = false;
            match self.attempt(&mut todo).await {
                Ok(repaired) => {
                    let seconds = since.elapsed().as_secs_f64();
                    self.hub.inner.metrics.repaired(repaired, seconds);
                    info!(
                        component = "Internal",
                        events = repaired,
                        seconds,
                        "the event stream was repaired from the log"
                    );
                }
                Err(error) => {
                    warn!(component = "Internal", %error, retry_ms = pause.as_millis(),
                        "the event stream can't be repaired yet; streams stay open and wait");
                    refuse(&mut self.commands, pause).await;
                    pause = (pause * 2).min(BACKOFF.1);
                }
            }
        }
        self.hub.inner.line.lock().up = true;
    }

    async fn attempt(&mut self, todo: &mut Todo) -> Result<u64, BusError> {
        while let Some((guild, reason)) = todo.reload.last().copied() {
            self.hub.reload(guild, reason).await?;
            todo.reload.pop();
        }
        let mut repaired = 0;
        if todo.repair {
            repaired = self.hub.repair(&mut todo.reload).await?;
            todo.repair = false;
        }
        Ok(repaired)
    }

    async fn command(&mut self, command: Command, todo: &mut Todo) {
        match command {
            Command::Level(told) => {
                let level = self.hub.repair(&mut todo.reload).await.is_ok();
                let _gone = told.send(level);
            }
            Command::Open(guild, told) => {
                let mut wanted = Vec::from([(guild, told)]);
                let mut level = Vec::new();
                while let Ok(command) = self.commands.try_recv() {
                    match command {
                        Command::Open(guild, told) => wanted.push((guild, told)),
                        Command::Level(told) => level.push(told),
                    }
                }
                self.open(wanted);
                if !level.is_empty() {
                    let leveled = self.hub.repair(&mut todo.reload).await.is_ok();
                    for told in level {
                        let _gone = told.send(leveled);
                    }
                }
            }
        }
    }
}

/// Takes one entry where it belongs.
pub(crate) fn admit(line: &mut Line, entry: Entry, todo: &mut Todo, woken: &mut Woken) {
    let limit = line.ring_bytes;
    let id = entry.id;
    match line.guilds.get_mut(&entry.guild) {
        Some(Tracked::Open(followed)) => match followed.chain.admit(&entry) {
            Admission::Next | Admission::Passing => {
                let events = followed.apply(entry, &mut line.order, limit);
                woken.add(&followed.feed, events);
                if !todo.repair {
                    line.complete = line.complete.max(id);
                }
            }
            Admission::Duplicate => {}
            Admission::Hole => todo.repair = true,
            Admission::Reseeded | Admission::Rewound => {
                todo.reload.push((entry.guild, ResetReason::Epoch));
            }
        },
        Some(Tracked::Opening(opening)) => opening.arrived(entry),
        Some(Tracked::Closing(_)) | None => {}
    }
}

/// The guilds in which something was appended, and what.
#[derive(Debug, Default)]
pub(crate) struct Woken(HashMap<GuildId, (Arc<Feed>, Mask)>);

impl Woken {
    pub(crate) fn add(&mut self, feed: &Arc<Feed>, events: Mask) {
        if events != Mask::NONE {
            let entry = self.0.entry(feed.guild);
            let (_, sum) = entry.or_insert_with(|| (Arc::clone(feed), Mask::NONE));
            *sum = sum.union(events);
        }
    }
}

impl Hub {
    /// Makes what was appended visible and wakes those who wait for it, each once.
    pub(crate) fn publish(&self, order: u64, woken: &Woken) {
        self.inner.applied.store(order, Ordering::Release);
        for (feed, events) in woken.0.values() {
            feed.wake(*events);
        }
    }
}

//! The one loop: what the bus delivers goes into the rings, and those who wait are woken.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use contracts::EventId;
use event_bus::{BusError, Delivery, Subscription};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Hub,
    admit::{Source, Todo, Woken, admit},
    open::{BUS_TIMEOUT, Change},
    pulse::{self, Beat, Pulse},
    request::Open,
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
    pub(crate) requests: mpsc::Receiver<Open>,
    pub(crate) changes: FuturesUnordered<BoxFuture<'static, Change>>,
    pub(crate) pulse: Pulse,
}

/// Follows the bus until `stop`.
pub(crate) async fn follow(
    hub: Hub,
    mut requests: mpsc::Receiver<Open>,
    stop: CancellationToken,
) -> Result<(), BusError> {
    let told = hub.clone();
    let outcome = tokio::select! {
        () = stop.cancelled() => Ok(()),
        outcome = async {
            let subscription = subscribe(&hub, &mut requests).await?;
            hub.inner.line.lock().up = true;
            let (changes, pulse) = (FuturesUnordered::new(), Pulse::default());
            Follow { hub, subscription, requests, changes, pulse }.run().await
        } => outcome,
    };
    told.inner.fan_outs.end();
    outcome
}

/// Subscribes as soon as the bus answers; who asks meanwhile is told that it is away.
async fn subscribe(
    hub: &Hub,
    requests: &mut mpsc::Receiver<Open>,
) -> Result<Subscription, BusError> {
    let mut pause = BACKOFF.0;
    loop {
        match hub.inner.bus.subscribe().await {
            Err(BusError::Unavailable(error)) => {
                warn!(component = "Internal", %error, retry_ms = pause.as_millis(), "the event bus is away");
            }
            outcome => return outcome,
        }
        refuse(requests, pause).await;
        pause = (pause * 2).min(BACKOFF.1);
    }
}

/// Answers every request with "not now" for a while.
async fn refuse(requests: &mut mpsc::Receiver<Open>, pause: Duration) {
    let wait = tokio::time::sleep(pause);
    tokio::pin!(wait);
    loop {
        tokio::select! {
            () = &mut wait => return,
            Some(open) = requests.recv() => drop(open.told.send(false)),
        }
    }
}

impl Follow {
    async fn run(mut self) -> Result<(), BusError> {
        let mut sweep = tokio::time::interval(SWEEP);
        let mut beat = tokio::time::interval(pulse::EVERY);
        for clock in [&mut sweep, &mut beat] {
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let hub = self.hub.clone();
        loop {
            let mut todo = Todo::default();
            tokio::select! {
                delivery = self.subscription.next() => {
                    let Some(first) = delivery else { return Err(BusError::Closed) };
                    self.batch(first, &mut todo);
                }
                Some(change) = self.changes.next() => self.finish(change, &mut todo),
                Some(first) = self.requests.recv() => self.requested(first),
                _ = beat.tick() => self.beat(&mut todo),
                () = hub.inner.tick_wanted.notified() => self.tick_wanted(),
                _ = sweep.tick() => {
                    self.sweep();
                    hub.inner.fan_outs.sweep();
                }
            }
            self.mend(todo).await;
        }
    }

    /// Applies all that waits.
    fn batch(&mut self, first: Delivery, todo: &mut Todo) {
        let mut next = Some(first);
        let (mut taken, mut tick) = (0, None);
        let mut woken = Woken::default();
        let (mut signals, mut arrived) = (Vec::new(), Vec::new());
        let mut line = self.hub.inner.line.lock();
        while let Some(delivery) = next {
            match delivery {
                Delivery::Entry(entry) => {
                    let (guild, id) = (entry.guild, entry.id);
                    arrived.push(id);
                    match admit(&mut line, *entry, Source::Live, &mut woken) {
                        None => line.complete = line.complete.max(id),
                        Some(trouble) => todo.note(guild, trouble),
                    }
                }
                Delivery::Interrupted => todo.repair = true,
                Delivery::Tick(id) => {
                    if line.up {
                        line.settle(id, &mut woken);
                    }
                    line.complete = line.complete.max(id);
                    tick = Some(id);
                }
                Delivery::Signal(signal) => signals.push(signal),
            }
            taken += 1;
            next = if taken < BATCH && todo.is_empty() {
                self.subscription.try_next()
            } else {
                None
            };
        }
        if todo.repair {
            line.taint();
            self.pulse.interrupted();
        }
        line.up &= todo.is_empty();
        let order = line.order;
        drop(line);
        self.hub.publish(order, woken);
        self.hub.inner.metrics.arrived(&arrived);
        if let Some(hears) = self.hub.inner.hears.get() {
            signals.iter().for_each(hears);
        }
        if let Some(id) = tick {
            self.came(id);
        }
    }

    /// A tick is due: sends it, or finds out that the one before got lost.
    fn beat(&mut self, todo: &mut Todo) {
        match self.pulse.beat(tokio::time::Instant::now()) {
            Beat::Send => self.tick(),
            Beat::Wait => {}
            Beat::Lost => {
                self.hub.inner.metrics.tick_failed("lost");
                error!(
                    component = "Internal",
                    "the event bus answers but a tick did not come back: the live channel is made anew"
                );
                let mut line = self.hub.inner.line.lock();
                line.taint();
                line.up = false;
                drop(line);
                todo.resubscribe = true;
                todo.repair = true;
            }
        }
        self.hub.note(&self.pulse);
    }

    fn tick_wanted(&mut self) {
        if self.pulse.want(tokio::time::Instant::now()) == Beat::Send {
            self.tick();
        }
    }

    /// Asks the bus for a tick.
    fn tick(&mut self) {
        let watcher = self.subscription.watcher();
        let asked = async move {
            let answer = tokio::time::timeout(BUS_TIMEOUT, watcher.tick()).await;
            Change::Ticked(answer.unwrap_or_else(|late| Err(BusError::Unavailable(Box::new(late)))))
        };
        self.changes.push(asked.boxed());
    }

    /// The bus has answered the question for a tick.
    pub(crate) fn ticked(&mut self, outcome: Result<EventId, BusError>) {
        let id = outcome.map_err(|error| {
            self.hub.inner.metrics.tick_failed("refused");
            warn!(component = "Internal", %error, "no tick");
        });
        let back = self.pulse.answered(id.ok(), tokio::time::Instant::now());
        self.settle(back);
    }

    /// A tick came back through the live channel.
    fn came(&mut self, id: EventId) {
        let back = self.pulse.came(id, tokio::time::Instant::now());
        self.settle(back);
    }

    fn settle(&mut self, back: Option<Duration>) {
        if let Some(way) = back {
            self.hub.inner.metrics.ticked(way.as_secs_f64());
        }
        self.hub.note(&self.pulse);
        if self.pulse.is_due() {
            self.tick_wanted();
        }
    }

    /// Repairs and reloads until nothing is left to do, however long the bus is away.
    async fn mend(&mut self, mut todo: Todo) {
        if todo.is_empty() {
            return;
        }
        let mut pause = BACKOFF.0;
        let since = Instant::now();
        self.hub.inner.line.lock().up = false;
        self.hub.note(&self.pulse);
        while !todo.is_empty() {
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
                    refuse(&mut self.requests, pause).await;
                    pause = (pause * 2).min(BACKOFF.1);
                }
            }
        }
        self.hub.inner.line.lock().up = true;
        self.hub.note(&self.pulse);
    }

    async fn attempt(&mut self, todo: &mut Todo) -> Result<u64, BusError> {
        if todo.resubscribe {
            self.subscription = self.hub.subscribe_anew().await?;
            todo.resubscribe = false;
        }
        if todo.rewound {
            self.hub.rewind().await?;
            todo.rewound = false;
        }
        while let Some((guild, reason)) = todo.reload.last().copied() {
            self.hub.reload(guild, reason).await?;
            todo.reload.pop();
        }
        let mut repaired = 0;
        if todo.repair {
            repaired = self.hub.repair().await?;
            todo.repair = false;
        }
        Ok(repaired)
    }

    /// Begins to follow all guilds that are asked for at the moment.
    fn requested(&mut self, first: Open) {
        let mut wanted = Vec::from([first]);
        while let Ok(open) = self.requests.try_recv() {
            wanted.push(open);
        }
        self.open(wanted);
    }
}

impl Hub {
    /// Makes what was appended visible and wakes those who wait for it, each once.
    pub(crate) fn publish(&self, order: u64, mut woken: Woken) {
        woken.wait(&self.inner.fan_outs);
        self.inner.applied.store(order, Ordering::Release);
        woken.wake();
    }

    /// Notes what the ticks say, and wakes those who wait for the guilds to come to one id.
    fn note(&self, pulse: &Pulse) {
        let mut line = self.inner.line.lock();
        line.pulse = pulse.health();
        let health = line.health();
        drop(line);
        self.inner.metrics.health(health);
        self.inner.leveled.notify_waiters();
    }
}

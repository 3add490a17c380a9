//! The straight line of one shard: dispatch → names → normalize → queue of the publisher.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use discord::{Dispatch, Event, ShardId, model};
use event_bus::Change;
use gateway_registry::StoredSession;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, debug};

use crate::{
    behalf::Behalves,
    holding::Holding,
    mend::Mend,
    metrics::Metrics,
    names::{Names, wanted},
    normalize::{Context, Rules, fetched, normalize},
    state::Guilds,
    trace,
};

/// Dispatches between a shard and its pipeline. When it is full the shard accepts no more, stays
/// connected, and resumes from the last one accepted as soon as there is room: nothing is lost.
pub(crate) const DISPATCH_QUEUE: usize = 1_024;

/// Steps that wait for the bus. When it is full the pipeline waits, and the above follows.
pub(crate) const CHANGE_QUEUE: usize = 4_096;

/// The guilds of a shard, shared by its pipeline, which moves them on, and its publisher, which
/// writes one whole where the store lost track. Locked for the length of one dispatch.
pub(crate) type SharedGuilds = Arc<Mutex<Guilds>>;

/// What the pipeline hands to the publisher, in order.
#[derive(Debug)]
pub(crate) enum Step {
    /// A change to be published.
    Change(Queued),
    /// All changes of this dispatch and of those before it were handed over.
    Through { generation: u64, seq: u64 },
    /// What was missed before this session is made good, as far as it can be.
    Mended { generation: u64 },
}

/// A change that waits for the bus.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) change: Change,
    /// Unix ms when its dispatch came.
    pub(crate) received_at: u64,
    /// Its part of the dispatch's trace.
    pub(crate) span: Span,
}

/// Turns the dispatches of one shard into changes.
pub(crate) struct Pipeline {
    pub(crate) shard: ShardId,
    pub(crate) dispatches: mpsc::Receiver<Dispatch>,
    pub(crate) steps: mpsc::Sender<Step>,
    pub(crate) guilds: SharedGuilds,
    pub(crate) names: Names,
    pub(crate) rules: Arc<Rules>,
    pub(crate) holding: Arc<Holding>,
    pub(crate) mend: Mend,
    pub(crate) behalves: Behalves,
    /// The session that dispatches belong to: the one taken over, then each that READY begins.
    pub(crate) session: Option<StoredSession>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) end: CancellationToken,
}

impl Pipeline {
    /// Runs until the shard has ended and everything it handed over is queued. Returns the
    /// generation that it ended in.
    pub(crate) async fn run(mut self) -> Option<u64> {
        // Whether it went through or nobody takes what it makes: the line ends either way.
        let _stopped = self.all().await;
        self.session.map(|session| session.generation)
    }

    /// `None` = nobody takes what comes out any more, or the shard is lost.
    async fn all(&mut self) -> Option<()> {
        if let Some(session) = &self.session {
            self.mend.taken_over(session, &self.guilds.lock());
            self.mend_due().await?;
        }
        while let Some(dispatch) = self.dispatches.recv().await {
            self.metrics.arrived(&dispatch);
            if let Event::Ready(ready) = &dispatch.event {
                self.begin_session(ready, dispatch.seq).await?;
            }
            let Some(generation) = self.session.as_ref().map(|session| session.generation) else {
                continue;
            };
            let span = trace::dispatch(self.shard, &dispatch);
            let changes = self.changes(&dispatch, generation);
            let changes = changes.instrument(span.clone()).await;
            self.hand_over(changes, dispatch.received_at, &span).await?;
            drop(span);
            if let Event::GuildCreate(guild) = &dispatch.event {
                self.mend.arrived(guild.id());
                self.mend_due().await?;
            }
            let seq = dispatch.seq;
            self.step(Step::Through { generation, seq }).await?;
        }
        Some(())
    }

    async fn begin_session(&mut self, ready: &model::Ready, seq: u64) -> Option<()> {
        let url = ready.resume_gateway_url.as_deref().unwrap_or_default();
        let began = self.holding.begin_session(&ready.session_id, url, seq);
        let session = began.await.ok()?;
        self.mend.began(&session, &self.guilds.lock());
        self.session = Some(session);
        Some(())
    }

    async fn changes(&mut self, dispatch: &Dispatch, generation: u64) -> Vec<Change> {
        debug!(
            component = "Gateway",
            shard = %self.shard,
            event = dispatch.event.name(),
            seq = dispatch.seq,
            guild_id = dispatch.event.guild_id().map(tracing::field::display),
            "Event received"
        );
        let wanted = wanted(dispatch, &self.guilds.lock());
        let names = match wanted.filter(|(guild, _)| self.rules.serves(*guild)) {
            Some((guild, users)) => self.names.ask(guild, users).await,
            None => BTreeMap::new(),
        };
        let behalves = self.behalves.of(dispatch).await;
        let context = Context {
            rules: &self.rules,
            names: &names,
            behalves: &behalves,
            generation,
            known_until: self.mend.known_until(),
        };
        let span = trace::normalize().entered();
        let mut guilds = self.guilds.lock();
        let changes = normalize(dispatch, &mut guilds, context);
        span.record("fanfare.changes", changes.len());
        self.metrics.guilds(self.shard, guilds.len());
        changes
    }

    /// Fetches what was missed in the guilds that have just come back.
    async fn mend_due(&mut self) -> Option<()> {
        // What is not fetched now is not made good: the next owner does it.
        if self.end.is_cancelled() {
            return Some(());
        }
        let generation = self.session.as_ref()?.generation;
        while let Some(guild) = self.mend.next() {
            let parts = tokio::select! {
                parts = self.mend.fetch(guild) => parts,
                () = self.holding.lost() => return None,
                () = self.end.cancelled() => return Some(()),
            };
            for messages in parts {
                let names = BTreeMap::new();
                let behalves = self.behalves.of_missed(&messages).await;
                let context = Context {
                    rules: &self.rules,
                    names: &names,
                    behalves: &behalves,
                    generation,
                    known_until: None,
                };
                let now = unix_ms();
                let change = fetched(guild, &messages, &mut self.guilds.lock(), context, now);
                self.hand_over(change, now, &Span::none()).await?;
            }
        }
        if self.mend.completed() {
            self.step(Step::Mended { generation }).await?;
        }
        Some(())
    }

    async fn hand_over(
        &self,
        changes: impl IntoIterator<Item = Change>,
        received_at: u64,
        dispatch: &Span,
    ) -> Option<()> {
        for mut change in changes {
            let span = trace::publish(dispatch, &mut change);
            let queued = Queued {
                change,
                received_at,
                span,
            };
            self.step(Step::Change(queued)).await?;
        }
        Some(())
    }

    async fn step(&self, step: Step) -> Option<()> {
        self.steps.send(step).await.ok()
    }
}

fn unix_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_millis() as u64
}

/// How long ago a Unix time in milliseconds was, by the wall clock.
pub(crate) fn since(received_at: u64) -> Duration {
    Duration::from_millis(unix_ms().saturating_sub(received_at))
}

//! A shard's lease while it is held: renewed every second, and given back at the end.
//!
//! Whoever publishes or connects on behalf of the shard asks here first. The answer is by this
//! process's own monotonic clock: an instance that was stopped or cut off knows by itself that its
//! time is over, before anybody tells it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use discord::Watermark;
use event_bus::Fence;
use gateway_registry::{
    GatewayRegistry, Lease, NewSession, Progress, RegistryError, Renewal, StoredSession,
};
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{metrics::Metrics, outage::Outage};

/// How long a lease holds without renewal: a dead instance's shards are taken over after that.
pub(crate) const LEASE_TTL: Duration = Duration::from_secs(5);
/// How often it is renewed; the watermark that is stored with it is not older.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long one answer of the registry may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Another instance holds the shard now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another instance holds the shard")]
pub(crate) struct Lost;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// It is ours until then.
    Until(Instant),
    /// It may be somebody else's by now; nothing is done until the registry has answered.
    InDoubt,
    Lost,
}

/// Why a lease is no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The line has ended: the lease is to be released.
    ToTheEnd,
    Lost,
}

/// One lease and what its owner knows of it.
pub(crate) struct Holding {
    registry: Arc<dyn GatewayRegistry>,
    lease: Lease,
    hold: watch::Sender<Hold>,
    /// Whether the shard may connect, for the shard.
    gate: watch::Sender<bool>,
    session: Mutex<Option<Running>>,
    watermark: Watermark,
    /// What this instance's sessions are begun under.
    terms: String,
}

/// The session that is under way, and how far it is published.
struct Running {
    id: String,
    progress: Progress,
}

impl Holding {
    /// A lease that was claimed; `asked_at` is when, before the answer came. `session` is what the
    /// owner before had.
    pub(crate) fn new(
        registry: Arc<dyn GatewayRegistry>,
        lease: Lease,
        asked_at: Instant,
        session: Option<&StoredSession>,
        terms: String,
    ) -> Self {
        let watermark = Watermark::default();
        Self {
            registry,
            lease,
            hold: watch::Sender::new(Hold::Until(asked_at + LEASE_TTL)),
            gate: watch::Sender::new(true),
            session: Mutex::new(session.map(|session| Running::at(session, &watermark))),
            watermark,
            terms,
        }
    }

    /// What changes of this shard are published with.
    pub(crate) fn fence(&self) -> Fence {
        Fence {
            shard: self.lease.shard,
            token: self.lease.fence,
        }
    }

    /// True while the shard may connect.
    pub(crate) fn gate(&self) -> watch::Receiver<bool> {
        self.gate.subscribe()
    }

    /// Waits until the lease is held.
    pub(crate) async fn held(&self) -> Result<(), Lost> {
        let mut hold = self.hold.subscribe();
        loop {
            let now = *hold.borrow_and_update();
            match now {
                Hold::Until(until) if Instant::now() < until => return Ok(()),
                Hold::Lost => return Err(Lost),
                Hold::Until(_) | Hold::InDoubt => {
                    hold.changed().await.map_err(|_| Lost)?;
                }
            }
        }
    }

    /// Waits until the lease is lost; for ever if it is not.
    pub(crate) async fn lost(&self) {
        let mut hold = self.hold.subscribe();
        // The sender lives in `self`: the wait can't fail.
        let _lost = hold.wait_for(|hold| *hold == Hold::Lost).await;
    }

    /// The bus has refused a change: somebody else has raised the fence.
    pub(crate) fn lose(&self) {
        self.enter(Hold::Lost);
    }

    /// How far the session is stored as published, for the heartbeats.
    pub(crate) fn watermark(&self) -> Watermark {
        self.watermark.clone()
    }

    /// Everything up to this sequence number of the session is published or changes nothing.
    pub(crate) fn progressed(&self, generation: u64, seq: u64) {
        let mut session = self.session.lock();
        if let Some(running) = session.as_mut().filter(|running| running.is(generation)) {
            running.progress.seq = running.progress.seq.max(seq);
        }
    }

    /// This is in the registry. Only now may a heartbeat tell Discord of it: whoever takes over resumes from here, and Discord may
    /// forget what a heartbeat acknowledged.
    fn stored(&self, progress: Option<Progress>) {
        let Some(progress) = progress else { return };
        let session = self.session.lock();
        if let Some(running) = session
            .as_ref()
            .filter(|running| running.is(progress.generation))
        {
            self.watermark.raise(&running.id, progress.seq);
        }
    }

    /// What was missed before this session is made good, as far as it can be.
    pub(crate) fn mended(&self, generation: u64) {
        let mut session = self.session.lock();
        if let Some(running) = session.as_mut().filter(|running| running.is(generation)) {
            running.progress.mended = true;
        }
    }

    fn progress(&self) -> Option<Progress> {
        self.session.lock().as_ref().map(|running| running.progress)
    }

    /// Stores a session that has just begun, however long the registry is away.
    pub(crate) async fn begin_session(
        &self,
        id: &str,
        resume_url: &str,
        seq: u64,
    ) -> Result<StoredSession, Lost> {
        let mut outage = Outage::new("a session can't be stored");
        loop {
            self.held().await?;
            let session = NewSession {
                id,
                resume_url,
                seq,
                terms: &self.terms,
            };
            let stored = self.registry.begin_session(&self.lease, session);
            match answered(stored).await {
                Ok(Some(session)) => {
                    outage.over();
                    *self.session.lock() = Some(Running::at(&session, &self.watermark));
                    return Ok(session);
                }
                Ok(None) => {
                    self.lose();
                    return Err(Lost);
                }
                Err(error) => outage.wait(&error).await,
            }
        }
    }

    /// Renews the lease until `done`. `recount` is called when the shard should be given back.
    pub(crate) async fn keep(
        &self,
        done: &CancellationToken,
        metrics: &Metrics,
        recount: impl Fn(),
    ) -> Kept {
        tokio::select! {
            biased;
            () = done.cancelled() => Kept::ToTheEnd,
            () = self.lost() => Kept::Lost,
            never = self.doubt() => match never {},
            never = self.renew_for_ever(metrics, &recount) => match never {},
        }
    }

    /// Notices when the lease has run out, whatever a renewal under way is waiting for.
    async fn doubt(&self) -> Infallible {
        let mut hold = self.hold.subscribe();
        loop {
            let expires = match *hold.borrow_and_update() {
                Hold::Until(until) => Some(until),
                Hold::InDoubt | Hold::Lost => None,
            };
            tokio::select! {
                () = at(expires) => {
                    warn!(component = "Gateway", shard = %self.lease.shard,
                        "The lease has run out and can't be renewed; nothing is published until it is held again");
                    self.enter(Hold::InDoubt);
                }
                // The sender lives in `self`: the wait can't fail.
                _ = hold.changed() => {}
            }
        }
    }

    async fn renew_for_ever(&self, metrics: &Metrics, recount: &impl Fn()) -> Infallible {
        let mut every = interval(RENEW_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let asked_at = Instant::now();
            let outcome = self.renew(asked_at, recount).await;
            metrics.renewed(outcome, asked_at.elapsed());
        }
    }

    /// What became of it, as metrics have it.
    async fn renew(&self, asked_at: Instant, recount: &impl Fn()) -> &'static str {
        let progress = self.progress();
        let renewed = self.registry.renew(&self.lease, LEASE_TTL, progress);
        match answered(renewed).await {
            Ok(Renewal::Held { recount: wanted }) => {
                self.stored(progress);
                if *self.hold.borrow() == Hold::InDoubt {
                    info!(component = "Gateway", shard = %self.lease.shard, "The lease is held again");
                }
                self.enter(Hold::Until(asked_at + LEASE_TTL));
                if wanted {
                    recount();
                }
                "held"
            }
            Ok(Renewal::Lost) => {
                self.enter(Hold::Lost);
                "lost"
            }
            // The clock decides what that means.
            Err(_) => "failed",
        }
    }

    /// Gives the shard back, with what is needed to resume its session.
    pub(crate) async fn release(&self) {
        let released = self.registry.release(&self.lease, self.progress());
        if let Err(error) = answered(released).await {
            warn!(component = "Gateway", shard = %self.lease.shard, %error,
                "The lease can't be released; it runs out by itself");
        }
        self.enter(Hold::Lost);
    }

    /// What was lost once stays lost.
    fn enter(&self, new: Hold) {
        let changed = self.hold.send_if_modified(|hold| {
            let changes = *hold != Hold::Lost && *hold != new;
            if changes {
                *hold = new;
            }
            changes
        });
        if changed {
            let open = matches!(new, Hold::Until(_));
            self.gate
                .send_if_modified(|gate| std::mem::replace(gate, open) != open);
        }
    }
}

impl Running {
    fn at(session: &StoredSession, watermark: &Watermark) -> Self {
        watermark.raise(&session.id, session.seq);
        Self {
            id: session.id.clone(),
            progress: Progress {
                generation: session.generation,
                seq: session.seq,
                mended: false,
            },
        }
    }

    fn is(&self, generation: u64) -> bool {
        self.progress.generation == generation
    }
}

async fn answered<T>(
    call: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    timeout(PATIENCE, call)
        .await
        .unwrap_or_else(|late| Err(RegistryError::Unavailable(Box::new(late))))
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

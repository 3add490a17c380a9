//! How a stream begins.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contracts::{EventId, GuildId, event::ResetReason};
use event_bus::BusError;
use futures_util::future::try_join_all;
use tokio::sync::oneshot;

use super::{
    Alarm, Cursor, Hub, Mask,
    chunk::{Chunk, Pieces},
    commands::Command,
    cursor::{Held, verdict},
    line::Line,
    viewer::Viewer,
};

/// How long a stream waits for its guilds to be followed.
const OPEN_TIMEOUT: Duration = Duration::from_secs(6);

/// How long a stream waits for the guilds to come to one id by themselves before their logs are read for it.
const LEVEL_WAIT: Duration = Duration::from_millis(50);

/// What a stream asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) guilds: Vec<GuildId>,
    pub(crate) mask: Mask,
    pub(crate) cursor: Cursor,
    pub(crate) snapshot: bool,
}

/// The bus does not answer at the moment.
#[derive(Debug, thiserror::Error)]
#[error("the event bus is away")]
pub(crate) struct Away;

impl From<BusError> for Away {
    fn from(error: BusError) -> Self {
        tracing::warn!(component = "Internal", %error, "a stream can't begin");
        Self
    }
}

impl Hub {
    /// Begins a stream: its viewer, and what it says first.
    pub(crate) async fn join(
        &self,
        wish: Wish,
        alarm: Arc<Alarm>,
    ) -> Result<(Viewer, Option<Chunk>), Away> {
        self.open(&wish.guilds).await?;
        match wish.cursor {
            Cursor::Now => self.join_now(&wish, alarm, None).await,
            Cursor::Malformed => self.join_now(&wish, alarm, Some(ResetReason::Future)).await,
            Cursor::After(cursor) => match self.resume(&wish, &alarm, cursor).await? {
                Ok(viewer) => Ok((viewer, None)),
                Err(reason) => self.join_now(&wish, alarm, Some(reason)).await,
            },
        }
    }

    /// Sees to it that guilds are followed.
    pub(crate) async fn open(&self, guilds: &[GuildId]) -> Result<(), Away> {
        let missing: Vec<_> = {
            let mut line = self.inner.line.lock();
            if !line.up {
                return Err(Away);
            }
            guilds
                .iter()
                .filter(|guild| line.open(**guild).is_none())
                .copied()
                .collect()
        };
        let wait = async {
            let mut answers = Vec::with_capacity(missing.len());
            for guild in missing {
                let (told, answer) = oneshot::channel();
                self.inner
                    .commands
                    .send(Command::Open(guild, told))
                    .await
                    .map_err(|_| Away)?;
                answers.push(answer);
            }
            for answer in answers {
                if !answer.await.unwrap_or(false) {
                    return Err(Away);
                }
            }
            Ok(())
        };
        tokio::time::timeout(OPEN_TIMEOUT, wait)
            .await
            .unwrap_or(Err(Away))
    }

    async fn join_now(
        &self,
        wish: &Wish,
        alarm: Arc<Alarm>,
        reason: Option<ResetReason>,
    ) -> Result<(Viewer, Option<Chunk>), Away> {
        self.level(&wish.guilds).await?;
        let mut viewer = Viewer::new(self.clone(), alarm, wish.mask, wish.snapshot, EventId::ZERO);
        let mut line = self.inner.line.lock();
        for guild in &wish.guilds {
            // A guild that was closed meanwhile had no viewer for a long time; the browser comes again.
            let followed = line.open(*guild).ok_or(Away)?;
            viewer.sit(Arc::clone(&followed.feed), followed.chain.last);
        }
        let pieces = if let Some(reason) = reason {
            viewer.begin_again(reason, &mut line)
        } else {
            let mut pieces = Pieces::default();
            viewer.start(&mut line, &mut pieces);
            pieces
        };
        drop(line);
        Ok((viewer, pieces.chunk()))
    }

    /// Brings the pictures of guilds to one id, so that this id is an exact cursor.
    async fn level(&self, guilds: &[GuildId]) -> Result<(), Away> {
        self.level_when(|line| line.is_even(guilds)).await
    }

    /// Waits until the hub has come so far; if that does not happen by itself, the logs are read for it.
    pub(super) async fn level_when(
        &self,
        mut reached: impl FnMut(&mut Line) -> bool,
    ) -> Result<(), Away> {
        let patience = tokio::time::Instant::now() + LEVEL_WAIT;
        let deadline = tokio::time::Instant::now() + OPEN_TIMEOUT;
        loop {
            if reached(&mut self.inner.line.lock()) {
                return Ok(());
            }
            let now = tokio::time::Instant::now();
            if now >= deadline {
                return Err(Away);
            }
            tokio::time::sleep(LEVEL_WAIT / 10).await;
            if now < patience {
                continue;
            }
            let (told, answer) = oneshot::channel();
            let ask = async {
                self.inner
                    .commands
                    .send(Command::Level(told))
                    .await
                    .map_err(|_| Away)?;
                answer.await.unwrap_or(false).then_some(()).ok_or(Away)
            };
            tokio::time::timeout_at(deadline, ask)
                .await
                .unwrap_or(Err(Away))?;
        }
    }

    /// Goes on after a cursor, or says why that is not possible.
    async fn resume(
        &self,
        wish: &Wish,
        alarm: &Arc<Alarm>,
        cursor: EventId,
    ) -> Result<Result<Viewer, ResetReason>, Away> {
        if let Some(viewer) = self.resume_in_rings(wish, alarm, cursor, None)? {
            return Ok(Ok(viewer));
        }
        let clock = self.inner.bus.clock().await?;
        if cursor > clock {
            return Ok(Err(ResetReason::Future));
        }
        if let Some(viewer) = self.resume_in_rings(wish, alarm, cursor, Some(clock))? {
            return Ok(Ok(viewer));
        }
        let reads = wish
            .guilds
            .iter()
            .map(|guild| self.inner.bus.read(*guild, cursor, cursor, 1));
        let pages = try_join_all(reads).await?;
        self.inner.metrics.log_reads(pages.len());
        let mut viewer = Viewer::new(
            self.clone(),
            Arc::clone(alarm),
            wish.mask,
            wish.snapshot,
            cursor,
        );
        let mut held = Vec::with_capacity(pages.len());
        let mut line = self.inner.line.lock();
        for (guild, page) in wish.guilds.iter().zip(pages) {
            let followed = line.open(*guild).ok_or(Away)?;
            held.push(Held {
                floor: page.floor,
                last: followed.chain.last,
            });
            viewer.sit(Arc::clone(&followed.feed), cursor);
        }
        drop(line);
        if let Some(reason) = verdict(cursor, clock, now_ms(), self.inner.retention, &held) {
            return Ok(Err(reason));
        }
        viewer.fall_behind();
        Ok(Ok(viewer))
    }

    /// Goes on in the rings, if all of them reach back to the cursor. Nothing is read then.
    fn resume_in_rings(
        &self,
        wish: &Wish,
        alarm: &Arc<Alarm>,
        cursor: EventId,
        clock: Option<EventId>,
    ) -> Result<Option<Viewer>, Away> {
        let mut line = self.inner.line.lock();
        let known = clock.unwrap_or(line.complete_for(&wish.guilds));
        let mut viewer = Viewer::new(
            self.clone(),
            Arc::clone(alarm),
            wish.mask,
            wish.snapshot,
            cursor,
        );
        for guild in &wish.guilds {
            let followed = line.open(*guild).ok_or(Away)?;
            let floor = followed.feed.ring.read().floor();
            if cursor < floor || !followed.picture.is_known() {
                return Ok(None);
            }
            viewer.sit_after(Arc::clone(&followed.feed), cursor);
        }
        Ok((cursor <= known).then_some(viewer))
    }
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis() as u64
}

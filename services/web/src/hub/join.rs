//! How a stream begins.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contracts::{EventId, GuildId, UserId, event::ResetReason};
use event_bus::BusError;
use futures_util::future::try_join_all;
use tokio::sync::oneshot;

use super::{
    Alarm, Cursor, Hub, Mask, Progress,
    chunk::{Chunk, Transport},
    cursor::{Held, verdict},
    line::Line,
    pulse::Health,
    request::Open,
    viewer::Viewer,
};
use crate::membership::Standing;

/// How long a stream waits for its guilds to be followed and to come to one id.
pub(super) const OPEN_TIMEOUT: Duration = Duration::from_secs(6);

/// What a stream asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) user: UserId,
    /// The guilds, which the user and the bot share, and what the user is in each.
    pub(crate) guilds: Vec<Standing>,
    pub(crate) mask: Mask,
    pub(crate) cursor: Cursor,
    pub(crate) snapshot: bool,
    pub(crate) transport: Transport,
}

impl Wish {
    fn ids(&self) -> Vec<GuildId> {
        self.guilds.iter().map(|standing| standing.guild).collect()
    }
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
        self.open_for(wish.user, &wish.guilds).await?;
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
    pub(super) async fn open(&self, guilds: &[GuildId]) -> Result<(), Away> {
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
                    .requests
                    .send(Open { guild, told })
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

    /// Begins at a moment when the pictures of all guilds are of one id, so that this id is an exact cursor, and when all that is
    /// known of the user is in force.
    async fn join_now(
        &self,
        wish: &Wish,
        alarm: Arc<Alarm>,
        reason: Option<ResetReason>,
    ) -> Result<(Viewer, Option<Chunk>), Away> {
        let (mut begun, guilds) = (Err(Away), wish.ids());
        self.level_when(|line| {
            let mut ready = line.is_even(&guilds);
            for standing in &wish.guilds {
                ready &= line
                    .introduce(wish.user, standing)
                    .is_none_or(|(_, settled)| settled);
            }
            if ready {
                begun = self.begin(wish, Arc::clone(&alarm), reason, line);
            }
            ready
        })
        .await?;
        begun
    }

    fn begin(
        &self,
        wish: &Wish,
        alarm: Arc<Alarm>,
        reason: Option<ResetReason>,
        line: &mut Line,
    ) -> Result<(Viewer, Option<Chunk>), Away> {
        let mut viewer = Viewer::new(self.clone(), alarm, wish, EventId::ZERO.into());
        for standing in &wish.guilds {
            // A guild that was closed meanwhile had no viewer for a long time; the browser comes again.
            let followed = line.open(standing.guild).ok_or(Away)?;
            viewer.sit(Arc::clone(&followed.feed), followed.chain.last);
        }
        let pieces = if let Some(reason) = reason {
            viewer.begin_again(reason, line)
        } else {
            let mut pieces = viewer.pieces();
            viewer.start(line, &mut pieces);
            pieces
        };
        Ok((viewer, pieces.chunk()))
    }

    /// Waits until the hub has come so far and nothing is missing; ticks bring it there.
    pub(super) async fn level_when(
        &self,
        mut reached: impl FnMut(&mut Line) -> bool,
    ) -> Result<(), Away> {
        let deadline = tokio::time::Instant::now() + OPEN_TIMEOUT;
        loop {
            let mut leveled = pin!(self.inner.leveled.notified());
            leveled.as_mut().enable();
            {
                let mut line = self.inner.line.lock();
                if line.up && reached(&mut line) {
                    return Ok(());
                }
                if line.health() == Health::Away {
                    return Err(Away);
                }
            }
            self.inner.tick_wanted.notify_one();
            tokio::time::timeout_at(deadline, leveled)
                .await
                .map_err(|_| Away)?;
        }
    }

    /// Goes on after a cursor, or says why that is not possible.
    async fn resume(
        &self,
        wish: &Wish,
        alarm: &Arc<Alarm>,
        cursor: Progress,
    ) -> Result<Result<Viewer, ResetReason>, Away> {
        if self.knows(wish)
            && let Some(viewer) = self.resume_in_rings(wish, alarm, cursor, None)?
        {
            return Ok(Ok(viewer));
        }
        let clock = self.inner.bus.clock().await?;
        if cursor.told > clock {
            return Ok(Err(ResetReason::Future));
        }
        if !self.knows(wish) {
            // What Discord just said may be newer than what was applied here: the log's word of it comes first, or nobody would
            // tell this browser what changed.
            let guilds = wish.ids();
            self.level_when(|line| line.complete_for(&guilds) >= clock)
                .await?;
        }
        if let Some(viewer) = self.resume_in_rings(wish, alarm, cursor, Some(clock))? {
            return Ok(Ok(viewer));
        }
        let guilds = wish.ids();
        let reads = guilds
            .iter()
            .map(|guild| self.inner.bus.read(*guild, cursor.rooms, cursor.rooms, 1));
        let pages = try_join_all(reads).await?;
        self.inner.metrics.log_reads(pages.len());
        let mut viewer = Viewer::new(self.clone(), Arc::clone(alarm), wish, cursor);
        let mut held = Vec::with_capacity(pages.len());
        let mut line = self.inner.line.lock();
        if line.is_void(cursor.rooms, &guilds) {
            return Ok(Err(ResetReason::Epoch));
        }
        for (standing, page) in wish.guilds.iter().zip(pages) {
            let (followed, _) = line.introduce(wish.user, standing).ok_or(Away)?;
            // Nothing from before the user joined is replayed, so it does not matter whether it is still there.
            let joined = followed.joined(wish.user);
            let joined = joined.filter(|joined| *joined > cursor.rooms);
            // By the clock that ids are drawn from: the joining itself may be still to come.
            let joined = joined.map(|joined| joined.min(clock));
            let after = joined.unwrap_or(cursor.rooms);
            held.push(Held {
                after,
                floor: page.floor,
                last: followed.chain.last,
            });
            viewer.sit_behind(Arc::clone(&followed.feed), after);
            if joined.is_some() {
                viewer.is_new_to(standing.guild);
            }
        }
        drop(line);
        if let Some(reason) = verdict(cursor.rooms, clock, now_ms(), self.inner.retention, &held) {
            return Ok(Err(reason));
        }
        viewer.fall_behind();
        Ok(Ok(viewer))
    }

    /// Whether the user is known in all guilds.
    fn knows(&self, wish: &Wish) -> bool {
        let mut line = self.inner.line.lock();
        let mut guilds = wish.guilds.iter();
        guilds.all(|standing| {
            let followed = line.open(standing.guild);
            followed.is_some_and(|followed| followed.knows(wish.user))
        })
    }

    /// Goes on in the rings, if all of them reach back to the cursor and hold all that this user was told since. Nothing is read
    /// then.
    fn resume_in_rings(
        &self,
        wish: &Wish,
        alarm: &Arc<Alarm>,
        cursor: Progress,
        clock: Option<EventId>,
    ) -> Result<Option<Viewer>, Away> {
        let mut line = self.inner.line.lock();
        let guilds = wish.ids();
        if !cursor.is_even() || line.is_void(cursor.told, &guilds) {
            return Ok(None);
        }
        let known = clock.unwrap_or(line.complete_for(&guilds));
        let mut viewer = Viewer::new(self.clone(), Arc::clone(alarm), wish, cursor);
        for standing in &wish.guilds {
            let (followed, settled) = line.introduce(wish.user, standing).ok_or(Away)?;
            if !settled
                || !followed.holds_all(wish.user, cursor.told)
                || !followed.picture.is_known()
            {
                return Ok(None);
            }
            viewer.sit_after(Arc::clone(&followed.feed), cursor.told);
        }
        Ok((cursor.told <= known).then_some(viewer))
    }
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis() as u64
}

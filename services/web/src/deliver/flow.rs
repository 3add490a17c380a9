//! One open stream, whatever it is written to: what it says, and when it ends.

mod clock;
mod recheck;
#[cfg(test)]
mod tests;

pub(super) use recheck::Recheck;

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use contracts::{UserId, event::UnavailableReason};
use event_bus::BusError;
use futures_util::{FutureExt, future::BoxFuture};
use tracing::trace;

use crate::{
    hub::{Alarm, Chunk, End, Health, Hub, Taken, Viewer},
    membership::Standing,
    metrics::Metrics,
    state::AppState,
    streams::{Slot, Streams},
};
use clock::{Due, Schedule};
use recheck::Outcome;

/// First and longest pause between attempts to read from a bus that is away.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// An open stream: pulled by its connection, so that a slow reader holds nothing but its place.
pub(super) struct Flow {
    turn: Turn,
    look: Look,
    /// The guilds that the stream is to have from now on.
    guilds: Option<Vec<Standing>>,
    /// Whether something may wait although the alarm did not ring.
    eager: bool,
    schedule: Schedule,
    slot: Slot,
    hub: Hub,
    streams: Streams,
    metrics: Arc<Metrics>,
}

/// What a stream says.
#[derive(Debug)]
pub(super) enum Said {
    /// Events, and how far the browser is.
    Chunk(Chunk),
    /// That it lives, and where an idle browser's cursor moves.
    Ping(Option<Chunk>),
    /// That it is over. Nothing comes after it.
    Over(Ending),
}

/// Why a stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The user is signed out, or no guild is left.
    SignedOut,
    /// It is old, and goes on elsewhere.
    Aged,
    /// A passing reason; the browser may come back so much later than usual.
    Unavailable(UnavailableReason, Duration),
}

/// Who has the viewer.
enum Turn {
    /// The stream itself.
    Live(Box<Viewer>),
    /// Work that waits for the bus; pings go on meanwhile.
    Reading(BoxFuture<'static, Read>),
    /// Nobody any more.
    Over(Ending),
}

/// The end of such work: the viewer and what it has to say, or nothing if the bus is closed.
type Read = Option<(Box<Viewer>, Option<Chunk>)>;

/// Who finds out whether the user may still be here. Events go on meanwhile.
enum Look {
    /// Nobody until it is time.
    Waiting(Box<Recheck>),
    /// Work that waits for the session store, Discord or the bus.
    Asking(BoxFuture<'static, (Box<Recheck>, Outcome)>),
    /// Nobody any more.
    Over,
}

impl Flow {
    pub(super) fn new(state: &AppState, viewer: Viewer, slot: Slot, recheck: Recheck) -> Self {
        Self {
            turn: Turn::Live(Box::new(viewer)),
            look: Look::Waiting(Box::new(recheck)),
            guilds: None,
            eager: true,
            schedule: Schedule::new(state.config.membership_ttl, state.config.grace),
            slot,
            hub: state.hub.clone(),
            streams: state.streams.clone(),
            metrics: Arc::clone(&state.metrics),
        }
    }

    /// Tells how much waits, and when something does.
    pub(super) fn alarm(&self) -> &Alarm {
        &self.slot.alarm
    }

    /// Whose stream it is.
    pub(super) fn user(&self) -> UserId {
        self.slot.user
    }

    fn hand_over(&mut self, chunk: Chunk) -> Chunk {
        self.eager = true;
        self.metrics.delivered(&chunk);
        let user = self.slot.user;
        if tracing::enabled!(tracing::Level::TRACE) {
            for event in chunk.names() {
                trace!(component = "WS", user_id = %user, event, "Sent {event} to user {user}");
            }
        }
        chunk
    }

    fn unavailable(&mut self, reason: UnavailableReason) {
        self.turn = Turn::Over(Ending::Unavailable(reason, self.schedule.late()));
    }

    /// What waits in the rings.
    fn live(&mut self) -> Option<Chunk> {
        let Turn::Live(viewer) = &mut self.turn else {
            return None;
        };
        if let Some(guilds) = self.guilds.take()
            && let Some(chunk) = viewer.regroup(&guilds)
        {
            return Some(self.hand_over(chunk));
        }
        if !self.slot.alarm.take() && !self.eager {
            return None;
        }
        match viewer.take() {
            Taken::Chunk(chunk) => Some(self.hand_over(chunk)),
            Taken::Nothing => {
                self.eager = false;
                None
            }
            Taken::Behind => {
                let nobody = Turn::Over(Ending::SignedOut);
                if let Turn::Live(viewer) = std::mem::replace(&mut self.turn, nobody) {
                    self.turn = Turn::Reading(read(viewer).boxed());
                }
                None
            }
        }
    }

    /// Takes the viewer back, and what it has to say.
    fn done(&mut self, read: Read) -> Option<Chunk> {
        let Some((viewer, chunk)) = read else {
            self.unavailable(UnavailableReason::Bus);
            return None;
        };
        self.eager = true;
        self.turn = Turn::Live(viewer);
        chunk.map(|chunk| self.hand_over(chunk))
    }

    /// Begins to find out whether the user may still be here.
    fn ask(&mut self) {
        match std::mem::replace(&mut self.look, Look::Over) {
            Look::Waiting(mut recheck) => {
                let look = async move {
                    let outcome = recheck.look().await;
                    (recheck, outcome)
                };
                self.look = Look::Asking(look.boxed());
            }
            other => self.look = other,
        }
    }

    /// Takes note of what was found out, if it was.
    fn looked(&mut self, cx: &mut Context<'_>) {
        let Look::Asking(look) = &mut self.look else {
            return;
        };
        let Poll::Ready((recheck, outcome)) = look.poll_unpin(cx) else {
            return;
        };
        self.look = Look::Waiting(recheck);
        match outcome {
            Outcome::Stay(guilds) => self.guilds = guilds.or(self.guilds.take()),
            Outcome::Over => self.turn = Turn::Over(Ending::SignedOut),
            Outcome::Unknown => self.unavailable(UnavailableReason::Bus),
        }
    }

    /// Whether a browser that is sent away now would find what it needs elsewhere.
    fn may_leave(&self) -> bool {
        let sessions = matches!(&self.look, Look::Waiting(recheck) if !recheck.is_in_trouble());
        sessions && self.hub.health() == Health::Ready
    }

    fn due(&mut self, due: Due) -> Option<Said> {
        match due {
            Due::Close => self.unavailable(UnavailableReason::Draining),
            Due::Age if self.may_leave() => self.turn = Turn::Over(Ending::Aged),
            Due::Age => self.schedule.postpone(),
            Due::Recheck => self.ask(),
            Due::Ping => {
                self.eager = true;
                let moved = match &mut self.turn {
                    Turn::Live(viewer) => viewer.idle(),
                    _ => Taken::Nothing,
                };
                return Some(Said::Ping(match moved {
                    Taken::Chunk(chunk) => Some(self.hand_over(chunk)),
                    Taken::Nothing | Taken::Behind => None,
                }));
            }
        }
        None
    }

    /// What it says next; otherwise wakes the task when there is something.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Said> {
        self.slot.alarm.register(cx.waker());
        loop {
            match self.slot.alarm.ending() {
                Some(End::SignedOut) => self.turn = Turn::Over(Ending::SignedOut),
                Some(End::Draining) => self.schedule.drain(self.streams.count()),
                None => {}
            }
            if let Look::Waiting(recheck) = &self.look {
                if self.slot.alarm.take_look() {
                    recheck.forget();
                    self.ask();
                } else if self.slot.alarm.take_look_here() {
                    self.ask();
                }
            }
            self.looked(cx);
            if let Some(chunk) = self.live() {
                return Poll::Ready(Said::Chunk(chunk));
            }
            match &mut self.turn {
                Turn::Over(ending) => return Poll::Ready(Said::Over(*ending)),
                Turn::Reading(reading) => {
                    if let Poll::Ready(read) = reading.poll_unpin(cx) {
                        match self.done(read) {
                            Some(chunk) => return Poll::Ready(Said::Chunk(chunk)),
                            None => continue,
                        }
                    }
                }
                Turn::Live(_) => {}
            }
            match self.schedule.poll(cx) {
                Poll::Ready(due) => {
                    if let Some(said) = self.due(due) {
                        return Poll::Ready(said);
                    }
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Reads the next part of what was missed, however long the bus is away.
async fn read(mut viewer: Box<Viewer>) -> Read {
    let mut pause = BACKOFF.0;
    loop {
        match viewer.step().await {
            Ok(chunk) => return Some((viewer, chunk)),
            Err(BusError::Closed) => return None,
            Err(BusError::Corrupt(what)) => {
                tracing::error!(
                    component = "WS",
                    what,
                    "the log can't be read; a stream begins again"
                );
                viewer.give_up();
                return Some((viewer, None));
            }
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(BACKOFF.1);
    }
}

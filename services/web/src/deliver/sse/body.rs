use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use contracts::{GuildId, event::UnavailableReason};
use event_bus::BusError;
use futures_util::{FutureExt, future::BoxFuture};
use http_body::Frame;
use tracing::trace;

use super::{
    clock::{Due, Schedule},
    frames,
    recheck::{Outcome, Recheck},
};
use crate::{
    hub::{Chunk, End, Health, Hub, Taken, Viewer},
    metrics::Metrics,
    state::AppState,
    streams::{Slot, Streams},
};

/// First and longest pause between attempts to read from a bus that is away.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// A stream as the body of a response: pulled by the connection, so that a slow reader holds nothing but its place.
pub(super) struct StreamBody {
    head: Option<Bytes>,
    turn: Turn,
    look: Look,
    /// The guilds that the stream is to have from now on.
    guilds: Option<Vec<GuildId>>,
    /// Whether something may wait although the alarm did not ring.
    eager: bool,
    schedule: Schedule,
    slot: Slot,
    hub: Hub,
    streams: Streams,
    metrics: Arc<Metrics>,
}

/// Who has the viewer.
enum Turn {
    /// The body itself.
    Live(Box<Viewer>),
    /// Work that waits for the bus; pings go on meanwhile.
    Reading(BoxFuture<'static, Read>),
    /// Nobody any more.
    Over,
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

impl StreamBody {
    pub(super) fn new(
        state: &AppState,
        viewer: Viewer,
        first: Option<Chunk>,
        slot: Slot,
        recheck: Recheck,
    ) -> Self {
        let mut head = BytesMut::from(&frames::retry(Duration::ZERO)[..]);
        if let Some(first) = first {
            head.extend_from_slice(&first.bytes);
        }
        Self {
            head: Some(head.freeze()),
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

    fn hand_over(&mut self, chunk: Chunk) -> Bytes {
        self.eager = true;
        self.metrics.delivered(&chunk);
        let user = self.slot.user;
        trace!(component = "WS", user_id = %user, events = chunk.events, "Sent events to user {user}");
        chunk.bytes
    }

    fn end(&mut self, reason: UnavailableReason) -> Bytes {
        self.turn = Turn::Over;
        frames::farewell(reason, self.schedule.late())
    }

    /// What waits in the rings.
    fn live(&mut self) -> Option<Bytes> {
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
                if let Turn::Live(viewer) = std::mem::replace(&mut self.turn, Turn::Over) {
                    self.turn = Turn::Reading(read(viewer).boxed());
                }
                None
            }
        }
    }

    /// Takes the viewer back, and what it has to say.
    fn done(&mut self, read: Read) -> Option<Bytes> {
        let Some((viewer, chunk)) = read else {
            return Some(self.end(UnavailableReason::Bus));
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

    /// What was found out, if it was.
    fn looked(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        let Look::Asking(look) = &mut self.look else {
            return None;
        };
        let Poll::Ready((recheck, outcome)) = look.poll_unpin(cx) else {
            return None;
        };
        self.look = Look::Waiting(recheck);
        match outcome {
            Outcome::Stay(guilds) => {
                self.guilds = guilds.or(self.guilds.take());
                None
            }
            Outcome::Over => {
                self.turn = Turn::Over;
                None
            }
            Outcome::Unknown => Some(self.end(UnavailableReason::Bus)),
        }
    }

    /// Whether a browser that is sent away now would find what it needs elsewhere.
    fn may_leave(&self) -> bool {
        let sessions = matches!(&self.look, Look::Waiting(recheck) if !recheck.is_in_trouble());
        sessions && self.hub.health() == Health::Ready
    }

    fn due(&mut self, due: Due) -> Option<Bytes> {
        match due {
            Due::Close => Some(self.end(UnavailableReason::Draining)),
            Due::Age if self.may_leave() => {
                self.turn = Turn::Over;
                Some(frames::retry(Duration::ZERO))
            }
            Due::Age => {
                self.schedule.postpone();
                None
            }
            Due::Recheck => {
                self.ask();
                None
            }
            Due::Ping => {
                let mut ping = BytesMut::from(frames::PING);
                self.eager = true;
                if let Turn::Live(viewer) = &mut self.turn
                    && let Taken::Chunk(chunk) = viewer.idle()
                {
                    ping.extend_from_slice(&self.hand_over(chunk));
                }
                Some(ping.freeze())
            }
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(head) = self.head.take() {
            return Poll::Ready(Some(head));
        }
        self.slot.alarm.register(cx.waker());
        loop {
            match self.slot.alarm.ending() {
                Some(End::SignedOut) => self.turn = Turn::Over,
                Some(End::Draining) => self.schedule.drain(self.streams.count()),
                None => {}
            }
            if let Some(bytes) = self.looked(cx) {
                return Poll::Ready(Some(bytes));
            }
            if let Some(bytes) = self.live() {
                return Poll::Ready(Some(bytes));
            }
            match &mut self.turn {
                Turn::Over => return Poll::Ready(None),
                Turn::Reading(reading) => {
                    if let Poll::Ready(read) = reading.poll_unpin(cx) {
                        match self.done(read) {
                            Some(bytes) => return Poll::Ready(Some(bytes)),
                            None => continue,
                        }
                    }
                }
                Turn::Live(_) => {}
            }
            match self.schedule.poll(cx) {
                Poll::Ready(due) => {
                    if let Some(bytes) = self.due(due) {
                        return Poll::Ready(Some(bytes));
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

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.step(cx)
            .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

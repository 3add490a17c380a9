use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use contracts::event::UnavailableReason;
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
    hub::{Chunk, End, Taken, Viewer},
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
    /// Whether something may wait although the alarm did not ring.
    eager: bool,
    schedule: Schedule,
    slot: Slot,
    streams: Streams,
    metrics: Arc<Metrics>,
}

/// Who has the viewer.
enum Turn {
    /// The body itself.
    Live(Box<(Viewer, Recheck)>),
    /// Work that waits for the bus, the session store or Discord; pings go on meanwhile.
    Busy(BoxFuture<'static, Done>),
    /// Nobody any more.
    Over,
}

/// The end of such work.
enum Done {
    Read(Box<(Viewer, Recheck)>, Option<Chunk>),
    Looked(Box<(Viewer, Recheck)>, Outcome),
    Closed,
}

impl StreamBody {
    pub(super) fn new(
        state: &AppState,
        viewer: Viewer,
        first: Option<Chunk>,
        slot: Slot,
        recheck: Recheck,
        schedule: Schedule,
    ) -> Self {
        let mut head = BytesMut::from(&frames::retry()[..]);
        if let Some(first) = first {
            head.extend_from_slice(&first.bytes);
        }
        Self {
            head: Some(head.freeze()),
            turn: Turn::Live(Box::new((viewer, recheck))),
            eager: true,
            schedule,
            slot,
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

    fn end(&mut self, reason: Option<UnavailableReason>) -> Option<Bytes> {
        self.turn = Turn::Over;
        reason.map(frames::farewell)
    }

    /// What waits in the rings.
    fn live(&mut self) -> Option<Bytes> {
        let Turn::Live(pair) = &mut self.turn else {
            return None;
        };
        if !self.slot.alarm.take() && !self.eager {
            return None;
        }
        match pair.0.take() {
            Taken::Chunk(chunk) => Some(self.hand_over(chunk)),
            Taken::Nothing => {
                self.eager = false;
                None
            }
            Taken::Behind => {
                self.work(|pair| read(pair).boxed());
                None
            }
        }
    }

    /// Gives the viewer to work that has to wait.
    fn work(&mut self, work: impl FnOnce(Box<(Viewer, Recheck)>) -> BoxFuture<'static, Done>) {
        match std::mem::replace(&mut self.turn, Turn::Over) {
            Turn::Live(pair) => self.turn = Turn::Busy(work(pair)),
            other => self.turn = other,
        }
    }

    /// Takes the viewer back, and what it has to say.
    fn done(&mut self, done: Done) -> Option<Bytes> {
        self.eager = true;
        let (pair, chunk) = match done {
            Done::Read(pair, chunk) | Done::Looked(pair, Outcome::Stay(chunk)) => (pair, chunk),
            Done::Looked(_, Outcome::Over) => return self.end(None),
            Done::Looked(_, Outcome::Unknown) | Done::Closed => {
                return self.end(Some(UnavailableReason::Bus));
            }
        };
        self.turn = Turn::Live(pair);
        chunk.map(|chunk| self.hand_over(chunk))
    }

    fn due(&mut self, due: Due) -> Option<Bytes> {
        match due {
            Due::Close => self.end(Some(UnavailableReason::Draining)),
            Due::Age => {
                self.turn = Turn::Over;
                Some(frames::retry())
            }
            Due::Recheck => {
                self.work(|pair| look(pair).boxed());
                None
            }
            Due::Ping => {
                let mut ping = BytesMut::from(frames::PING);
                self.eager = true;
                if let Turn::Live(pair) = &mut self.turn
                    && let Taken::Chunk(chunk) = pair.0.idle()
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
            match &mut self.turn {
                Turn::Over => return Poll::Ready(None),
                Turn::Busy(work) => {
                    if let Poll::Ready(done) = work.poll_unpin(cx) {
                        match self.done(done) {
                            Some(bytes) => return Poll::Ready(Some(bytes)),
                            None => continue,
                        }
                    }
                }
                Turn::Live(_) => {
                    if let Some(bytes) = self.live() {
                        return Poll::Ready(Some(bytes));
                    }
                    if matches!(self.turn, Turn::Busy(_)) {
                        continue;
                    }
                }
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
async fn read(mut pair: Box<(Viewer, Recheck)>) -> Done {
    let mut pause = BACKOFF.0;
    loop {
        match pair.0.step().await {
            Ok(chunk) => return Done::Read(pair, chunk),
            Err(BusError::Closed) => return Done::Closed,
            Err(BusError::Corrupt(what)) => {
                tracing::error!(
                    component = "WS",
                    what,
                    "the log can't be read; a stream begins again"
                );
                pair.0.give_up();
                return Done::Read(pair, None);
            }
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(BACKOFF.1);
    }
}

async fn look(mut pair: Box<(Viewer, Recheck)>) -> Done {
    let (viewer, recheck) = &mut *pair;
    let outcome = recheck.look(viewer).await;
    Done::Looked(pair, outcome)
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

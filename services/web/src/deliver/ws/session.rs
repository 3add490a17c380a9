use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use contracts::{StreamMessage, StreamRequest};
use futures_util::{Sink as _, Stream as _};
use tracing::info;

use super::{
    message::{Code, Parting, VERSION, message},
    pace::{Behind, Pace},
};
use crate::{
    deliver::{
        flow::{Ending, Flow, Said},
        retry_ms,
    },
    hub::{Chunk, End, Unwritten},
    state::AppState,
};

/// An open stream on a WebSocket. The next part of it is taken when everything before was written, so that a slow reader
/// holds no more than that.
pub(super) struct Session<'a> {
    socket: &'a mut WebSocket,
    state: &'a AppState,
    flow: Flow,
    /// What is to be written: one chunk at most, a warning, and answers, of which there are no more than the browser may send.
    outbox: VecDeque<Message>,
    flushed: bool,
    /// Frames that were taken and of which somebody waits to hear that they are written.
    unwritten: Unwritten,
    pace: Pace,
}

/// How a session ends; `None` if the browser has gone.
type Ended = Option<Parting>;

impl<'a> Session<'a> {
    pub(super) fn new(
        socket: &'a mut WebSocket,
        state: &'a AppState,
        flow: Flow,
        first: Option<Chunk>,
    ) -> Self {
        let ready = StreamMessage::Ready {
            v: VERSION,
            retry_ms: retry_ms(Duration::ZERO),
        };
        let mut session = Self {
            socket,
            state,
            flow,
            outbox: VecDeque::from([message(&ready)]),
            flushed: false,
            unwritten: Unwritten::default(),
            pace: Pace::new(),
        };
        session.add(first);
        session
    }

    /// Goes on until it has to end. The stream's place is free then.
    pub(super) async fn run(mut self) -> Ended {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn add(&mut self, chunk: Option<Chunk>) {
        let Some(chunk) = chunk else { return };
        self.unwritten.add(chunk.traced);
        self.outbox
            .extend(chunk.messages.into_iter().map(Message::Text));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        loop {
            if let Poll::Ready(ended) = self.listen(cx) {
                return Poll::Ready(ended);
            }
            self.warn();
            match self.write(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                Poll::Pending => return self.wait(cx),
            }
            let Poll::Ready(said) = self.flow.poll(cx) else {
                return self.judge(cx, false);
            };
            match said {
                Said::Chunk(chunk) => self.add(Some(chunk)),
                Said::Ping(moved) => {
                    self.pace.pinged();
                    self.outbox.push_back(Message::Ping(Bytes::new()));
                    self.add(moved);
                }
                Said::Over(ending) => return Poll::Ready(Some(parting(ending))),
            }
        }
    }

    /// What the browser says: that it lives, and nothing else that matters.
    fn listen(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        loop {
            let said = match ready!(Pin::new(&mut *self.socket).poll_next(cx)) {
                Some(Ok(said)) => said,
                Some(Err(_)) => {
                    let parting = Parting::new(Code::Unreadable, "unreadable or too long");
                    return Poll::Ready(Some(parting));
                }
                None => return Poll::Ready(None),
            };
            if !self.pace.heard() {
                let parting = Parting::new(Code::Policy, "too many messages");
                return Poll::Ready(Some(parting));
            }
            match said {
                Message::Text(text) => {
                    if let Ok(StreamRequest::Ping { .. }) = serde_json::from_str(&text) {
                        let pong = StreamMessage::Pong { v: VERSION };
                        self.outbox.push_back(message(&pong));
                    }
                }
                Message::Binary(_) => {
                    let parting = Parting::new(Code::Unsupported, "text only");
                    return Poll::Ready(Some(parting));
                }
                // A close is answered by the next look, which then finds nothing more.
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
            }
        }
    }

    /// Writes everything that is to be written.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        while !self.outbox.is_empty() {
            ready!(Pin::new(&mut *self.socket).poll_ready(cx))?;
            if let Some(message) = self.outbox.pop_front() {
                self.pace.taken();
                self.flushed = false;
                Pin::new(&mut *self.socket).start_send(message)?;
            }
        }
        if !self.flushed {
            ready!(Pin::new(&mut *self.socket).poll_flush(cx))?;
            self.pace.taken();
            self.unwritten.written();
            self.flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// The reader takes nothing at the moment.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        self.flow.alarm().register(cx.waker());
        if self.flow.alarm().ending() == Some(End::SignedOut) {
            return Poll::Ready(Some(parting(Ending::SignedOut)));
        }
        self.warn();
        self.judge(cx, true)
    }

    /// Tells a reader that it is about to be too slow.
    fn warn(&mut self) {
        if self.pace.warns(self.flow.alarm().waiting()) {
            info!(component = "WS", user_id = %self.flow.user(), "a reader is slow: most of what may wait for it does");
            self.state.metrics.slow_consumer_warned();
            let warning = StreamMessage::Warning {
                v: VERSION,
                code: "slow-reader".to_owned(),
                message: "Events wait for this connection; above 1 MiB it is closed if it takes nothing for 5 s.".to_owned(),
            };
            self.outbox.push_front(message(&warning));
        }
    }

    fn judge(&mut self, cx: &mut Context<'_>, blocked: bool) -> Poll<Ended> {
        let waiting = self.flow.alarm().waiting();
        let parting = match ready!(self.pace.poll(cx, waiting, blocked)) {
            Behind::Silent => Parting::new(Code::Policy, "pings are not answered"),
            Behind::Stalled => {
                self.state.metrics.slow_consumer_closed();
                Parting::new(Code::Policy, "more than 1 MiB waits for a slow reader")
            }
        };
        Poll::Ready(Some(parting))
    }
}

fn parting(ending: Ending) -> Parting {
    match ending {
        Ending::SignedOut => Parting::new(Code::Unauthorized, "the session is over"),
        Ending::Aged => Parting::new(Code::GoingAway, "come back: another replica may have room"),
        Ending::Unavailable(reason, late) => Parting::unavailable(reason, late),
    }
}

//! One WebSocket from HELLO to its end.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use lifecycle::CancellationToken;
use serde_json::json;
use tokio::{sync::mpsc, time};
use tracing::debug;

use super::{Close, Parameters, compress::Encoder, identify::Identify, opcode, session::Link};
use crate::{fault::Lasting, simulation::Shared};

/// What waits for a connection's socket. A client for which this is full is cut; its session stays.
const QUEUE: usize = 8192;

/// How many waiting messages are written before the socket is flushed.
const BATCH: usize = 64;

/// A client that reads nothing for so long is cut.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the client's answer to a close is waited for.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The API versions that are spoken.
const VERSIONS: [&str; 2] = ["9", "10"];

/// What a connection is told to do.
#[derive(Debug)]
pub(crate) enum Out {
    /// Send a Gateway message.
    Frame(Utf8Bytes),
    /// Send several.
    Frames(Vec<Utf8Bytes>),
    /// Send something that is no Gateway message, past any compression.
    Raw(Utf8Bytes),
    Close(Close),
    /// Neither read nor write for a while.
    Freeze(Duration),
    /// Let what comes after this wait for a while, but go on reading and answering.
    Delay(Duration),
    /// Don't acknowledge heartbeats for a while.
    StopAcks(Duration),
}

/// How a connection ends.
pub(super) enum End {
    /// The client said so with this code.
    Client(u16),
    /// We close it.
    Close(Close),
    /// The socket is gone, or is to be dropped.
    Lost,
}

pub(super) type Step = ControlFlow<End>;

/// Serves one socket until it ends.
pub(super) async fn run(
    socket: WebSocket,
    simulation: Shared,
    parameters: Parameters,
    resume_url: String,
) {
    let (sink, stream) = socket.split();
    let (out, queue) = mpsc::channel(QUEUE);
    let cut = CancellationToken::new();
    let id = simulation.lock().sessions.next_connection();
    let drain = simulation
        .lifecycle
        .get()
        .map(lifecycle::Lifecycle::drain)
        .unwrap_or_default();
    let encoder = Encoder::of(parameters.compress.as_deref());
    let mut connection = Connection {
        id,
        link: Link {
            connection: id,
            out,
            cut: cut.clone(),
        },
        sink,
        encoder,
        resume_url,
        sends: VecDeque::new(),
        heartbeat: Instant::now(),
        acks_from: Instant::now(),
        held: None,
        waiting: None,
        simulation,
    };
    let end = connection
        .serve(stream, queue, &parameters, &cut, &drain)
        .await;
    let ended = match end {
        End::Client(code) => matches!(code, 1000 | 1001),
        End::Close(close) => {
            connection.say_goodbye(close).await;
            matches!(close.0, 1000 | 1001 | 4004 | 4010..=4014)
        }
        End::Lost => false,
    };
    debug!(connection = id, ended, "a Gateway connection ended");
    connection.simulation.lock().sessions.leave(id, ended);
}

/// A connection's state.
pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) link: Link,
    sink: SplitSink<WebSocket, Message>,
    pub(super) encoder: Encoder,
    pub(super) resume_url: String,
    /// When the client sent what it sent in the last window.
    pub(super) sends: VecDeque<Instant>,
    pub(super) heartbeat: Instant,
    /// Heartbeats before this time aren't acknowledged (a fault).
    pub(super) acks_from: Instant,
    /// Orders that wait until then, and those in the queue behind them (a fault).
    held: Option<(Instant, Vec<Out>)>,
    /// An IDENTIFY that is answered later (a fault).
    pub(super) waiting: Option<(Instant, Identify)>,
    pub(super) simulation: Shared,
}

impl Connection {
    async fn serve(
        &mut self,
        mut stream: SplitStream<WebSocket>,
        mut queue: mpsc::Receiver<Out>,
        parameters: &Parameters,
        cut: &CancellationToken,
        drain: &CancellationToken,
    ) -> End {
        let step = tokio::select! {
            step = self.greet(parameters) => step,
            () = cut.cancelled() => ControlFlow::Break(End::Lost),
        };
        if let ControlFlow::Break(end) = step {
            return end;
        }
        let interval = self.simulation.config.heartbeat_interval;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let overdue = self.heartbeat + interval * 3 / 2;
            let waiting = self.waiting.as_ref().map_or(overdue, |(at, _)| *at);
            let held = self.held.as_ref().map_or(overdue, |(until, _)| *until);
            let step = tokio::select! {
                biased;
                () = cut.cancelled() => ControlFlow::Break(End::Lost),
                () = drain.cancelled() => ControlFlow::Break(End::Close(Close::GOING_AWAY)),
                () = time::sleep_until(held.into()), if self.held.is_some() => {
                    let orders = self.held.take().map(|(_, orders)| orders).unwrap_or_default();
                    self.obey(orders).await
                }
                count = queue.recv_many(&mut batch, BATCH), if self.held.is_none() => {
                    debug_assert!(count > 0, "the connection holds a sender of its own queue");
                    let orders: Vec<Out> = std::mem::take(&mut batch);
                    tokio::select! {
                        step = self.obey(orders) => step,
                        () = cut.cancelled() => ControlFlow::Break(End::Lost),
                    }
                }
                message = stream.next() => self.hear(message).await,
                () = time::sleep_until(waiting.into()), if self.waiting.is_some() => {
                    let identify = self.waiting.take().map(|(_, identify)| identify);
                    identify.map_or(ControlFlow::Continue(()), |identify| self.identify(&identify))
                }
                () = time::sleep_until(overdue.into()) => ControlFlow::Break(End::Close(Close::TIMED_OUT)),
            };
            if let ControlFlow::Break(end) = step {
                return end;
            }
        }
    }

    /// HELLO, or a refusal for what the URL says.
    async fn greet(&mut self, parameters: &Parameters) -> Step {
        if parameters
            .v
            .as_deref()
            .is_some_and(|version| !VERSIONS.contains(&version))
        {
            return ControlFlow::Break(End::Close(Close::INVALID_VERSION));
        }
        if parameters
            .encoding
            .as_deref()
            .is_some_and(|encoding| encoding != "json")
        {
            return ControlFlow::Break(End::Close(Close::DECODE_ERROR));
        }
        if self
            .simulation
            .lock()
            .faults
            .take(Lasting::NoHello, None)
            .is_some()
        {
            return ControlFlow::Continue(());
        }
        let interval = self.simulation.config.heartbeat_interval.as_millis() as u64;
        let hello = opcode::frame(opcode::HELLO, &json!({ "heartbeat_interval": interval }));
        self.write([hello.into()]).await
    }

    /// Carries out orders; whatever is written is flushed once.
    async fn obey(&mut self, orders: Vec<Out>) -> Step {
        let mut frames: Vec<Utf8Bytes> = Vec::with_capacity(orders.len());
        let mut orders = orders.into_iter();
        while let Some(order) = orders.next() {
            match order {
                Out::Frame(frame) => frames.push(frame),
                Out::Frames(more) => frames.extend(more),
                Out::Raw(text) => {
                    self.write(frames.drain(..)).await?;
                    if self.sink.send(Message::Text(text)).await.is_err() {
                        return ControlFlow::Break(End::Lost);
                    }
                }
                Out::Close(close) => {
                    self.write(frames.drain(..)).await?;
                    return ControlFlow::Break(End::Close(close));
                }
                Out::Freeze(time) => {
                    self.write(frames.drain(..)).await?;
                    time::sleep(time).await;
                }
                Out::Delay(time) => {
                    self.held = Some((Instant::now() + time, orders.collect()));
                    break;
                }
                Out::StopAcks(time) => self.acks_from = Instant::now() + time,
            }
        }
        self.write(frames).await
    }

    /// Writes Gateway messages and flushes.
    pub(super) async fn write(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Step {
        let write = async {
            for frame in frames {
                let message = self.encoder.encode(frame).ok()?;
                self.sink.feed(message).await.ok()?;
            }
            self.sink.flush().await.ok()
        };
        match time::timeout(WRITE_TIMEOUT, write).await {
            Ok(Some(())) => ControlFlow::Continue(()),
            Ok(None) | Err(_) => ControlFlow::Break(End::Lost),
        }
    }

    async fn say_goodbye(&mut self, close: Close) {
        let goodbye = async {
            if self
                .sink
                .send(Message::Close(Some(close.into())))
                .await
                .is_ok()
            {
                drop(self.sink.close().await);
            }
        };
        drop(time::timeout(CLOSE_TIMEOUT, goodbye).await);
    }
}

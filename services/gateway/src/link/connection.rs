//! One connection of a web replica: reads commands, has them done, answers.

use std::{future::pending, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use contracts::link::{Call, Command, LinkError};
use event_bus::Served;
use futures_util::{FutureExt as _, Sink, SinkExt as _, StreamExt as _};
use serde_json::value::RawValue;
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tracing::{debug, info, warn};

use super::{
    Link, MAX_MESSAGE,
    answer::{self, Asked},
};

/// Commands of one connection that may be under way at once; a further one is answered `overloaded`.
pub(super) const IN_FLIGHT: usize = 128;

/// Messages that may wait to be written; what comes on top waits where it is made, and nothing more is read.
const OUTGOING: usize = 256;

/// How long a message may take to leave; web reads all the time.
const WRITE: Duration = Duration::from_secs(10);

/// Between two pings.
const PING: Duration = Duration::from_secs(10);

/// A connection on which nothing came for so long, not even an answer to a ping, is closed.
const SILENCE: Duration = Duration::from_secs(30);

/// How long the other side may take to answer a farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a connection ends, as the other side is told.
type End = (u16, &'static str);

const STOPPING: End = (close_code::AWAY, "this gateway is stopping");
const SILENT: End = (close_code::POLICY, "nothing came for too long");
const NONSENSE: End = (close_code::POLICY, "this is not LINK");
const BINARY: End = (close_code::UNSUPPORTED, "messages are text");
const TOO_LARGE: End = (close_code::SIZE, "the message is too large");
const BROKEN: End = (close_code::PROTOCOL, "the connection is broken");
const TOO_SLOW: End = (close_code::POLICY, "nothing could be sent in time");
const CLOSED: End = (close_code::NORMAL, "");

/// Serves one connection until it ends.
pub(super) async fn serve(socket: WebSocket, link: &Link) {
    let (mut sink, stream) = socket.split();
    let (outgoing, queue) = mpsc::channel(OUTGOING);
    let mut reader = Reader {
        link,
        stream,
        outgoing,
        places: Arc::new(Semaphore::new(IN_FLIGHT)),
        bus: link
            .shared
            .as_ref()
            .map(|shared| Served::new(Arc::clone(&shared.bus))),
    };
    let end = {
        let writing = write(&mut sink, queue);
        tokio::pin!(writing);
        tokio::select! {
            end = reader.run() => {
                // What is answered already is still written.
                drop(reader);
                let _written = timeout(FAREWELL, writing).await;
                end
            }
            end = &mut writing => end,
        }
    };
    let (code, reason) = end;
    info!(component = "WS", code, reason, "LINK is closed");
    let farewell = Message::Close(Some(CloseFrame {
        code,
        reason: reason.into(),
    }));
    let _left = timeout(FAREWELL, async {
        let _sent = sink.send(farewell).await;
        sink.close().await
    })
    .await;
}

/// Writes what waits, and pings.
async fn write(sink: &mut (impl Sink<Message> + Unpin), mut queue: mpsc::Receiver<String>) -> End {
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let first = tokio::select! {
            text = queue.recv() => match text {
                Some(text) => Message::Text(text.into()),
                None => return CLOSED,
            },
            _ = ping.tick() => Message::Ping(Vec::new().into()),
        };
        let round = async {
            sink.feed(first).await?;
            // All that waits leaves together.
            while let Ok(text) = queue.try_recv() {
                sink.feed(Message::Text(text.into())).await?;
            }
            sink.flush().await
        };
        match timeout(WRITE, round).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return BROKEN,
            Err(_) => return TOO_SLOW,
        }
    }
}

struct Reader<'a> {
    link: &'a Link,
    stream: futures_util::stream::SplitStream<WebSocket>,
    outgoing: mpsc::Sender<String>,
    /// One for each command that may be under way.
    places: Arc<Semaphore>,
    bus: Option<Served>,
}

/// The next event, with a place for it among what waits to be written: for a slow reader they wait in the bus' own queue,
/// which says so when it overflows.
async fn event<'a>(
    bus: Option<&mut Served>,
    outgoing: &'a mpsc::Sender<String>,
) -> Result<(mpsc::Permit<'a, String>, String), End> {
    let Some(bus) = bus else {
        return pending().await;
    };
    let place = outgoing.reserve().await.map_err(|_| BROKEN)?;
    let data = bus.delivery().await.map_err(|error| {
        debug!(component = "WS", %error, "events end");
        STOPPING
    })?;
    Ok((place, answer::event(data)))
}

impl Reader<'_> {
    /// Reads until the connection ends, or until a stopping gateway has answered all that it took.
    async fn run(&mut self) -> End {
        let drain = self.link.lifecycle.drain();
        let mut heard = Instant::now();
        let mut draining = false;
        loop {
            let places = Arc::clone(&self.places);
            let finished = async {
                if draining {
                    let _all = places.acquire_many(IN_FLIGHT as u32).await;
                } else {
                    pending::<()>().await;
                }
            };
            let message = tokio::select! {
                message = self.stream.next() => message,
                () = drain.cancelled(), if !draining => {
                    draining = true;
                    continue;
                }
                event = event(self.bus.as_mut(), &self.outgoing) => match event {
                    Ok((place, text)) => {
                        place.send(text);
                        continue;
                    }
                    Err(end) => return end,
                },
                () = finished => return STOPPING,
                () = sleep_until(heard + SILENCE) => return SILENT,
            };
            heard = Instant::now();
            let text = match message {
                Some(Ok(Message::Text(text))) if text.len() > MAX_MESSAGE => return TOO_LARGE,
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Binary(_))) => return BINARY,
                Some(Ok(Message::Close(_))) | None => return CLOSED,
                Some(Err(error)) => {
                    debug!(component = "WS", %error, "LINK broke");
                    return BROKEN;
                }
            };
            let answered = match answer::read(&text) {
                Ok(Asked::Command(id, command)) => self.command(id, command, draining).await,
                Ok(Asked::Call(id, call)) => {
                    let outcome = self.call(&call).await;
                    self.send(answer::answer(id, outcome)).await
                }
                Err(nonsense) => {
                    let _told = self.send(answer::complaint(nonsense)).await;
                    return NONSENSE;
                }
            };
            if !answered {
                return BROKEN;
            }
        }
    }

    /// Has a command done in a task of its own: it is done to its end, whatever becomes of the connection.
    async fn command(&self, id: String, command: Command, draining: bool) -> bool {
        let metrics = self.link.metrics.clone();
        if draining {
            let error = LinkError::new(503, LinkError::ELSEWHERE, "This gateway is stopping.");
            return self.send(answer::answer(id, Err(error))).await;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics.command(&command.command, "overloaded");
            let message = "The gateway has too much to do.";
            let mut error = LinkError::new(503, LinkError::OVERLOADED, message);
            error.retry_after_ms = Some(1_000);
            return self.send(answer::answer(id, Err(error))).await;
        };
        let commands = Arc::clone(&self.link.commands);
        let outgoing = self.outgoing.clone();
        self.link.lifecycle.track(async move {
            let name = command.command.clone();
            let done = AssertUnwindSafe(commands.call(command))
                .catch_unwind()
                .await;
            let outcome = if let Ok(outcome) = done {
                outcome.map_err(answer::refusal)
            } else {
                warn!(component = "Gateway", command = name, "a command panicked");
                let message = "Something went wrong in the gateway.";
                Err(LinkError::new(500, "internal", message))
            };
            let told = if outcome.is_ok() { "done" } else { "refused" };
            metrics.command(&name, told);
            // Nobody may be there to hear it any more; asked again, the same answer is given.
            let _heard = outgoing.send(answer::answer(id, outcome)).await;
            drop(place);
        });
        true
    }

    /// Answers web itself, in the order in which it asks.
    async fn call(&mut self, call: &Call) -> Result<Box<RawValue>, LinkError> {
        if let (Some(bus), Some(shared)) = (&mut self.bus, &self.link.shared) {
            if let Some(outcome) = bus.answer(call).await {
                return outcome;
            }
            if let Some(outcome) = limits::link::answer(&*shared.limits, call).await {
                return outcome;
            }
        }
        // Its name is web's own word: it is not repeated.
        let message = "There is no such command.";
        Err(LinkError::new(400, "unknown-command", message))
    }

    async fn send(&self, text: String) -> bool {
        self.outgoing.send(text).await.is_ok()
    }
}

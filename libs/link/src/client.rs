//! The client's end of LINK: one connection to one gateway, kept up, shared by many callers.

mod connection;
mod waiting;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contracts::link::{Body, Call, Command, Message};
use rand::Rng as _;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{info, warn};

use crate::{CallError, Endpoint, Timing};
use connection::{Outgoing, Socket};
use waiting::Waiting;

/// Calls of one client that may be under way at once; a further one waits for a place, and is given up unsent after
/// [`Timing::reach`].
pub const IN_FLIGHT: usize = 64;

/// A connection that lasted as long is no reason to wait before the next one.
const SETTLED: Duration = Duration::from_secs(5);

/// Takes the events of a connection. Called from the task that reads it: it must not wait for anything.
pub trait Listener: Send + 'static {
    /// A new connection is open; what comes next comes from it.
    fn opened(&mut self);
    /// An event's `data`.
    fn event(&mut self, data: Box<RawValue>);
    /// The connection is gone.
    fn lost(&mut self);
}

/// Nobody listens: events are passed over.
struct Deaf;

impl Listener for Deaf {
    fn opened(&mut self) {}
    fn event(&mut self, _data: Box<RawValue>) {}
    fn lost(&mut self) {}
}

/// Calls to one gateway over one connection, which is made anew whenever it is lost. Clones share it; it is closed with the
/// last of them.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    _closes: Arc<DropGuard>,
}

struct Shared {
    endpoint: Endpoint,
    timing: Timing,
    places: Semaphore,
    /// The open connection, or why there is none.
    line: watch::Sender<Result<Line, String>>,
    calls: AtomicU64,
}

/// What callers need of an open connection.
#[derive(Clone)]
struct Line {
    queue: mpsc::Sender<Outgoing>,
    waiting: Waiting,
}

impl Client {
    /// Connects in the background, within a Tokio runtime.
    pub fn new(endpoint: Endpoint, timing: Timing) -> Self {
        Self::listening(endpoint, timing, Deaf)
    }

    /// A client whose events are told to a listener.
    pub fn listening(endpoint: Endpoint, timing: Timing, listener: impl Listener) -> Self {
        let (line, _) = watch::channel(Err("not connected yet".to_owned()));
        let shared = Arc::new(Shared {
            endpoint,
            timing,
            places: Semaphore::new(IN_FLIGHT),
            line,
            calls: AtomicU64::new(0),
        });
        let closed = CancellationToken::new();
        tokio::spawn(Arc::clone(&shared).keep_up(closed.clone(), Box::new(listener)));
        Self {
            shared,
            _closes: Arc::new(closed.drop_guard()),
        }
    }

    /// Waits until it is connected, as long as a call would.
    pub async fn reach(&self) -> Result<(), CallError> {
        let until = Instant::now() + self.shared.timing.reach;
        self.shared.line(until).await.map(drop)
    }

    /// Sends a user's command and waits for its answer.
    pub async fn command(&self, command: Command) -> Result<Box<RawValue>, CallError> {
        self.shared.ask(Body::Command(command)).await
    }

    /// Asks something in nobody's name.
    pub async fn ask(
        &self,
        name: &str,
        input: &(impl Serialize + Sync),
    ) -> Result<Box<RawValue>, CallError> {
        let payload = serde_json::value::to_raw_value(input)
            .map_err(|error| CallError::Away(format!("it can't be written: {error}")))?;
        let command = name.to_owned();
        self.shared.ask(Body::Call(Call { command, payload })).await
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = self.shared.endpoint.address();
        f.debug_tuple("Client").field(&address).finish()
    }
}

impl Shared {
    async fn ask(&self, body: Body) -> Result<Box<RawValue>, CallError> {
        let begun = Instant::now();
        let (reach, deadline) = (begun + self.timing.reach, begun + self.timing.call);
        let Ok(Ok(_place)) = timeout_at(reach, self.places.acquire()).await else {
            return Err(CallError::Away("too many calls are under way".into()));
        };
        let line = self.line(reach).await?;
        let id = self.calls.fetch_add(1, Ordering::Relaxed).to_string();
        let message = Message {
            body,
            request_id: Some(id.clone()),
            ts: now(),
        };
        let text = serde_json::to_string(&message)
            .map_err(|error| CallError::Away(format!("it can't be written: {error}")))?;
        let mut asked = line.waiting.ask(id)?;
        let outgoing = Outgoing {
            text,
            sending: asked.sending(),
        };
        if !matches!(
            timeout_at(reach, line.queue.send(outgoing)).await,
            Ok(Ok(()))
        ) {
            return Err(asked.unanswered());
        }
        match timeout_at(deadline, asked.answer()).await {
            Ok(Some(Ok(result))) => Ok(result),
            Ok(Some(Err(error))) => Err(CallError::Refused(error)),
            Ok(None) | Err(_) => Err(asked.unanswered()),
        }
    }

    /// The open connection, as soon as there is one.
    async fn line(&self, until: Instant) -> Result<Line, CallError> {
        let mut line = self.line.subscribe();
        match timeout_at(until, line.wait_for(Result::is_ok)).await {
            Ok(Ok(line)) => line.clone().map_err(CallError::Away),
            Ok(Err(_)) => Err(CallError::Away("the client is closed".into())),
            Err(_) => Err(CallError::Away(match &*self.line.borrow() {
                Ok(_) => "not connected in time".to_owned(),
                Err(why) => why.clone(),
            })),
        }
    }

    fn tell(&self, line: Result<Line, String>) {
        let _before = self.line.send_replace(line);
    }

    /// Connects again and again until the client is closed.
    async fn keep_up(self: Arc<Self>, closed: CancellationToken, mut listener: Box<dyn Listener>) {
        let address = self.endpoint.address();
        let mut pause = self.timing.pause;
        let mut told = false;
        loop {
            let opened = tokio::select! {
                opened = Socket::open(&self.endpoint, &self.timing) => opened,
                () = closed.cancelled() => return,
            };
            let why = match opened {
                Ok(socket) => {
                    info!(component = "WS", address, "LINK is connected");
                    let since = Instant::now();
                    let why = self.run(socket, &closed, &mut *listener).await;
                    if since.elapsed() >= SETTLED {
                        pause = self.timing.pause;
                    }
                    told = false;
                    why
                }
                Err(why) => why,
            };
            if closed.is_cancelled() {
                return;
            }
            if !told {
                warn!(component = "WS", address, why, "LINK is not connected");
                told = true;
            }
            self.tell(Err(why));
            let jittered = pause.mul_f64(rand::rng().random_range(0.5..1.0));
            pause = (pause * 2).min(self.timing.longest_pause);
            let _closed = timeout(jittered, closed.cancelled()).await;
        }
    }

    /// Serves callers over one connection until it ends; why it did.
    async fn run(
        &self,
        socket: Socket,
        closed: &CancellationToken,
        listener: &mut dyn Listener,
    ) -> String {
        let (queue, outgoing) = mpsc::channel(IN_FLIGHT);
        let waiting = Waiting::default();
        listener.opened();
        self.tell(Ok(Line {
            queue,
            waiting: waiting.clone(),
        }));
        let why = socket
            .run(outgoing, &waiting, &self.timing, closed, listener)
            .await;
        self.tell(Err(why.clone()));
        listener.lost();
        waiting.close();
        why
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_millis() as u64)
}

//! What the gateway does for users.
//!
//! ```text
//! LINK or web ─ Executor ─ queue ─ Worker ─ guard (once) ─ authority (may they?) ─ Discord, book of rooms
//! ```

mod abilities;
mod actor;
mod authority;
mod cleanup;
mod directory;
mod entry;
mod guard;
mod history;
mod refusal;
mod rooms;
mod seal;
mod text;
mod webhooks;
mod worker;

use std::{convert::Infallible, sync::Arc};

use async_trait::async_trait;
use contracts::link::{Command, LinkError};
use discord::Rest;
use lifecycle::Lifecycle;
use link::{CallError, Commands};
use prometheus::{HistogramOpts, HistogramVec, Registry};
use room_book::RoomBook;
use serde_json::value::RawValue;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::Instant,
};
use tracing::{Instrument as _, Span, info};

pub(crate) use self::{cleanup::Cleanup, directory::Directory, seal::Seal};
use self::{refusal::busy, worker::Worker};
use crate::{normalize::Rules, trace};

/// Commands that wait for their turn. One more is refused: [`LinkError`] `gateway-busy`.
const QUEUE: usize = 256;
/// Commands that are carried out at the same time; more wait.
const AT_ONCE: usize = 64;

type Answer = Result<Box<RawValue>, LinkError>;

/// A command and where its answer goes.
struct Asked {
    command: Command,
    answer: oneshot::Sender<Answer>,
    span: Span,
}

/// Takes commands and has them carried out. Whoever asks may go: what was begun is brought to an end.
#[derive(Clone)]
pub(crate) struct Executor {
    queue: mpsc::Sender<Asked>,
}

/// Carries out what an [`Executor`] takes.
pub(crate) struct Carrying {
    queue: mpsc::Receiver<Asked>,
    worker: Arc<Worker>,
    took: HistogramVec,
}

impl Executor {
    /// An executor, and what carries out what it takes. Metrics go into `registry`.
    pub(crate) fn new(
        rest: Arc<Rest>,
        book: Arc<dyn RoomBook>,
        rules: Arc<Rules>,
        directory: Arc<Directory>,
        seal: Seal,
        registry: &Registry,
    ) -> prometheus::Result<(Self, Carrying)> {
        let opts = HistogramOpts::new(
            "fanfare_command_seconds",
            "How long commands took, by outcome: done or the status that browsers see",
        );
        let took = HistogramVec::new(opts, &["command", "outcome"])?;
        registry.register(Box::new(took.clone()))?;
        let (sender, queue) = mpsc::channel(QUEUE);
        let worker = Arc::new(Worker::new(rest, book, rules, directory, seal));
        let carrying = Carrying {
            queue,
            worker,
            took,
        };
        Ok((Self { queue: sender }, carrying))
    }
}

#[async_trait]
impl Commands for Executor {
    async fn call(&self, command: Command) -> Result<Box<RawValue>, CallError> {
        let (answer, answered) = oneshot::channel();
        let span = trace::command(&command);
        let asked = Asked {
            command,
            answer,
            span,
        };
        match self.queue.try_send(asked) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(busy().into()),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return Err(CallError::Away("the gateway is stopping".into()));
            }
        }
        match answered.await {
            Ok(answer) => answer.map_err(CallError::Refused),
            // Cut off at the end of the grace period: it may have been done.
            Err(_) => Err(CallError::Unknown),
        }
    }
}

impl Carrying {
    /// Carries out commands until the drain; those that were begun come to an end.
    pub(crate) async fn run(mut self, lifecycle: Lifecycle) -> Result<(), Infallible> {
        let (drain, turns) = (lifecycle.drain(), Arc::new(Semaphore::new(AT_ONCE)));
        loop {
            let asked = tokio::select! {
                biased;
                () = drain.cancelled() => break,
                asked = self.queue.recv() => asked,
            };
            let (Some(asked), Ok(turn)) = (asked, Arc::clone(&turns).acquire_owned().await) else {
                break;
            };
            let (worker, took) = (Arc::clone(&self.worker), self.took.clone());
            lifecycle.track(async move {
                let begun = Instant::now();
                let work = worker.run(&asked.command);
                let answer = work.instrument(asked.span.clone()).await;
                asked
                    .span
                    .in_scope(|| note(&asked.command, &answer, begun, &took));
                // Whoever asked may have gone.
                let _heard = asked.answer.send(answer);
                drop(turn);
            });
        }
        self.queue.close();
        while let Ok(asked) = self.queue.try_recv() {
            let message = "The gateway is stopping; another one may do it.";
            let stopping = LinkError::new(503, LinkError::ELSEWHERE, message);
            let _heard = asked.answer.send(Err(stopping));
        }
        // Nobody asks any more; the executor may outlive this.
        drain.cancelled().await;
        Ok(())
    }
}

fn note(command: &Command, answer: &Answer, begun: Instant, took: &HistogramVec) {
    let name = trace::known(command);
    let (outcome, code) = match answer {
        Ok(_) => ("done".to_owned(), "done"),
        Err(error) => (error.status.to_string(), error.code.as_str()),
    };
    Span::current().record("fanfare.outcome", code);
    let elapsed = begun.elapsed();
    took.with_label_values(&[name, outcome.as_str()])
        .observe(elapsed.as_secs_f64());
    info!(
        component = "Gateway",
        command = name,
        user = %command.actor,
        outcome = code,
        duration_ms = elapsed.as_millis() as u64,
        "A command was answered"
    );
}

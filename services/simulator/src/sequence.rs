//! A numbered course of acts over several guilds, the same for the same seed: what a chaos run is fed with.

mod kind;
mod plan;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use lifecycle::CancellationToken;
use serde_json::{Value, json};
use tokio::time;
use tracing::info;

pub(crate) use kind::Kind;
use plan::Plan;

use crate::{control, simulation::Simulation, world::Id};

/// Others get their turn after so many steps that were late.
const YIELD_EVERY: u64 = 32;

/// What is to be played.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(crate) seed: u64,
    pub(crate) guilds: Vec<Id>,
    pub(crate) kinds: Vec<Kind>,
    /// Acts a second.
    pub(crate) rate: f64,
    /// How many acts.
    pub(crate) count: u64,
    /// The number of the first.
    pub(crate) from: u64,
    /// Who is kicked and comes back.
    pub(crate) outcasts: Vec<Id>,
    /// What stands behind the number in each text.
    pub(crate) mark: Option<String>,
}

/// A sequence that is or was played.
#[derive(Debug)]
pub(crate) struct Playing {
    pub(crate) sequence: Sequence,
    pub(crate) stop: CancellationToken,
    ended: CancellationToken,
    done: AtomicU64,
    skipped: AtomicU64,
    /// The number of the newest log entry after the last step.
    log: AtomicU64,
}

impl Playing {
    pub(crate) fn new(sequence: Sequence) -> Self {
        Self {
            sequence,
            stop: CancellationToken::new(),
            ended: CancellationToken::new(),
            done: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            log: AtomicU64::new(0),
        }
    }

    /// Whether it goes on.
    pub(crate) fn is_running(&self) -> bool {
        !self.ended.is_cancelled()
    }

    /// Cancelled at its end.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// For `/control/sequence`.
    pub(crate) fn json(&self) -> Value {
        let done = self.done.load(Ordering::SeqCst);
        json!({
            "running": self.is_running(), "seed": self.sequence.seed, "done": done,
            "skipped": self.skipped.load(Ordering::SeqCst),
            "last": self.sequence.from + done - 1, "log": self.log.load(Ordering::SeqCst),
        })
    }

    /// Plays it to its end: on an absolute schedule, so that a step that is late doesn't delay the next.
    pub(crate) async fn run(&self, simulation: &Simulation) {
        let Sequence {
            seed, rate, count, ..
        } = self.sequence;
        info!(seed, rate, count, "a sequence begins");
        let mut plan = Plan::new(&self.sequence);
        let begin = Instant::now();
        for step in 0..count {
            let due = begin + Duration::from_secs_f64(step as f64 / rate);
            if due > Instant::now() {
                tokio::select! {
                    () = self.stop.cancelled() => break,
                    () = time::sleep_until(due.into()) => {}
                }
            } else if step % YIELD_EVERY == 0 {
                tokio::task::yield_now().await;
            }
            if self.stop.is_cancelled() {
                break;
            }
            self.take(simulation, &mut plan, self.sequence.from + step);
        }
        self.ended.cancel();
        info!(
            seed,
            done = self.done.load(Ordering::SeqCst),
            "a sequence is over"
        );
    }

    /// One step. What can't be done now, or would tell nothing, is counted.
    fn take(&self, simulation: &Simulation, plan: &mut Plan, number: u64) {
        let act = simulation.read(|world| plan.next(world, number));
        let told = act.and_then(|(act, fields)| control::act(simulation, act, &fields).ok());
        let told = told.filter(|answer| answer["dispatches"] != 0);
        match told {
            Some(answer) => {
                let log = answer["log"].as_u64().unwrap_or_default();
                self.log.store(log, Ordering::SeqCst);
            }
            None => {
                self.skipped.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.done.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;

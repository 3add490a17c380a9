//! The one state that everything works on, behind one lock.

use std::sync::{Arc, OnceLock};

use lifecycle::Lifecycle;
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, value::RawValue};
use tokio::sync::{Semaphore, watch};

use crate::{
    calls::Calls,
    clock,
    config::Config,
    fault::Faults,
    gateway::{budget::Budget, journal::Journal, sessions::Sessions},
    log::{self, Log},
    oauth::Grants,
    rest::limit::Limits,
    scenario::Scenario,
    sequence::Playing,
    world::{Body, World},
};

/// The simulator, shared by all requests and connections.
pub(crate) struct Simulation {
    state: Mutex<State>,
    pub(crate) config: Config,
    /// Where short tasks live; set when the simulator starts.
    pub(crate) lifecycle: OnceLock<Lifecycle>,
    /// The scenario that is to be played.
    pub(crate) scenario: watch::Sender<Option<Scenario>>,
    /// Room for bursts at the same time.
    pub(crate) bursts: Arc<Semaphore>,
}

/// How many bursts may run at the same time; more are refused.
const BURSTS: usize = 4;

/// How the simulation is handed around.
pub(crate) type Shared = Arc<Simulation>;

/// Everything that changes.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) sessions: Sessions,
    pub(crate) budget: Budget,
    pub(crate) log: Log,
    /// Who began and resumed sessions.
    pub(crate) journal: Journal,
    /// The REST calls that were carried out.
    pub(crate) calls: Calls,
    /// The sequence that is or was played last.
    pub(crate) sequence: Option<Arc<Playing>>,
    pub(crate) faults: Faults,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
}

/// What was handed to the Gateway's sockets after a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// Unix µs.
    pub(crate) at_micros: u64,
    /// How many dispatches.
    pub(crate) count: u64,
    /// The number of the last one in the log.
    pub(crate) last: u64,
}

impl Simulation {
    pub(crate) fn new(config: Config) -> Shared {
        let state = State {
            world: config.world(),
            sessions: Sessions::new(&config),
            budget: Budget::new(&config),
            log: Log::default(),
            journal: Journal::default(),
            calls: Calls::default(),
            sequence: None,
            faults: Faults::default(),
            grants: Grants::default(),
            limits: Limits::new(config.rest_limits),
        };
        let scenario = watch::Sender::new(config.scenario.clone());
        Arc::new(Self {
            state: Mutex::new(state),
            config,
            lifecycle: OnceLock::new(),
            scenario,
            bursts: Arc::new(Semaphore::new(BURSTS)),
        })
    }

    /// The state. Not to be held across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Changes the world and tells the Gateway's sessions.
    pub(crate) fn change<T, E>(
        &self,
        change: impl FnOnce(&mut World) -> Result<T, E>,
    ) -> Result<T, E> {
        self.change_told(change).map(|(value, _)| value)
    }

    /// [`Simulation::change`], and what was told.
    pub(crate) fn change_told<T, E>(
        &self,
        change: impl FnOnce(&mut World) -> Result<T, E>,
    ) -> Result<(T, Told), E> {
        let mut state = self.lock();
        let outcome = change(&mut state.world);
        let told = state.tell();
        outcome.map(|value| (value, told))
    }

    /// Reads the world.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.lock().world)
    }
}

impl State {
    /// Hands the dispatches in the world's outbox to the sessions and writes them into the log.
    pub(crate) fn tell(&mut self) -> Told {
        let dispatches = self.world.take_dispatches();
        let count = dispatches.len() as u64;
        let at_micros = clock::unix_micros();
        for dispatch in &dispatches {
            let whole = match &dispatch.body {
                Body::Plain(data) | Body::Message { full: data, .. } => data.to_string(),
                Body::Guild(id) => {
                    Value::from(self.world.guild_create(*id, u64::MAX, 250)).to_string()
                }
            };
            let sessions = self.sessions.deliver(&self.world, dispatch, &whole);
            let data = RawValue::from_string(whole).unwrap_or_else(|_| RawValue::NULL.to_owned());
            let shard = self.world.shard_of(dispatch.guild);
            self.log.append(
                dispatch,
                log::Told {
                    at_micros,
                    shard,
                    sessions,
                    data,
                },
            );
        }
        Told {
            at_micros,
            count,
            last: self.log.last(),
        }
    }
}

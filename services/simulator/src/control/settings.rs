//! What can be set while the simulator runs.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{ControlError, ask::Ask};
use crate::simulation::Simulation;

/// The most dispatches that a session may keep for a replay.
const REPLAY_LIMIT: u64 = 1_000_000;

/// Sets what is named; answers what is in force.
pub(super) fn set(
    simulation: &Simulation,
    fields: &Map<String, Value>,
) -> Result<Value, ControlError> {
    let ask = Ask(fields);
    let ttl = ask.number("session_ttl_ms")?.map(Duration::from_millis);
    let keep = ask.number("replay_limit")?;
    if let Some(keep) = keep
        && !(1..=REPLAY_LIMIT).contains(&keep)
    {
        let detail = format!("`replay_limit` has to be 1 to {REPLAY_LIMIT}");
        return Err(ControlError::invalid("replay_limit", detail));
    }
    let starts = match ask.number("session_starts_left")? {
        Some(starts) => Some(u32::try_from(starts).map_err(|_| {
            ControlError::invalid("session_starts_left", "`session_starts_left` is too large")
        })?),
        None => None,
    };
    let mut state = simulation.lock();
    if let Some(ttl) = ttl {
        state.sessions.ttl = ttl;
    }
    if let Some(keep) = keep {
        state.sessions.keep(keep as usize);
    }
    if let Some(starts) = starts {
        state.budget.remaining = starts;
    }
    Ok(json!({
        "session_ttl_ms": state.sessions.ttl.as_millis() as u64,
        "replay_limit": state.sessions.replay_limit,
        "session_starts_left": state.budget.remaining,
    }))
}

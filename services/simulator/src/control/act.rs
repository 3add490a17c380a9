//! Carrying out one act by its name.

use serde_json::{Map, Value, json};

use super::{ControlError, acts, ask::Ask};
use crate::{simulation::Simulation, world::World};

/// What carries out an act: it returns the ids of what was made or changed.
type Carry = fn(&mut World, Ask<'_>) -> Result<Value, ControlError>;

/// Every act there is.
const ACTS: [(&str, Carry); 29] = [
    ("join", acts::voice::join),
    ("move", acts::voice::shift),
    ("leave", acts::voice::leave),
    ("mute", acts::voice::mute),
    ("create-channel", acts::channel::create),
    ("update-channel", acts::channel::update),
    ("delete-channel", acts::channel::delete),
    ("overwrite", acts::channel::overwrite),
    ("thread", acts::channel::thread),
    ("message", acts::message::post),
    ("edit-message", acts::message::edit),
    ("delete-message", acts::message::delete),
    ("pin", acts::message::pin),
    ("react", acts::message::react),
    ("unreact", acts::message::unreact),
    ("clear-reactions", acts::message::clear_reactions),
    ("type", acts::message::start_typing),
    ("presence", acts::member::presence),
    ("role", acts::member::role),
    ("kick", acts::member::kick),
    ("add-member", acts::member::add),
    ("timeout", acts::member::time_out),
    ("block", acts::member::block),
    ("owner", acts::guild::transfer),
    ("rename-user", acts::member::rename),
    ("remove-guild", acts::guild::remove),
    ("add-guild", acts::guild::add),
    ("outage", acts::guild::outage),
    ("rename-guild", acts::guild::rename),
];

/// Carries out an act and says what came of it and when it was told.
pub(crate) fn act(
    simulation: &Simulation,
    name: &str,
    fields: &Map<String, Value>,
) -> Result<Value, ControlError> {
    let Some((_, carry)) = ACTS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = ACTS.iter().map(|(known, _)| *known).collect();
        return Err(ControlError::unknown(
            "act",
            format!("there is no act `{name}`; there are {}", known.join(", ")),
        ));
    };
    let (mut answer, told) = simulation.change_told(|world| carry(world, Ask(fields)))?;
    answer["at"] = json!(told.at_micros as f64 / 1_000.0);
    answer["atMicros"] = json!(told.at_micros);
    answer["dispatches"] = json!(told.count);
    answer["log"] = json!(told.last);
    Ok(answer)
}

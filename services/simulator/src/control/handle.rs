//! The control API for programs that embed the simulator.

use serde_json::{Map, Value, json};

use super::{ControlError, act, fault, sequence, settings, state};
use crate::{scenario::Scenario, simulation::Shared};

/// What the control API can do, without HTTP. Clones are the same simulator.
#[derive(Clone)]
pub struct Control(Shared);

impl Control {
    pub(crate) fn new(simulation: Shared) -> Self {
        Self(simulation)
    }

    /// `POST /control/{act}`: makes something happen; `fields` is a JSON object.
    pub fn act(&self, act: &str, fields: Value) -> Result<Value, ControlError> {
        self::act::act(&self.0, act, &object(fields)?)
    }

    /// `POST /control/fault`: makes something go wrong.
    pub fn fault(&self, fields: Value) -> Result<Value, ControlError> {
        fault::set(&self.0, &object(fields)?)
    }

    /// `DELETE /control/fault`: ends the faults that last.
    pub fn clear_faults(&self) {
        self.0.lock().faults.clear();
    }

    /// `GET /control/state`
    pub fn state(&self) -> Value {
        state::json(&self.0)
    }

    /// `GET /control/stats`: how often sessions were begun and resumed.
    pub fn stats(&self) -> Value {
        state::stats(&self.0)
    }

    /// `POST /control/settings`: sets what is named, answers what is in force.
    pub fn settings(&self, fields: Value) -> Result<Value, ControlError> {
        settings::set(&self.0, &object(fields)?)
    }

    /// `POST /control/sequence`
    pub async fn sequence(&self, fields: Value) -> Result<Value, ControlError> {
        sequence::start(self.0.clone(), &object(fields)?).await
    }

    /// `GET /control/log`: at most `limit` dispatches after number `since`.
    pub fn log(&self, since: u64, limit: usize) -> Vec<Value> {
        self.0
            .lock()
            .log
            .after(since, limit, None)
            .iter()
            .map(|entry| json!(entry))
            .collect()
    }

    /// `GET /control/calls`: the REST calls carried out after number `since`.
    pub fn calls(&self, since: u64, limit: usize) -> Vec<Value> {
        let page = self.0.lock().calls.page(since, limit);
        page["entries"].as_array().cloned().unwrap_or_default()
    }

    /// Plays a scenario from now on, or none.
    pub fn play(&self, scenario: Option<Scenario>) {
        self.0.scenario.send_replace(scenario);
    }
}

fn object(fields: Value) -> Result<Map<String, Value>, ControlError> {
    match fields {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err(ControlError::invalid("body", "not a JSON object")),
    }
}

use async_trait::async_trait;
use contracts::link::Command;
use link::{CallError, Commands};
use parking_lot::Mutex;
use serde_json::{Value, value::RawValue};

/// Stands where the gateways are: writes down what it is asked, and answers as it was told.
#[derive(Default)]
pub(crate) struct Gateway {
    asked: Mutex<Vec<Command>>,
    answer: Mutex<Option<Result<Value, CallError>>>,
}

impl Gateway {
    /// From now on the answer to everything.
    pub(crate) fn will(&self, answer: Result<Value, CallError>) {
        *self.answer.lock() = Some(answer);
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Command> {
        std::mem::take(&mut *self.asked.lock())
    }
}

#[async_trait]
impl Commands for Gateway {
    async fn call(&self, command: Command) -> Result<Box<RawValue>, CallError> {
        self.asked.lock().push(command);
        match self.answer.lock().clone() {
            Some(Ok(result)) => Ok(serde_json::value::to_raw_value(&result).unwrap()),
            Some(Err(error)) => Err(error),
            None => Err(CallError::Away("there is none".into())),
        }
    }
}

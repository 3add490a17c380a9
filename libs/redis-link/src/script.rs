//! Scripts, run where all keys of the deployment are.

use fred::{
    error::Error,
    interfaces::ClientLike,
    types::{ClusterHash, CustomCommand, FromValue, Value, scripts::Script},
    util::redis_keyslot,
};
use tracing::{Instrument as _, debug_span, field::Empty};

use crate::RedisLink;

impl RedisLink {
    /// Runs a script with one key, loading it where Redis does not know it: it was restarted, or another took over.
    pub async fn run<R: FromValue>(
        &self,
        script: &Script,
        key: &str,
        arguments: impl IntoIterator<Item = Value>,
    ) -> Result<R, Error> {
        let arguments: Vec<Value> = arguments.into_iter().collect();
        let reply = match self.evaluate(script, key, arguments.clone()).await {
            Err(error) if is_unknown_script(&error) => {
                self.load(script).await?;
                self.evaluate(script, key, arguments).await
            }
            reply => reply,
        };
        reply?.convert()
    }

    /// Runs a script that Redis knows; [`is_unknown_script`] tells the error where it does not.
    pub async fn evaluate(
        &self,
        script: &Script,
        key: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, Error> {
        let mut all = Vec::with_capacity(arguments.len() + 3);
        all.push(Value::from(script.sha1().clone()));
        // one key for the slot; scripts make the others of the prefix
        all.push(Value::from(1));
        all.push(Value::from(key));
        all.extend(arguments);
        // A part of a trace, where there is one (OpenTelemetry, "Semantic conventions for Redis").
        let span = debug_span!(
            target: "trace",
            "redis.script",
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "redis",
            db.operation.name = "EVALSHA",
            db.stored_procedure.name = &**script.sha1(),
            error.type = Empty,
        );
        let outcome = self.send("EVALSHA", all).instrument(span.clone()).await;
        if let Err(error) = &outcome {
            span.record("otel.status_code", "error");
            span.record("error.type", error.kind().to_str());
        }
        outcome
    }

    /// Makes a script known to the server that has the keys.
    pub async fn load(&self, script: &Script) -> Result<Value, Error> {
        let text = script.lua().cloned().unwrap_or_default();
        let arguments = vec![Value::from("LOAD"), Value::from(text)];
        self.send("SCRIPT", arguments).await
    }

    /// Sends a command to where the keys are. (The client's own EVALSHA fails at once while it does not know the Cluster yet,
    /// and its own SCRIPT LOAD asks every node of the Cluster, dead ones too.)
    pub(crate) async fn send(
        &self,
        name: &'static str,
        arguments: Vec<Value>,
    ) -> Result<Value, Error> {
        let slot = ClusterHash::Custom(redis_keyslot(self.key("").as_bytes()));
        let command = CustomCommand::new_static(name, slot, false);
        let outcome = self.client().custom(command, arguments).await;
        match &outcome {
            // It is sent again with the script.
            Err(error) if is_unknown_script(error) => outcome,
            _ => self.noted(outcome),
        }
    }
}

/// Whether Redis does not know the script (any more).
pub fn is_unknown_script(error: &Error) -> bool {
    error.details().starts_with("NOSCRIPT")
}

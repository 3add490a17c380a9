use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use fred::{
    error::Error,
    interfaces::{ClientLike, LuaInterface},
    prelude::Client,
    types::{ClusterHash, CustomCommand, Value, scripts::Script},
    util::redis_keyslot,
};
use redis_link::RedisLink;

use super::failure;
use crate::{BusError, metrics::Metrics};

/// Calls on one connection, measured, with errors as the bus tells them.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    link: RedisLink,
    metrics: Metrics,
    /// Whether the script that runs in order is believed to be loaded.
    loaded: Arc<AtomicBool>,
}

impl Calls {
    pub(super) fn new(link: RedisLink, metrics: Metrics) -> Self {
        Self {
            link,
            metrics,
            loaded: Arc::default(),
        }
    }

    pub(super) fn client(&self) -> &Client {
        self.link.client()
    }

    pub(super) fn key(&self, name: &str) -> String {
        self.link.key(name)
    }

    /// Runs a script, loading it where Redis does not know it.
    pub(super) async fn run(
        &self,
        name: &str,
        script: &Script,
        arguments: Vec<Value>,
    ) -> Result<Value, BusError> {
        self.measure(name, async {
            match self.evaluate(script, arguments.clone()).await {
                Err(error) if is_unknown_script(&error) => {
                    self.load(script).await?;
                    self.evaluate(script, arguments).await
                }
                outcome => outcome,
            }
        })
        .await
    }

    /// Runs the one script of this connection whose runs must not overtake each other: they reach Redis in the order in
    /// which they are polled first. So nothing is run again here: where Redis does not know the script, all that is under
    /// way fails, and the next run loads it before itself.
    pub(super) async fn run_in_order(
        &self,
        name: &str,
        script: &Script,
        arguments: Vec<Value>,
    ) -> Result<Value, BusError> {
        let known = self.loaded.swap(true, Ordering::SeqCst);
        let load = Box::pin(async {
            if known {
                Ok(())
            } else {
                self.load(script).await
            }
        });
        let run = Box::pin(self.evaluate(script, arguments));
        self.measure(name, async {
            // both are sent at the first poll, the loading first
            let (loaded, outcome) = futures_util::future::join(load, run).await;
            let unknown = outcome.as_ref().is_err_and(is_unknown_script);
            if loaded.is_err() || unknown {
                self.loaded.store(false, Ordering::SeqCst);
            }
            outcome
        })
        .await
    }

    async fn evaluate(&self, script: &Script, arguments: Vec<Value>) -> Result<Value, Error> {
        // one key for the slot; the script makes the others of the prefix
        let keys = self.key("clock");
        let mut all = Vec::with_capacity(arguments.len() + 1);
        all.push(Value::from(self.key("")));
        all.extend(arguments);
        let hash = script.sha1().clone();
        self.client().evalsha(hash, keys, all).await
    }

    /// Loads a script where all keys are.
    async fn load(&self, script: &Script) -> Result<(), Error> {
        let slot = ClusterHash::Custom(redis_keyslot(self.key("clock").as_bytes()));
        let command = CustomCommand::new_static("SCRIPT", slot, false);
        let text = script.lua().cloned().unwrap_or_default();
        let arguments = vec![Value::from("LOAD"), Value::from(text)];
        self.client().custom::<Value, _>(command, arguments).await?;
        Ok(())
    }

    pub(super) async fn ping(&self) -> Result<(), BusError> {
        self.measure("ping", self.link.ping()).await
    }

    pub(super) async fn measure<T>(
        &self,
        name: &str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, BusError> {
        let began = Instant::now();
        let outcome = call.await;
        self.metrics.called(name, began.elapsed());
        outcome.map_err(|error| {
            self.metrics.failed(error.kind().to_str());
            failure::told(error)
        })
    }
}

fn is_unknown_script(error: &Error) -> bool {
    error.details().starts_with("NOSCRIPT")
}

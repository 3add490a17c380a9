use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use fred::{
    error::Error,
    prelude::Client,
    types::{Value, scripts::Script},
};
use redis_link::{RedisLink, is_unknown_script};

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
        let arguments = self.with_prefix(arguments);
        self.measure(name, self.link.run(script, &self.key("clock"), arguments))
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
                Ok(Value::Null)
            } else {
                self.link.load(script).await
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
        let arguments = self.with_prefix(arguments);
        self.link
            .evaluate(script, &self.key("clock"), arguments)
            .await
    }

    /// Scripts make their keys of the prefix.
    fn with_prefix(&self, arguments: Vec<Value>) -> Vec<Value> {
        let mut all = vec![Value::from(self.key(""))];
        all.extend(arguments);
        all
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

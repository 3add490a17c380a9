use std::time::Instant;

use fred::{
    prelude::Client,
    types::{Value, scripts::Script},
};
use redis_link::RedisLink;

use super::failure;
use crate::{BusError, metrics::Metrics};

/// Calls on one connection, measured, with errors as the bus tells them.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    link: RedisLink,
    metrics: Metrics,
}

impl Calls {
    pub(super) fn new(link: RedisLink, metrics: Metrics) -> Self {
        Self { link, metrics }
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
        // one key for the slot; the script makes the others of the prefix
        let keys = self.key("clock");
        let mut all = Vec::with_capacity(arguments.len() + 1);
        all.push(Value::from(self.key("")));
        all.extend(arguments);
        self.measure(name, script.evalsha_with_reload(self.client(), keys, all))
            .await
    }

    pub(super) async fn ping(&self) -> Result<(), BusError> {
        self.measure("ping", self.link.ping()).await
    }

    pub(super) async fn measure<T>(
        &self,
        name: &str,
        call: impl Future<Output = Result<T, fred::error::Error>>,
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

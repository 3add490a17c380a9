use std::time::Duration;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, core::Collector,
};
use tracing::warn;

/// What is measured of a bus.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    commands: HistogramVec,
    errors: IntCounterVec,
    interruptions: IntCounter,
    reconnects: IntCounter,
}

impl Metrics {
    /// Not shown anywhere.
    pub(crate) fn detached() -> Self {
        let seconds = HistogramOpts::new(
            "fanfare_redis_command_seconds",
            "Time of a call of the event bus to Redis, by call",
        )
        .buckets(vec![
            0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
        ]);
        let errors = Opts::new(
            "fanfare_redis_errors_total",
            "Calls of the event bus to Redis that failed, by kind of error",
        );
        let counter = |name: &str, help: &str| {
            IntCounter::new(name, help).expect("the name is a valid metric name")
        };
        Self {
            commands: HistogramVec::new(seconds, &["command"])
                .expect("the name is a valid metric name"),
            errors: IntCounterVec::new(errors, &["kind"]).expect("the name is a valid metric name"),
            interruptions: counter(
                "fanfare_bus_interruptions_total",
                "Times that a subscriber had to be told to read what it may have missed",
            ),
            reconnects: counter(
                "fanfare_redis_reconnects_total",
                "Times that a subscriber's connection to Redis came back",
            ),
        }
    }

    /// Shown by `registry`.
    pub(crate) fn register(registry: &Registry) -> Self {
        let metrics = Self::detached();
        let collectors: [Box<dyn Collector>; 4] = [
            Box::new(metrics.commands.clone()),
            Box::new(metrics.errors.clone()),
            Box::new(metrics.interruptions.clone()),
            Box::new(metrics.reconnects.clone()),
        ];
        for collector in collectors {
            if let Err(error) = registry.register(collector) {
                warn!(component = "Internal", %error, "a metric of the event bus is not shown");
            }
        }
        metrics
    }

    pub(crate) fn called(&self, command: &str, time: Duration) {
        self.commands
            .with_label_values(&[command])
            .observe(time.as_secs_f64());
    }

    pub(crate) fn failed(&self, kind: &str) {
        self.errors.with_label_values(&[kind]).inc();
    }

    pub(crate) fn interrupted(&self) {
        self.interruptions.inc();
    }

    pub(crate) fn reconnected(&self) {
        self.reconnects.inc();
    }
}

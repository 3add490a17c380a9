use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounter, Registry};
use serde_json::value::RawValue;

use crate::CallError;

/// What is measured of commands over LINK.
#[derive(Debug, Clone)]
pub struct Metrics {
    calls: HistogramVec,
    retries: IntCounter,
}

impl Metrics {
    /// Shown by `registry`.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self::detached()?;
        registry.register(Box::new(metrics.calls.clone()))?;
        registry.register(Box::new(metrics.retries.clone()))?;
        Ok(metrics)
    }

    /// Not shown anywhere.
    pub fn detached() -> Result<Self, prometheus::Error> {
        let seconds = HistogramOpts::new(
            "fanfare_link_call_seconds",
            "Time of a command over LINK, by outcome (done, refused, away, unknown)",
        )
        .buckets(vec![
            0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0,
        ]);
        Ok(Self {
            calls: HistogramVec::new(seconds, &["outcome"])?,
            retries: IntCounter::new(
                "fanfare_link_retries_total",
                "Commands that were sent once more after a hand-over",
            )?,
        })
    }

    pub(crate) fn called(&self, outcome: &Result<Box<RawValue>, CallError>, time: Duration) {
        let outcome = match outcome {
            Ok(_) => "done",
            Err(CallError::Refused(_)) => "refused",
            Err(CallError::Away(_)) => "away",
            Err(CallError::Unknown) => "unknown",
        };
        let calls = self.calls.with_label_values(&[outcome]);
        calls.observe(time.as_secs_f64());
    }

    pub(crate) fn retried(&self) {
        self.retries.inc();
    }
}

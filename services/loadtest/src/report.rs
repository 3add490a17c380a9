use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{cost::Cost, exposition::Buckets, oracle::Verdict, plan::Plan};

/// Percentiles in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Latency {
    pub(crate) from: &'static str,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

/// What came of one phase.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) streams: usize,
    pub(crate) replicas: usize,
    pub(crate) events: u64,
    pub(crate) events_per_second: u32,
    pub(crate) seconds: f64,
    pub(crate) verdict: Verdict,
    /// The promise: 95 of 100 deliveries within so many ms.
    pub(crate) p95_bound: f64,
    pub(crate) deliveries_per_second: f64,
    pub(crate) latencies: Vec<Latency>,
    pub(crate) costs: Vec<Cost>,
    /// Streams that ended early, by reason.
    pub(crate) failures: BTreeMap<String, usize>,
}

impl Phase {
    /// Whether what the product promises was kept.
    pub(crate) fn holds(&self) -> bool {
        let in_time = |latency: &Latency| latency.p95 <= self.p95_bound;
        self.verdict.is_clean()
            && self.failures.is_empty()
            && self.latencies.first().is_some_and(in_time)
    }

    /// CPU time of the measured processes for one delivery, in µs.
    pub(crate) fn cpu_micros_per_delivery(&self, process: &str) -> f64 {
        let matching = self
            .costs
            .iter()
            .filter(|cost| cost.process.starts_with(process));
        let seconds: f64 = matching.map(|cost| cost.cpu_seconds).sum();
        seconds * 1e6 / (self.verdict.delivered.max(1) as f64)
    }

    /// Memory that the replicas took for each stream, in bytes.
    pub(crate) fn resident_per_stream(&self) -> f64 {
        let replicas = self
            .costs
            .iter()
            .filter(|cost| cost.process.starts_with("web"));
        let grown: u64 = replicas
            .map(|cost| cost.resident_open.saturating_sub(cost.resident_before))
            .sum();
        grown as f64 / self.streams.max(1) as f64
    }

    pub(crate) fn describe(plan: &Plan) -> String {
        format!("{} events at {}/s", plan.count, plan.rate)
    }
}

/// The percentiles of a histogram of µs.
pub(crate) fn latency(from: &'static str, micros: &Histogram<u64>) -> Latency {
    let at = |quantile: f64| micros.value_at_quantile(quantile) as f64 / 1e3;
    Latency {
        from,
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: micros.max() as f64 / 1e3,
    }
}

/// The percentiles of a Prometheus histogram, as bounds; `None` = it saw nothing.
pub(crate) fn bounds(from: &'static str, buckets: &Buckets) -> Option<Latency> {
    let at = |quantile: f64| match buckets.quantile(quantile) {
        Some(u64::MAX) | None => f64::INFINITY,
        Some(micros) => micros as f64 / 1e3,
    };
    (buckets.count() > 0).then(|| Latency {
        from,
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: at(1.0),
    })
}

/// What came of idle streams.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdleReport {
    pub(crate) streams: usize,
    pub(crate) seconds: f64,
    pub(crate) costs: Vec<Cost>,
    pub(crate) resident_per_stream: f64,
    pub(crate) failures: BTreeMap<String, usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(p95: f64, lost: u64) -> Phase {
        let row = Latency {
            from: "due",
            p50: 1.0,
            p95,
            p99: p95,
            p999: p95,
            max: p95,
        };
        Phase {
            name: "test".to_owned(),
            streams: 10,
            replicas: 1,
            events: 10,
            events_per_second: 1,
            seconds: 10.0,
            verdict: Verdict {
                delivered: 100 - lost,
                lost,
                ..Verdict::default()
            },
            p95_bound: 300.0,
            deliveries_per_second: 10.0,
            latencies: vec![row],
            costs: Vec::new(),
            failures: BTreeMap::new(),
        }
    }

    #[test]
    fn a_phase_holds_only_if_it_is_whole_and_in_time() {
        assert!(phase(300.0, 0).holds());
        assert!(!phase(300.1, 0).holds());
        assert!(!phase(1.0, 1).holds());
        let mut broken = phase(1.0, 0);
        broken.failures.insert("the stream ended".to_owned(), 1);
        assert!(!broken.holds());
    }

    #[test]
    fn percentiles_are_in_milliseconds() {
        let mut histogram = Histogram::<u64>::new_with_max(60_000_000, 3).unwrap();
        for micros in 1..=1000 {
            histogram.record(micros * 1000).unwrap();
        }
        let row = latency("due", &histogram);
        assert!(
            (row.p50 - 500.0).abs() < 1.0
                && (row.p99 - 990.0).abs() < 1.0
                && (row.max - 1000.0).abs() < 1.0,
            "{row:?}"
        );
    }
}

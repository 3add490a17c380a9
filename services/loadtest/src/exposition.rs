use std::collections::BTreeMap;

use anyhow::Context as _;
use reqwest::Client;

use crate::target::Target;

/// Fanfare's own measure of latency: received by the gateway → written to the browser's socket.
const LATENCY: &str = "fanfare_event_latency_seconds";

/// The cumulative buckets of a Prometheus histogram, all labels and replicas together: upper bound in µs → count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Buckets(BTreeMap<u64, u64>);

/// Reads the latency histogram of every replica.
pub(crate) async fn scrape(client: &Client, metrics: &[Target]) -> anyhow::Result<Buckets> {
    let mut all = Buckets::default();
    for target in metrics {
        let reply = client.get(format!("{target}/metrics")).send().await;
        let text = reply.context("the metrics do not answer")?.text().await?;
        all.add(&text, LATENCY);
    }
    Ok(all)
}

impl Buckets {
    fn add(&mut self, exposition: &str, name: &str) {
        let prefix = format!("{name}_bucket{{");
        for line in exposition
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix))
        {
            let Some((labels, count)) = line.rsplit_once("} ") else {
                continue;
            };
            let bound = labels
                .split("le=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            let (Some(bound), Ok(count)) = (bound, count.trim().parse::<f64>()) else {
                continue;
            };
            let micros = bound
                .parse::<f64>()
                .map_or(u64::MAX, |seconds| (seconds * 1e6) as u64);
            *self.0.entry(micros).or_default() += count as u64;
        }
    }

    /// What came on top since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let grown = |(bound, count): (&u64, &u64)| {
            (
                *bound,
                count.saturating_sub(*before.0.get(bound).unwrap_or(&0)),
            )
        };
        Self(self.0.iter().map(grown).collect())
    }

    /// How many observations there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.values().copied().max().unwrap_or(0)
    }

    /// The upper bound of the bucket in which the quantile lies, in µs: the truth is not above it.
    pub(crate) fn quantile(&self, quantile: f64) -> Option<u64> {
        let rank = (self.count() as f64 * quantile).ceil() as u64;
        let bucket = self.0.iter().find(|(_, count)| **count >= rank.max(1))?;
        Some(*bucket.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE x_seconds histogram\n\
        x_seconds_bucket{transport=\"sse\",le=\"0.001\"} 50\n\
        x_seconds_bucket{transport=\"sse\",le=\"0.01\"} 95\n\
        x_seconds_bucket{transport=\"sse\",le=\"+Inf\"} 100\n\
        x_seconds_bucket{transport=\"ws\",le=\"0.001\"} 0\n\
        x_seconds_bucket{transport=\"ws\",le=\"0.01\"} 0\n\
        x_seconds_bucket{transport=\"ws\",le=\"+Inf\"} 0\n\
        x_seconds_sum 1\nx_seconds_count 100\nother_bucket{le=\"1\"} 7\n";

    #[test]
    fn quantiles_are_bucket_bounds() {
        let mut buckets = Buckets::default();
        buckets.add(TEXT, "x_seconds");
        assert_eq!(
            (
                buckets.count(),
                buckets.quantile(0.5),
                buckets.quantile(0.95)
            ),
            (100, Some(1_000), Some(10_000))
        );
        assert_eq!(buckets.quantile(0.99), Some(u64::MAX));
        assert_eq!(buckets.since(&buckets).count(), 0);
        assert_eq!(Buckets::default().quantile(0.5), None);
    }
}

use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result, core::Collector,
};

/// Makes metrics that a registry shows. Each is refused where one of its name is shown already.
#[derive(Debug, Clone, Copy)]
pub struct Meter<'a> {
    registry: &'a Registry,
}

impl<'a> Meter<'a> {
    /// Of this registry.
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry }
    }

    /// Something that only rises.
    pub fn counter(self, name: &str, help: &str) -> Result<IntCounter> {
        self.show(IntCounter::new(name, help)?)
    }

    /// Such a thing by labels.
    pub fn counters(self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        self.show(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    /// Something that rises and falls.
    pub fn gauge(self, name: &str, help: &str) -> Result<IntGauge> {
        self.show(IntGauge::new(name, help)?)
    }

    /// Such a thing by labels.
    pub fn gauges(self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
        self.show(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    /// A moment or a length, in seconds with their fractions.
    pub fn seconds(self, name: &str, help: &str) -> Result<Gauge> {
        self.show(Gauge::new(name, help)?)
    }

    /// How things are distributed over buckets with these upper bounds.
    pub fn histogram(self, name: &str, help: &str, bounds: &[f64]) -> Result<Histogram> {
        let opts = HistogramOpts::new(name, help).buckets(bounds.to_vec());
        self.show(Histogram::with_opts(opts)?)
    }

    /// Such a distribution by labels.
    pub fn histograms(
        self,
        name: &str,
        help: &str,
        labels: &[&str],
        bounds: &[f64],
    ) -> Result<HistogramVec> {
        let opts = HistogramOpts::new(name, help).buckets(bounds.to_vec());
        self.show(HistogramVec::new(opts, labels)?)
    }

    fn show<C: Collector + Clone + 'static>(self, collector: C) -> Result<C> {
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_shown_and_a_name_is_given_once() {
        let registry = Registry::new();
        let meter = Meter::new(&registry);
        meter.counter("a_total", "a").unwrap().inc();
        meter
            .gauges("b", "b", &["of"])
            .unwrap()
            .with_label_values(&["x"])
            .set(2);
        meter
            .histogram("c_seconds", "c", &[0.1, 1.0])
            .unwrap()
            .observe(0.5);
        let shown = registry.gather();
        let names: Vec<_> = shown
            .iter()
            .map(prometheus::proto::MetricFamily::name)
            .collect();
        assert_eq!(names, ["a_total", "b", "c_seconds"]);
        assert!(meter.gauge("b", "again").is_err());
    }
}

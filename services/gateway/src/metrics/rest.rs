use discord::rest::{RestObserver, RestRequest};
use prometheus::{HistogramVec, IntCounterVec, Registry};
use telemetry::Meter;

use super::SECONDS;

/// What is measured of Discord's REST interface. The label `route` is the path's family, without an id.
pub(crate) struct RestMetrics {
    requests: IntCounterVec,
    took: HistogramVec,
    waited: HistogramVec,
    limited: IntCounterVec,
}

impl RestMetrics {
    /// Shown by `registry`.
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let (meter, route) = (Meter::new(registry), &["method", "route"]);
        Ok(Self {
            requests: meter.counters(
                "fanfare_rest_requests_total",
                "Requests of the bot to Discord's REST interface, by what became of them",
                &["method", "route", "outcome"],
            )?,
            took: meter.histograms(
                "fanfare_rest_seconds",
                "From asking Discord's REST interface to its answer, waiting for rate limits included",
                route,
                SECONDS,
            )?,
            waited: meter.histograms(
                "fanfare_rest_wait_seconds",
                "From asking to the (last) sending: what rate limits cost",
                route,
                SECONDS,
            )?,
            limited: meter.counters(
                "fanfare_rest_limited_total",
                "Times that Discord answered 429 and the request was sent once more",
                route,
            )?,
        })
    }
}

impl RestObserver for RestMetrics {
    fn ended(&self, request: &RestRequest) {
        let route = [request.method, request.route.as_str()];
        self.requests
            .with_label_values(&[request.method, &request.route, request.outcome])
            .inc();
        self.took
            .with_label_values(&route)
            .observe(request.took.as_secs_f64());
        self.waited
            .with_label_values(&route)
            .observe(request.waited.as_secs_f64());
        self.limited
            .with_label_values(&route)
            .inc_by(request.sends.saturating_sub(1).into());
    }
}

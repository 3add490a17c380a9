//! What web tells Prometheus. Never a label per user, guild or channel.

use std::time::Duration;

use contracts::event::ResetReason;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use crate::hub::{Chunk, Health, Transport, now_ms};

/// Upper bounds of the latency histogram, in seconds.
const LATENCY: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0,
];

/// Upper bounds of the repair histogram, in seconds.
const REPAIR: &[f64] = &[0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

/// Upper bounds of the tick histogram, in seconds.
const TICK: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// Upper bounds of the authentication histogram, in seconds.
const AUTH: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0];

/// The metrics of one replica.
#[derive(Debug)]
pub struct Metrics {
    latency: Histogram,
    deliveries: IntCounter,
    streams: IntGaugeVec,
    refused: IntCounterVec,
    repairs: IntCounter,
    repaired_events: IntCounter,
    repair_seconds: Histogram,
    repair_reads: IntCounter,
    ticks: Histogram,
    degraded: IntGauge,
    slow_closes: IntCounter,
    slow_warnings: IntCounter,
    websockets: IntCounter,
    websocket_auth: Histogram,
    resets: IntCounterVec,
    log_reads: IntCounter,
    guilds: IntGauge,
    ring_frames: IntGauge,
    ring_bytes: IntGauge,
    logins: IntCounterVec,
    requests: IntCounterVec,
    calls: IntCounterVec,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name, help| IntCounter::new(name, help);
        let counters =
            |name: &str, help: &str, label| IntCounterVec::new(Opts::new(name, help), &[label]);
        let histogram = |name: &str, help: &str, buckets: &[f64]| {
            Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
        };
        let metrics = Self {
            latency: histogram(
                "fanfare_event_latency_seconds",
                "From the gateway's receipt of a dispatch to the hand-over of its event to a connection",
                LATENCY,
            )?,
            deliveries: counter("fanfare_deliveries_total", "Events handed to connections")?,
            streams: IntGaugeVec::new(
                Opts::new("fanfare_streams_active", "Open streams"),
                &["transport"],
            )?,
            refused: counters(
                "fanfare_streams_refused_total",
                "Streams answered with `unavailable`",
                "reason",
            )?,
            repairs: counter(
                "fanfare_repairs_total",
                "Interruptions repaired from the log",
            )?,
            repaired_events: counter(
                "fanfare_repaired_events_total",
                "Events that repairs found in the log",
            )?,
            repair_seconds: histogram(
                "fanfare_repair_seconds",
                "From the notice of an interruption to the end of its repair",
                REPAIR,
            )?,
            repair_reads: counter(
                "fanfare_repair_reads_total",
                "Pages of logs read by repairs, for all streams together",
            )?,
            ticks: histogram(
                "fanfare_tick_seconds",
                "From asking the bus for a tick to its return through the live channel",
                TICK,
            )?,
            degraded: IntGauge::new(
                "fanfare_degraded",
                "1 while events may not arrive: the bus is away, ticks do not come back, or a repair is not done",
            )?,
            slow_closes: counter(
                "fanfare_slow_consumer_closes_total",
                "Connections closed because more than 1 MiB waited for the reader, or because it took nothing for a minute",
            )?,
            slow_warnings: counter(
                "fanfare_slow_consumer_warnings_total",
                "WebSockets told that most of what may wait for their reader does",
            )?,
            websockets: counter(
                "fanfare_ws_connections_total",
                "WebSockets that were opened",
            )?,
            websocket_auth: histogram(
                "fanfare_ws_auth_seconds",
                "From the opening of a WebSocket to the beginning of its stream",
                AUTH,
            )?,
            resets: counters("fanfare_resets_total", "Resets told to streams", "reason")?,
            log_reads: counter(
                "fanfare_catch_up_reads_total",
                "Pages of logs read for single streams",
            )?,
            guilds: IntGauge::new(
                "fanfare_guilds_followed",
                "Guilds that this replica follows",
            )?,
            ring_frames: IntGauge::new("fanfare_ring_frames", "Frames in all rings")?,
            ring_bytes: IntGauge::new("fanfare_ring_bytes", "Bytes of the frames in all rings")?,
            logins: counters("fanfare_logins_total", "Ends of sign-ins", "outcome")?,
            requests: counters(
                "fanfare_http_requests_total",
                "Answers by class of status",
                "status",
            )?,
            calls: IntCounterVec::new(
                Opts::new(
                    "fanfare_rpc_calls_total",
                    "Calls of functions by their answer's status",
                ),
                &["function", "status"],
            )?,
        };
        registry.register(Box::new(metrics.latency.clone()))?;
        registry.register(Box::new(metrics.deliveries.clone()))?;
        registry.register(Box::new(metrics.streams.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.repairs.clone()))?;
        registry.register(Box::new(metrics.repaired_events.clone()))?;
        registry.register(Box::new(metrics.repair_seconds.clone()))?;
        registry.register(Box::new(metrics.repair_reads.clone()))?;
        registry.register(Box::new(metrics.ticks.clone()))?;
        registry.register(Box::new(metrics.degraded.clone()))?;
        registry.register(Box::new(metrics.slow_closes.clone()))?;
        registry.register(Box::new(metrics.slow_warnings.clone()))?;
        registry.register(Box::new(metrics.websockets.clone()))?;
        registry.register(Box::new(metrics.websocket_auth.clone()))?;
        registry.register(Box::new(metrics.resets.clone()))?;
        registry.register(Box::new(metrics.log_reads.clone()))?;
        registry.register(Box::new(metrics.guilds.clone()))?;
        registry.register(Box::new(metrics.ring_frames.clone()))?;
        registry.register(Box::new(metrics.ring_bytes.clone()))?;
        registry.register(Box::new(metrics.logins.clone()))?;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.calls.clone()))?;
        metrics.degraded.set(1);
        for transport in [Transport::Sse, Transport::WebSocket] {
            metrics
                .streams
                .with_label_values(&[transport.name()])
                .set(0);
        }
        Ok(metrics)
    }

    /// A chunk was handed to a connection. Its latest event stands for all of it.
    pub(crate) fn delivered(&self, chunk: &Chunk) {
        self.deliveries.inc_by(chunk.events);
        if chunk.newest_ts > 0 {
            let ms = now_ms().saturating_sub(chunk.newest_ts);
            self.latency.observe(ms as f64 / 1000.0);
        }
    }

    pub(crate) fn stream_opened(&self, transport: Transport) {
        self.streams.with_label_values(&[transport.name()]).inc();
    }

    pub(crate) fn stream_closed(&self, transport: Transport) {
        self.streams.with_label_values(&[transport.name()]).dec();
    }

    pub(crate) fn stream_refused(&self, reason: &str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    pub(crate) fn repaired(&self, events: u64, seconds: f64) {
        self.repairs.inc();
        self.repaired_events.inc_by(events);
        self.repair_seconds.observe(seconds);
    }

    pub(crate) fn repair_reads(&self, pages: usize) {
        self.repair_reads.inc_by(pages as u64);
    }

    pub(crate) fn ticked(&self, seconds: f64) {
        self.ticks.observe(seconds);
    }

    pub(crate) fn health(&self, health: Health) {
        self.degraded.set(i64::from(health != Health::Ready));
    }

    pub(crate) fn slow_consumer_closed(&self) {
        self.slow_closes.inc();
    }

    pub(crate) fn slow_consumer_warned(&self) {
        self.slow_warnings.inc();
    }

    pub(crate) fn websocket_opened(&self) {
        self.websockets.inc();
    }

    pub(crate) fn websocket_authenticated(&self, after: Duration) {
        self.websocket_auth.observe(after.as_secs_f64());
    }

    pub(crate) fn reset(&self, reason: ResetReason) {
        let label = match reason {
            ResetReason::Expired => "expired",
            ResetReason::Trimmed => "trimmed",
            ResetReason::Epoch => "epoch",
            ResetReason::Future => "future",
        };
        self.resets.with_label_values(&[label]).inc();
    }

    pub(crate) fn log_reads(&self, pages: usize) {
        self.log_reads.inc_by(pages as u64);
    }

    pub(crate) fn rings(&self, guilds: usize, frames: u64, bytes: usize) {
        self.guilds.set(i64::try_from(guilds).unwrap_or(i64::MAX));
        self.ring_frames.set(frames.cast_signed());
        self.ring_bytes
            .set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn login(&self, outcome: &str) {
        self.logins.with_label_values(&[outcome]).inc();
    }

    /// `function` is one of ours, never what was asked for.
    pub(crate) fn called(&self, function: &str, status: u16) {
        let status = status.to_string();
        self.calls.with_label_values(&[function, &status]).inc();
    }

    pub(crate) fn answered(&self, status: u16) {
        let class = match status / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "1xx",
        };
        self.requests.with_label_values(&[class]).inc();
    }
}

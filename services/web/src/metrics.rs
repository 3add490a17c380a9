//! What web tells Prometheus. Never a label per user, guild or channel.

use std::time::Duration;

use contracts::{EventId, event::ResetReason};
use prometheus::{
    Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry,
};
use telemetry::Meter;

use crate::hub::{Chunk, Health, Transport, now_ms};

/// Upper bounds of the latency histogram, in seconds.
const LATENCY: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0,
];

/// Upper bounds of the histograms of waiting, in seconds.
const QUEUE: &[f64] = &[
    0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 60.0,
];

/// Upper bounds of the histogram of streams' ages, in seconds.
const AGES: &[f64] = &[
    1.0, 10.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
];

/// Upper bounds of the histograms of questions to others, in seconds.
const REST: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
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
    transit: Histogram,
    queue: Histogram,
    socket_wait: Histogram,
    latency: Histogram,
    deliveries: IntCounter,
    streams: IntGaugeVec,
    stream_ages: HistogramVec,
    refused: IntCounterVec,
    repairs: IntCounter,
    repaired_events: IntCounter,
    repair_seconds: Histogram,
    repair_reads: IntCounter,
    ticks: Histogram,
    ticks_failed: IntCounterVec,
    tick_returned: Gauge,
    state: IntGaugeVec,
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
    retention: IntGauge,
    limits: IntCounterVec,
    user_requests: IntCounterVec,
    user_rest: HistogramVec,
    call_seconds: HistogramVec,
    logins: IntCounterVec,
    requests: IntCounterVec,
    calls: IntCounterVec,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let meter = Meter::new(registry);
        let metrics = Self {
            transit: meter.histogram(
                "fanfare_bus_transit_seconds",
                "From the time in an event's id (the bus gives it) to its arrival here; the clocks' difference is in it",
                LATENCY,
            )?,
            queue: meter.histogram(
                "fanfare_stream_queue_seconds",
                "From an event's arrival to its hand-over to a connection, of the oldest in a write",
                QUEUE,
            )?,
            socket_wait: meter.histogram(
                "fanfare_socket_wait_seconds",
                "How long a write to a connection waited for its reader; 0 where the system took it at once",
                QUEUE,
            )?,
            latency: meter.histogram(
                "fanfare_event_latency_seconds",
                "From the gateway's receipt of a dispatch to the hand-over of its event to a connection",
                LATENCY,
            )?,
            deliveries: meter.counter("fanfare_deliveries_total", "Events handed to connections")?,
            streams: meter.gauges("fanfare_streams_active", "Open streams", &["transport"])?,
            stream_ages: meter.histograms(
                "fanfare_stream_age_seconds",
                "How old streams were when they ended",
                &["transport"],
                AGES,
            )?,
            refused: meter.counters(
                "fanfare_streams_refused_total",
                "Streams answered with `unavailable`",
                &["reason"],
            )?,
            repairs: meter.counter(
                "fanfare_repairs_total",
                "Interruptions repaired from the log",
            )?,
            repaired_events: meter.counter(
                "fanfare_repaired_events_total",
                "Events that repairs found in the log",
            )?,
            repair_seconds: meter.histogram(
                "fanfare_repair_seconds",
                "From the notice of an interruption to the end of its repair",
                REPAIR,
            )?,
            repair_reads: meter.counter(
                "fanfare_repair_reads_total",
                "Pages of logs read by repairs, for all streams together",
            )?,
            ticks: meter.histogram(
                "fanfare_tick_seconds",
                "From asking the bus for a tick to its return through the live channel",
                TICK,
            )?,
            ticks_failed: meter.counters(
                "fanfare_ticks_failed_total",
                "Ticks that failed: the bus did not answer (refused), or took one that did not come back (lost)",
                &["cause"],
            )?,
            tick_returned: meter.seconds(
                "fanfare_tick_returned_timestamp_seconds",
                "Unix time at which a tick came back last; 0 before the first",
            )?,
            state: meter.gauges(
                "fanfare_hub_state",
                "1 for what is known of the way from the bus to this replica",
                &["state"],
            )?,
            degraded: meter.gauge(
                "fanfare_degraded",
                "1 while events may not arrive: the bus is away, ticks do not come back, or a repair is not done",
            )?,
            slow_closes: meter.counter(
                "fanfare_slow_consumer_closes_total",
                "Connections closed because more than 1 MiB waited for the reader, or because it took nothing for a minute",
            )?,
            slow_warnings: meter.counter(
                "fanfare_slow_consumer_warnings_total",
                "WebSockets told that most of what may wait for their reader does",
            )?,
            websockets: meter.counter(
                "fanfare_ws_connections_total",
                "WebSockets that were opened",
            )?,
            websocket_auth: meter.histogram(
                "fanfare_ws_auth_seconds",
                "From the opening of a WebSocket to the beginning of its stream",
                AUTH,
            )?,
            resets: meter.counters("fanfare_resets_total", "Resets told to streams", &["reason"],)?,
            log_reads: meter.counter(
                "fanfare_catch_up_reads_total",
                "Pages of logs read for single streams",
            )?,
            guilds: meter.gauge(
                "fanfare_guilds_followed",
                "Guilds that this replica follows",
            )?,
            ring_frames: meter.gauge("fanfare_ring_frames", "Frames in all rings")?,
            ring_bytes: meter.gauge("fanfare_ring_bytes", "Bytes of the frames in all rings")?,
            retention: meter.gauge(
                "fanfare_retention_window_seconds",
                "How far back the log of a followed guild reaches, of the shortest that were looked at; at most what is configured",
            )?,
            limits: meter.counters(
                "fanfare_limits_asked_total",
                "Questions whether a user may do something now, by limit and answer (granted, refused, away)",
                &["limit", "answer"],
            )?,
            user_requests: meter.counters(
                "fanfare_user_rest_requests_total",
                "Requests to Discord with a user's token or for one, by what became of them",
                &["route", "outcome"],
            )?,
            user_rest: meter.histograms(
                "fanfare_user_rest_seconds",
                "From asking Discord with a user's token or for one to the answer",
                &["route"],
                REST,
            )?,
            call_seconds: meter.histograms(
                "fanfare_rpc_seconds",
                "From the call of a function to its answer",
                &["function"],
                REST,
            )?,
            logins: meter.counters("fanfare_logins_total", "Ends of sign-ins", &["outcome"],)?,
            requests: meter.counters(
                "fanfare_http_requests_total",
                "Answers by class of status",
                &["status"],
            )?,
            calls: meter.counters(
                "fanfare_rpc_calls_total",
                "Calls of functions by their answer's status",
                &["function", "status"],
            )?,
        };
        metrics.health(Health::Starting);
        // What is counted from 0 on is seen to rise from the first time on.
        let reasons = [
            (&metrics.ticks_failed, &["refused", "lost"][..]),
            (&metrics.refused, &["draining", "overload", "bus"]),
            (&metrics.resets, &["expired", "trimmed", "epoch", "future"]),
        ];
        for (counter, labels) in reasons {
            for label in labels {
                counter.with_label_values(&[*label]).inc_by(0);
            }
        }
        for transport in [Transport::Sse, Transport::WebSocket] {
            metrics
                .streams
                .with_label_values(&[transport.name()])
                .set(0);
        }
        Ok(metrics)
    }

    /// Entries came through the live channel, with these ids.
    pub(crate) fn arrived(&self, ids: &[EventId]) {
        let now = now_ms();
        for id in ids {
            let ms = now.saturating_sub(id.ms);
            self.transit.observe(ms as f64 / 1000.0);
        }
    }

    /// A chunk was handed to a connection. Of its latency the latest event stands for all of it, of the waiting the oldest.
    pub(crate) fn delivered(&self, chunk: &Chunk) {
        self.deliveries.inc_by(chunk.events);
        if let Some(since) = chunk.since {
            self.queue.observe(since.elapsed().as_secs_f64());
        }
        if chunk.newest_ts > 0 {
            let ms = now_ms().saturating_sub(chunk.newest_ts);
            self.latency.observe(ms as f64 / 1000.0);
        }
    }

    pub(crate) fn stream_opened(&self, transport: Transport) {
        self.streams.with_label_values(&[transport.name()]).inc();
    }

    pub(crate) fn stream_closed(&self, transport: Transport, age: Duration) {
        self.streams.with_label_values(&[transport.name()]).dec();
        self.stream_ages
            .with_label_values(&[transport.name()])
            .observe(age.as_secs_f64());
    }

    /// What writes to connections are measured with.
    pub(crate) fn socket_wait(&self) -> Histogram {
        self.socket_wait.clone()
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
        self.tick_returned.set(now_ms() as f64 / 1000.0);
    }

    /// A tick failed: `refused`, `lost`.
    pub(crate) fn tick_failed(&self, cause: &str) {
        self.ticks_failed.with_label_values(&[cause]).inc();
    }

    pub(crate) fn health(&self, health: Health) {
        self.degraded.set(i64::from(health != Health::Ready));
        for state in Health::ALL {
            self.state
                .with_label_values(&[state.name()])
                .set(i64::from(state == health));
        }
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

    /// How far back the log reaches.
    pub(crate) fn retention(&self, window: Duration) {
        let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
        self.retention.set(seconds);
    }

    /// A limit was asked: `granted`, `refused`, `away`.
    pub(crate) fn limit(&self, limit: &str, answer: &str) {
        self.limits.with_label_values(&[limit, answer]).inc();
    }

    /// Discord was asked in a user's name; `route` is the path's family, without an id.
    pub(crate) fn asked_discord(&self, route: &str, outcome: &str, took: Duration) {
        self.user_requests
            .with_label_values(&[route, outcome])
            .inc();
        self.user_rest
            .with_label_values(&[route])
            .observe(took.as_secs_f64());
    }

    /// `function` is one of ours, never what was asked for.
    pub(crate) fn called(&self, function: &str, status: u16, took: Duration) {
        self.call_seconds
            .with_label_values(&[function])
            .observe(took.as_secs_f64());
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

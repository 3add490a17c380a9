use discord::{ConnectionState, Fact, ShardId, ShardStatus};
use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};
use telemetry::Meter;

use super::SECONDS;

/// What is measured of shards; the label `shard` is a number from 0 to how many there are.
#[derive(Debug)]
pub(super) struct ShardMetrics {
    received: IntCounterVec,
    undecodable: IntCounterVec,
    state: IntGaugeVec,
    degraded: IntGaugeVec,
    attempts: IntGaugeVec,
    disconnects: IntCounterVec,
    reconnects: IntCounterVec,
    resumes: IntCounterVec,
    identifies: IntCounterVec,
    repeated: IntCounterVec,
    queue_full: IntCounterVec,
    discarded: IntCounterVec,
    heartbeat: HistogramVec,
    wire_bytes: IntCounterVec,
}

impl ShardMetrics {
    pub(super) fn register(meter: Meter<'_>) -> prometheus::Result<Self> {
        let shard = &["shard"];
        Ok(Self {
            received: meter.counters(
                "fanfare_events_received_total",
                "Dispatches taken from Discord; type OTHER = not carried",
                &["type"],
            )?,
            undecodable: meter.counters(
                "fanfare_shard_undecodable_total",
                "Dispatches of carried types whose payload could not be read",
                shard,
            )?,
            state: meter.gauges(
                "fanfare_gateway_state",
                "1 for the connection state that a shard is in",
                &["shard", "state"],
            )?,
            degraded: meter.gauges(
                "fanfare_shard_degraded",
                "1 while several attempts in a row came to nothing",
                shard,
            )?,
            attempts: meter.gauges(
                "fanfare_shard_attempts",
                "Attempts that failed in a row",
                shard,
            )?,
            disconnects: meter.counters(
                "fanfare_shard_disconnects_total",
                "Connections that ended or could not be made",
                &["shard", "cause"],
            )?,
            reconnects: meter.counters(
                "fanfare_shard_reconnects_total",
                "Times that a shard began to connect anew",
                shard,
            )?,
            resumes: meter.counters("fanfare_shard_resumes_total", "RESUMEs sent", shard)?,
            identifies: meter.counters(
                "fanfare_shard_identifies_total",
                "IDENTIFYs sent",
                shard,
            )?,
            repeated: meter.counters(
                "fanfare_shard_repeated_total",
                "Dispatches that came again after a resume",
                shard,
            )?,
            queue_full: meter.counters(
                "fanfare_shard_queue_full_total",
                "Times that a shard began to discard dispatches because its queue was full",
                shard,
            )?,
            discarded: meter.counters(
                "fanfare_shard_dispatches_discarded_total",
                "Dispatches discarded while the queue was full; a resume brings them again",
                shard,
            )?,
            heartbeat: meter.histograms(
                "fanfare_shard_heartbeat_seconds",
                "From a heartbeat to its acknowledgement",
                shard,
                SECONDS,
            )?,
            wire_bytes: meter.counters(
                "fanfare_shard_received_bytes_total",
                "Bytes of Gateway messages, on the wire and after decompression",
                &["shard", "form"],
            )?,
        })
    }

    /// The shard is held here. What is counted from 0 on is seen to rise from the first time on.
    pub(super) fn begin(&self, shard: ShardId) {
        let id = shard.id.to_string();
        for counter in [&self.reconnects, &self.resumes, &self.queue_full] {
            counter.with_label_values(&[&id]).inc_by(0);
        }
    }

    pub(super) fn status(&self, shard: ShardId, status: &ShardStatus) {
        self.enter(shard, status.state);
        let id = shard.id.to_string();
        self.degraded
            .with_label_values(&[&id])
            .set(i64::from(status.degraded));
        self.attempts
            .with_label_values(&[&id])
            .set(i64::from(status.attempts));
    }

    /// The shard is nobody's here any more: whoever holds it now tells of it.
    pub(super) fn given_up(&self, shard: ShardId) {
        self.enter(shard, ConnectionState::Disconnected);
        let id = shard.id.to_string();
        for gauge in [&self.degraded, &self.attempts] {
            gauge.with_label_values(&[&id]).set(0);
        }
    }

    fn enter(&self, shard: ShardId, entered: ConnectionState) {
        let id = shard.id.to_string();
        for state in ConnectionState::ALL {
            self.state
                .with_label_values(&[id.as_str(), state.name()])
                .set(i64::from(state == entered));
        }
    }

    pub(super) fn observe(&self, shard: ShardId, fact: &Fact) {
        let id = shard.id.to_string();
        match *fact {
            Fact::FrameReceived { wire, plain } => {
                self.wire_bytes
                    .with_label_values(&[id.as_str(), "wire"])
                    .inc_by(wire as u64);
                self.wire_bytes
                    .with_label_values(&[id.as_str(), "plain"])
                    .inc_by(plain as u64);
            }
            Fact::DispatchAccepted { event } => self.received.with_label_values(&[event]).inc(),
            Fact::DispatchPassed => self.received.with_label_values(&["OTHER"]).inc(),
            Fact::DispatchRepeated => self.repeated.with_label_values(&[&id]).inc(),
            Fact::DispatchUndecodable => self.undecodable.with_label_values(&[&id]).inc(),
            Fact::Identified => self.identifies.with_label_values(&[&id]).inc(),
            Fact::Resumed => self.resumes.with_label_values(&[&id]).inc(),
            Fact::HeartbeatAcknowledged { latency } => {
                self.heartbeat
                    .with_label_values(&[&id])
                    .observe(latency.as_secs_f64());
            }
            Fact::Disconnected { cause } => {
                self.disconnects
                    .with_label_values(&[id.as_str(), cause])
                    .inc();
                self.reconnects.with_label_values(&[&id]).inc();
            }
            Fact::QueueFull => self.queue_full.with_label_values(&[&id]).inc(),
            Fact::DispatchDiscarded => self.discarded.with_label_values(&[&id]).inc(),
        }
    }
}

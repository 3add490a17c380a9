//! What the gateway counts (Prometheus).

use std::time::Duration;

use discord::{ConnectionState, Fact, Observer, ShardId, ShardStatus};
use event_bus::{Change, NewEntry};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    core::Collector,
};

/// Seconds; from what an in-memory bus takes to what an outage costs.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The gateway's metrics. Logic calls its methods and knows no names of metrics.
#[derive(Debug)]
pub struct Metrics {
    received: IntCounterVec,
    undecodable: IntCounterVec,
    broadcast: IntCounterVec,
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
    publish: HistogramVec,
    latency: HistogramVec,
    queue: IntGaugeVec,
    retries: IntCounterVec,
    outcomes: IntCounterVec,
    reseeds: IntCounter,
    lookups: IntCounterVec,
    guilds: IntGaugeVec,
    shards_held: IntGauge,
    take_overs: IntCounterVec,
    leases_lost: IntCounterVec,
    identify_budget: IntGauge,
    identify_refused: IntCounter,
    reruns: IntCounter,
    fetches: IntCounterVec,
    fetched: IntCounter,
}

impl Metrics {
    /// Registers everything.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            registered(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
        };
        let seconds = |name: &str, help: &str, labels: &[&str]| {
            let opts = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
            registered(registry, HistogramVec::new(opts, labels)?)
        };
        let shard = &["shard"];
        Ok(Self {
            received: counter(
                "fanfare_events_received_total",
                "Dispatches taken from Discord; type OTHER = not carried",
                &["type"],
            )?,
            undecodable: counter(
                "fanfare_shard_undecodable_total",
                "Dispatches of carried types whose payload could not be read",
                shard,
            )?,
            broadcast: counter(
                "fanfare_events_broadcast_total",
                "Events published on the bus",
                &["event"],
            )?,
            state: gauge(
                "fanfare_gateway_state",
                "1 for the connection state that a shard is in",
                &["shard", "state"],
            )?,
            degraded: gauge(
                "fanfare_shard_degraded",
                "1 while several attempts in a row came to nothing",
                shard,
            )?,
            attempts: gauge(
                "fanfare_shard_attempts",
                "Attempts that failed in a row",
                shard,
            )?,
            disconnects: counter(
                "fanfare_shard_disconnects_total",
                "Connections that ended or could not be made",
                &["shard", "cause"],
            )?,
            reconnects: counter(
                "fanfare_shard_reconnects_total",
                "Times that a shard began to connect anew",
                shard,
            )?,
            resumes: counter("fanfare_shard_resumes_total", "RESUMEs sent", shard)?,
            identifies: counter("fanfare_shard_identifies_total", "IDENTIFYs sent", shard)?,
            repeated: counter(
                "fanfare_shard_repeated_total",
                "Dispatches that came again after a resume",
                shard,
            )?,
            queue_full: counter(
                "fanfare_shard_queue_full_total",
                "Times that a shard began to discard dispatches because its queue was full",
                shard,
            )?,
            discarded: counter(
                "fanfare_shard_dispatches_discarded_total",
                "Dispatches discarded while the queue was full; a resume brings them again",
                shard,
            )?,
            heartbeat: seconds(
                "fanfare_shard_heartbeat_seconds",
                "From a heartbeat to its acknowledgement",
                shard,
            )?,
            wire_bytes: counter(
                "fanfare_shard_received_bytes_total",
                "Bytes of Gateway messages, on the wire and after decompression",
                &["shard", "form"],
            )?,
            publish: seconds("fanfare_publish_seconds", "One batch to the event bus", &[])?,
            latency: seconds(
                "fanfare_dispatch_publish_seconds",
                "From the dispatch's arrival to its publication",
                &[],
            )?,
            queue: gauge(
                "fanfare_publish_queue",
                "Changes that wait for the bus",
                shard,
            )?,
            retries: counter(
                "fanfare_publish_retries_total",
                "Batches that had to be published again",
                &["cause"],
            )?,
            outcomes: counter(
                "fanfare_publish_changes_total",
                "Changes by what became of them",
                &["outcome"],
            )?,
            reseeds: registered(
                registry,
                IntCounter::new(
                    "fanfare_reseeds_total",
                    "Guilds written anew because the stored state was not the one built on",
                )?,
            )?,
            lookups: counter(
                "fanfare_member_lookups_total",
                "Members asked for because Discord did not name them",
                &["outcome"],
            )?,
            guilds: gauge("fanfare_gateway_guilds", "Guilds known", shard)?,
            shards_held: registered(
                registry,
                IntGauge::new("fanfare_shards_held", "Shards that this instance holds")?,
            )?,
            take_overs: counter(
                "fanfare_shard_take_overs_total",
                "Times that this instance claimed a free shard",
                shard,
            )?,
            leases_lost: counter(
                "fanfare_shard_leases_lost_total",
                "Times that another instance took a shard over from this one",
                shard,
            )?,
            identify_budget: registered(
                registry,
                IntGauge::new(
                    "fanfare_identify_budget",
                    "Sessions that may still be started today, the reserve included",
                )?,
            )?,
            identify_refused: registered(
                registry,
                IntCounter::new(
                    "fanfare_identify_refused_total",
                    "Sessions not started because the budget is used up down to the reserve",
                )?,
            )?,
            reruns: registered(
                registry,
                IntCounter::new(
                    "fanfare_reruns_total",
                    "Changes published again because the store had forgotten them",
                )?,
            )?,
            fetches: counter(
                "fanfare_missed_channels_total",
                "Channels whose missed messages were asked for",
                &["outcome"],
            )?,
            fetched: registered(
                registry,
                IntCounter::new(
                    "fanfare_missed_messages_total",
                    "Messages that were fetched after a lost session",
                )?,
            )?,
        })
    }

    /// A batch was published, or at least answered.
    pub(crate) fn batch(&self, took: Duration) {
        self.publish
            .with_label_values::<&str>(&[])
            .observe(took.as_secs_f64());
    }

    /// A change is out, `latency` after its dispatch came.
    pub(crate) fn applied(&self, change: &Change, latency: Duration) {
        self.outcomes.with_label_values(&["applied"]).inc();
        if change.reseed {
            return;
        }
        self.latency
            .with_label_values::<&str>(&[])
            .observe(latency.as_secs_f64());
        for entry in &change.entries {
            if let NewEntry::Event(event) = entry {
                self.broadcast
                    .with_label_values(&[event.event.name()])
                    .inc();
            }
        }
    }

    /// A change came to something else: `duplicate`, `behind`, `superseded`, `lost`.
    pub(crate) fn outcome(&self, outcome: &str) {
        self.outcomes.with_label_values(&[outcome]).inc();
    }

    /// A guild is written anew.
    pub(crate) fn reseed(&self) {
        self.reseeds.inc();
    }

    /// A batch has to be published again.
    pub(crate) fn retry(&self, cause: &str) {
        self.retries.with_label_values(&[cause]).inc();
    }

    /// How many changes wait.
    pub(crate) fn waiting(&self, shard: ShardId, changes: usize) {
        self.queue
            .with_label_values(&[&shard.id.to_string()])
            .set(i64::try_from(changes).unwrap_or(i64::MAX));
    }

    /// A member was asked for: `found`, `absent`, `failed`.
    pub(crate) fn lookup(&self, outcome: &str) {
        self.lookups.with_label_values(&[outcome]).inc();
    }

    /// How many guilds a shard knows.
    pub(crate) fn guilds(&self, shard: ShardId, guilds: usize) {
        self.guilds
            .with_label_values(&[&shard.id.to_string()])
            .set(i64::try_from(guilds).unwrap_or(i64::MAX));
    }

    /// How many shards this instance holds.
    pub(crate) fn shards_held(&self, shards: usize) {
        self.shards_held
            .set(i64::try_from(shards).unwrap_or(i64::MAX));
    }

    /// A free shard was claimed.
    pub(crate) fn taken_over(&self, shard: ShardId) {
        self.take_overs
            .with_label_values(&[&shard.id.to_string()])
            .inc();
    }

    /// Another instance took a shard over.
    pub(crate) fn lease_lost(&self, shard: ShardId) {
        self.leases_lost
            .with_label_values(&[&shard.id.to_string()])
            .inc();
    }

    /// How many sessions may still be started.
    pub(crate) fn identify_budget(&self, remaining: u32) {
        self.identify_budget.set(remaining.into());
    }

    /// A session was not started.
    pub(crate) fn identify_refused(&self) {
        self.identify_refused.inc();
    }

    /// Changes that the store had forgotten are published again.
    pub(crate) fn rerun(&self, changes: usize) {
        self.reruns.inc_by(changes as u64);
    }

    /// The missed messages of a channel were asked for: `channel`, `failed`.
    pub(crate) fn fetched(&self, outcome: &str, messages: usize) {
        self.fetches.with_label_values(&[outcome]).inc();
        self.fetched.inc_by(messages as u64);
    }

    /// What a shard tells about itself.
    pub(crate) fn status(&self, shard: ShardId, status: &ShardStatus) {
        let id = shard.id.to_string();
        for state in ConnectionState::ALL {
            let on = i64::from(state == status.state);
            self.state
                .with_label_values(&[id.as_str(), state.name()])
                .set(on);
        }
        self.degraded
            .with_label_values(&[&id])
            .set(i64::from(status.degraded));
        self.attempts
            .with_label_values(&[&id])
            .set(i64::from(status.attempts));
    }
}

impl Observer for Metrics {
    fn observe(&self, shard: ShardId, fact: Fact) {
        let id = shard.id.to_string();
        match fact {
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

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

//! What the gateway counts (Prometheus).

mod rest;
mod shard;

pub(crate) use rest::RestMetrics;

use std::time::Duration;

use discord::{Dispatch, Event, Fact, Observer, ShardId, ShardStatus};
use event_bus::{Change, NewEntry};
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};
use telemetry::Meter;

use shard::ShardMetrics;

/// Seconds; from what an in-memory bus takes to what an outage costs.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The first millisecond of Discord's ids in Unix ms (API Reference, "Snowflakes").
const DISCORD_EPOCH: u64 = 1_420_070_400_000;

/// The gateway's metrics. Logic calls its methods and knows no names of metrics.
#[derive(Debug)]
pub struct Metrics {
    of_shards: ShardMetrics,
    transit: Histogram,
    broadcast: IntCounterVec,
    publish: Histogram,
    latency: Histogram,
    queue: IntGaugeVec,
    retries: IntCounterVec,
    outcomes: IntCounterVec,
    reseeds: IntCounter,
    lookups: IntCounterVec,
    guilds: IntGaugeVec,
    shards: IntGauge,
    shards_leased: IntGauge,
    shards_held: IntGauge,
    take_overs: IntCounterVec,
    renewals: IntCounterVec,
    renewal: Histogram,
    leases_lost: IntCounterVec,
    identify_budget: IntGauge,
    identify_budget_limit: IntGauge,
    identify_refused: IntCounter,
    reruns: IntCounter,
    fetches: IntCounterVec,
    fetched: IntCounter,
}

impl Metrics {
    /// Registers everything.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let meter = Meter::new(registry);
        let shard = &["shard"];
        Ok(Self {
            of_shards: ShardMetrics::register(meter)?,
            transit: meter.histogram(
                "fanfare_discord_transit_seconds",
                "From the time in a new message's id to its arrival; the clocks' difference is in it",
                SECONDS,
            )?,
            broadcast: meter.counters(
                "fanfare_events_broadcast_total",
                "Events published on the bus",
                &["event"],
            )?,
            publish: meter.histogram(
                "fanfare_publish_seconds",
                "One batch to the event bus",
                SECONDS,
            )?,
            latency: meter.histogram(
                "fanfare_dispatch_publish_seconds",
                "From the dispatch's arrival to its publication",
                SECONDS,
            )?,
            queue: meter.gauges(
                "fanfare_publish_queue",
                "Changes that wait for the bus",
                shard,
            )?,
            retries: meter.counters(
                "fanfare_publish_retries_total",
                "Batches that had to be published again",
                &["cause"],
            )?,
            outcomes: meter.counters(
                "fanfare_publish_changes_total",
                "Changes by what became of them",
                &["outcome"],
            )?,
            reseeds: meter.counter(
                    "fanfare_reseeds_total",
                    "Guilds written anew because the stored state was not the one built on",
                )?,
            lookups: meter.counters(
                "fanfare_member_lookups_total",
                "Members asked for because Discord did not name them",
                &["outcome"],
            )?,
            guilds: meter.gauges("fanfare_gateway_guilds", "Guilds known", shard)?,
            shards: meter.gauge("fanfare_shards", "Shards of the deployment")?,
            shards_leased: meter.gauge(
                "fanfare_shards_leased",
                "Shards of the deployment that some instance holds",
            )?,
            shards_held: meter.gauge("fanfare_shards_held", "Shards that this instance holds")?,
            take_overs: meter.counters(
                "fanfare_shard_take_overs_total",
                "Times that this instance claimed a free shard",
                shard,
            )?,
            renewals: meter.counters(
                "fanfare_lease_renewals_total",
                "Renewals of leases by what became of them (held, lost, failed)",
                &["outcome"],
            )?,
            renewal: meter.histogram(
                "fanfare_lease_renewal_seconds",
                "Time of a lease's renewal; a lease holds for 5 s",
                SECONDS,
            )?,
            leases_lost: meter.counters(
                "fanfare_shard_leases_lost_total",
                "Times that another instance took a shard over from this one",
                shard,
            )?,
            identify_budget: meter.gauge(
                    "fanfare_identify_budget",
                    "Sessions that may still be started today, the reserve included",
                )?,
            identify_budget_limit: meter.gauge(
                "fanfare_identify_budget_limit",
                "Sessions that Discord lets the bot start in a day",
            )?,
            identify_refused: meter.counter(
                    "fanfare_identify_refused_total",
                    "Sessions not started because the budget is used up down to the reserve",
                )?,
            reruns: meter.counter(
                    "fanfare_reruns_total",
                    "Changes published again because the store had forgotten them",
                )?,
            fetches: meter.counters(
                "fanfare_missed_channels_total",
                "Channels whose missed messages were asked for",
                &["outcome"],
            )?,
            fetched: meter.counter(
                    "fanfare_missed_messages_total",
                    "Messages that were fetched after a lost session",
                )?,
        })
    }

    /// A dispatch came. A message that was just made tells when, by its id. So this holds Discord's own work, the network, the
    /// difference of the clocks and, after a lost connection, the time until it was resumed.
    pub(crate) fn arrived(&self, dispatch: &Dispatch) {
        if let Event::MessageCreate(message) = &dispatch.event {
            let made = (message.id.get() >> 22) + DISCORD_EPOCH;
            let ms = dispatch.received_at.saturating_sub(made);
            self.transit.observe(ms as f64 / 1000.0);
        }
    }

    /// A batch was published, or at least answered.
    pub(crate) fn batch(&self, took: Duration) {
        self.publish.observe(took.as_secs_f64());
    }

    /// A change is out, `latency` after its dispatch came.
    pub(crate) fn applied(&self, change: &Change, latency: Duration) {
        self.outcomes.with_label_values(&["applied"]).inc();
        if change.reseed {
            return;
        }
        self.latency.observe(latency.as_secs_f64());
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

    /// How many shards there are, and how many are held by anybody.
    pub(crate) fn deployment(&self, shards: u32, leased: usize) {
        self.shards.set(shards.into());
        self.shards_leased
            .set(i64::try_from(leased).unwrap_or(i64::MAX));
    }

    /// How many shards this instance holds.
    pub(crate) fn shards_held(&self, shards: usize) {
        self.shards_held
            .set(i64::try_from(shards).unwrap_or(i64::MAX));
    }

    /// A free shard was claimed.
    pub(crate) fn taken_over(&self, shard: ShardId) {
        self.of_shards.begin(shard);
        self.leases_lost
            .with_label_values(&[&shard.id.to_string()])
            .inc_by(0);
        self.take_overs
            .with_label_values(&[&shard.id.to_string()])
            .inc();
    }

    /// A lease was renewed (`held`), or not: `lost`, `failed`.
    pub(crate) fn renewed(&self, outcome: &str, took: Duration) {
        self.renewals.with_label_values(&[outcome]).inc();
        self.renewal.observe(took.as_secs_f64());
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

    /// How many sessions may be started in a day.
    pub(crate) fn identify_budget_limit(&self, total: u32) {
        self.identify_budget_limit.set(total.into());
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
        self.of_shards.status(shard, status);
    }

    /// A shard is no longer held here.
    pub(crate) fn given_up(&self, shard: ShardId) {
        self.of_shards.given_up(shard);
    }
}

impl Observer for Metrics {
    fn observe(&self, shard: ShardId, fact: Fact) {
        self.of_shards.observe(shard, &fact);
    }
}

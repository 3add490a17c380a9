//! What every adapter must do: one clause of the port's contract per function, in the files below.

pub(crate) mod counts;
pub(crate) mod instances;
pub(crate) mod leases;
pub(crate) mod races;
pub(crate) mod sessions;
pub(crate) mod starts;

use std::{future::Future, sync::Arc, time::Duration};

use contracts::ShardId;
use gateway_registry::{
    Claim, GatewayRecord, GatewayRegistry, Lease, NewSession, ShardRecord, StoredSession,
};

/// Longer than any test.
pub(crate) const LONG: Duration = Duration::from_mins(5);
/// Soon over; nothing may depend on its lasting for a while.
pub(crate) const SHORT: Duration = Duration::from_millis(100);
/// Until something that must happen has happened.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// A session that has just begun.
pub(crate) fn begun<'a>(id: &'a str, resume_url: &'a str) -> NewSession<'a> {
    NewSession {
        id,
        resume_url,
        seq: 1,
        terms: "intents 3713",
    }
}

/// Runs every clause.
///
/// - `holds!(fresh)` makes a test of each; `fresh().await` gives `(keep-alive, Registry)`.
/// - `holds!(name on topology)` makes one test, for a topology that takes long to start; `topology().await` gives
///   `(keep-alive, Fn(&str) -> Registry)`: a registry of its own by the name of each clause.
macro_rules! holds {
    ($fresh:path) => {
        $crate::conformance::holds!(@clauses each $fresh);
    };
    ($name:ident on $topology:path) => {
        $crate::conformance::holds!(@clauses together $name $topology);
    };
    (@clauses $($how:tt)+) => {
        $crate::conformance::holds!(@$($how)+:
            instances::an_announced_instance_is_alive,
            instances::the_registry_stamps_the_heartbeat,
            instances::an_announcement_replaces_the_earlier_one,
            instances::the_alive_are_ordered_by_their_ids,
            instances::a_withdrawn_instance_is_gone_at_once,
            instances::withdrawing_a_stranger_is_no_error,
            instances::an_instance_that_is_not_renewed_expires_alone,
            instances::a_renewed_instance_outlives_its_first_announcement,
            instances::an_expired_instance_may_come_back,
            instances::any_text_may_be_an_id,
            instances::a_full_registry_refuses_a_further_instance_and_renews_the_known,
            instances::expired_instances_make_room,
            instances::concurrent_announcements_all_arrive,
            counts::nobody_has_said_a_count_at_first,
            counts::the_first_count_is_in_force_at_once,
            counts::the_first_claim_says_the_count_if_nobody_has,
            counts::a_count_changes_at_once_while_no_lease_is_held,
            counts::a_count_waits_for_the_last_release,
            counts::a_count_waits_for_the_last_expiry,
            counts::a_claim_notices_that_the_last_lease_expired,
            counts::the_count_in_force_cancels_the_one_that_waits,
            counts::of_two_counts_that_wait_the_later_one_counts,
            counts::a_count_that_nobody_used_is_not_the_previous_one,
            counts::a_lease_of_an_earlier_count_is_lost_for_good,
            counts::what_can_not_be_numbered_so_is_refused,
            counts::the_largest_count_works,
            leases::a_free_shard_is_granted_and_listed,
            leases::a_held_shard_is_refused_to_everybody,
            leases::a_released_shard_is_free_at_once,
            leases::releasing_what_is_not_held_is_no_error_and_changes_nothing,
            leases::an_expired_shard_goes_to_whoever_claims_it,
            leases::an_expired_lease_that_nobody_claimed_is_renewed,
            leases::a_renewed_lease_outlives_its_first_time,
            leases::only_owner_and_fence_together_renew,
            leases::every_fence_and_generation_is_higher_than_all_before,
            leases::any_text_may_be_an_owner,
            sessions::a_session_is_handed_over_by_a_release,
            sessions::a_session_is_handed_over_by_an_expiry,
            sessions::a_watermark_never_falls_and_is_of_its_session,
            sessions::the_time_of_the_watermark_is_that_of_the_progress,
            sessions::a_session_stored_twice_is_one_session,
            sessions::what_a_lost_session_missed_is_to_be_mended_until_it_is,
            sessions::a_lost_lease_begins_no_session,
            sessions::a_recount_forgets_sessions_but_not_what_they_missed,
            starts::a_budget_must_be_told_first,
            starts::permits_count_down_to_the_reserve,
            starts::a_small_budget_has_no_reserve,
            starts::starts_of_one_key_keep_their_distance,
            starts::a_used_up_budget_is_told_before_the_distance,
            starts::the_lower_number_of_one_period_counts,
            starts::a_new_period_replaces_the_old_one,
            starts::a_period_that_ended_must_be_told_anew,
            starts::a_period_that_has_not_begun_lasts_a_day,
            races::each_shard_is_granted_once,
            races::an_expired_shard_is_granted_once,
            races::leases_of_two_counts_are_never_held_together,
            races::permits_are_counted_once_each,
        );
    };
    (@each $fresh:path: $($module:ident::$clause:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            let (_alive, registry) = $fresh().await;
            $crate::conformance::$module::$clause(registry).await;
        }
    )+};
    (@together $name:ident $topology:path: $($module:ident::$clause:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (_alive, registry) = $topology().await;
            let mut clauses = tokio::task::JoinSet::new();
            $(
                let clause = $crate::conformance::$module::$clause(registry(stringify!($clause)));
                clauses.spawn(async move {
                    let outcome = tokio::spawn(clause).await;
                    (stringify!($clause), outcome.is_ok())
                });
            )+
            let outcomes = clauses.join_all().await;
            let failed: Vec<_> = outcomes.iter().filter(|(_, held)| !held).collect();
            assert!(failed.is_empty(), "{failed:?}");
        }
    };
}
pub(crate) use holds;

pub(crate) type Registry = Arc<dyn GatewayRegistry>;

pub(crate) fn record(instance: &str) -> GatewayRecord {
    GatewayRecord {
        instance: instance.to_owned(),
        shards: vec![ShardRecord {
            id: 1,
            count: 2,
            state: "CONNECTED".to_owned(),
        }],
        link_url: Some("ws://127.0.0.1:8080/link".to_owned()),
        version: "0.1.0".to_owned(),
        started_at: 1_763_836_800_123,
        heartbeat_at: 0,
    }
}

pub(crate) const fn shard(id: u32, count: u32) -> ShardId {
    ShardId { id, count }
}

/// A claim that must be granted.
pub(crate) async fn granted(
    registry: &Registry,
    shard: ShardId,
    owner: &str,
    ttl: Duration,
) -> (Lease, Option<StoredSession>) {
    match registry.claim(shard, owner, ttl).await.unwrap() {
        Claim::Granted { lease, session } => (lease, session),
        other => panic!("{shard} is not granted to {owner}: {other:?}"),
    }
}

/// A claim that must be granted sooner or later.
pub(crate) async fn granted_in_the_end(
    registry: &Registry,
    shard: ShardId,
    owner: &str,
) -> (Lease, Option<StoredSession>) {
    let begun = tokio::time::Instant::now();
    loop {
        match registry.claim(shard, owner, LONG).await.unwrap() {
            Claim::Granted { lease, session } => return (lease, session),
            refused => assert!(begun.elapsed() < DEADLINE, "{shard}: {refused:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the registry's clock shows more than this.
pub(crate) async fn later_than(registry: &Registry, unix_ms: u64) {
    eventually(async || {
        registry.announce(&record("clock"), LONG).await.unwrap();
        registry.alive().await.unwrap()[0].heartbeat_at > unix_ms
    })
    .await;
}

/// Waits until the condition holds.
#[track_caller]
pub(crate) fn eventually<F: Future<Output = bool>>(
    mut condition: impl FnMut() -> F,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let begun = tokio::time::Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < DEADLINE, "{caller}: it did not happen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

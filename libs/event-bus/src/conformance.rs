//! What every adapter must do, as tests over any deployment: `event_bus::conformance!(factory)` makes one test of each.

pub mod creation;
pub mod fence;
pub mod live;
pub mod log;
pub mod property;
pub mod publish;
pub mod redaction;
pub mod rerun;
pub mod retention;
mod sample;
pub mod signal;
pub mod state;
pub mod tick;

use std::{panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::{EventBus, Retention};

pub use sample::{Author, edited, entries, event, follow, message, next};

/// How long anything may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Makes deployments, each empty.
#[async_trait]
pub trait Factory: Send + Sync {
    /// An empty deployment.
    async fn deployment(&self, retention: Retention) -> Box<dyn Deployment>;
}

/// What several processes share.
#[async_trait]
pub trait Deployment: Send + Sync {
    /// The bus as another process sees it.
    fn bus(&self) -> Arc<dyn EventBus>;

    /// Lets time pass.
    async fn pass(&self, time: Duration);
}

/// Makes a test of every clause for the deployments of a [`Factory`].
#[macro_export]
macro_rules! conformance {
    ($factory:expr) => {
        $crate::conformance_clauses! { conformance_tests, $factory }
    };
}

/// Runs every clause for the deployments of a [`Factory`] that all share one costly topology: a future.
#[macro_export]
macro_rules! conformance_together {
    ($factory:expr) => {
        $crate::conformance_clauses! { conformance_futures, $factory }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($factory:expr; $($module:ident::$clause:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                $crate::conformance::$module::$clause(&$factory).await;
            }
        )+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_futures {
    ($factory:expr; $($module:ident::$clause:ident),+ $(,)?) => {
        $crate::conformance::all_hold(vec![
            $((stringify!($clause), Box::pin($crate::conformance::$module::$clause(&$factory)) as _)),+
        ])
    };
}

/// Clauses under way at once where they share a topology.
const TOGETHER: usize = 4;

/// A clause by its name.
#[doc(hidden)]
pub type Clause<'a> = (&'a str, Pin<Box<dyn Future<Output = ()> + 'a>>);

/// Waits for all clauses.
///
/// # Panics
///
/// If one does not hold, with the names of all such.
#[doc(hidden)]
pub async fn all_hold(clauses: Vec<Clause<'_>>) {
    let clauses = clauses.into_iter().map(|(name, clause)| async move {
        let outcome = AssertUnwindSafe(clause).catch_unwind().await;
        outcome.is_err().then_some(name)
    });
    let broken: Vec<_> = futures_util::stream::iter(clauses)
        .buffer_unordered(TOGETHER)
        .filter_map(async |name| name)
        .collect()
        .await;
    assert!(broken.is_empty(), "these do not hold: {broken:?}");
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_clauses {
    ($make:ident, $factory:expr) => {
        $crate::$make! { $factory;
            publish::ids_strictly_increase_over_all_guilds_and_publishers,
            publish::a_change_that_was_applied_is_a_duplicate,
            publish::a_change_that_builds_on_another_position_is_behind_and_writes_nothing,
            publish::positions_compare_as_numbers,
            publish::a_batch_answers_for_each_change_and_applies_what_it_can,
            publish::a_reseed_forgets_what_was_and_raises_the_floor,
            publish::a_large_batch_is_applied_whole,
            publish::batches_under_way_at_once_are_applied_in_order,
            publish::an_epoch_is_larger_than_every_earlier_one,
            creation::a_second_creation_of_a_message_is_left_out,
            creation::a_creation_is_known_as_long_as_the_log_holds_it,
            creation::what_is_no_creation_leaves_none_out,
            fence::a_batch_with_a_lower_token_is_refused_whole,
            fence::a_batch_with_a_higher_token_raises_the_fence,
            fence::a_fence_concerns_its_shard_alone,
            rerun::what_is_run_again_keeps_its_ids,
            rerun::an_id_that_is_not_above_the_clock_is_replaced,
            rerun::a_raised_floor_does_not_fall,
            rerun::a_reseed_looks_at_no_ids,
            tick::a_tick_comes_back_to_its_subscription_alone,
            tick::a_tick_draws_from_the_clock_of_the_entries,
            tick::a_tick_comes_behind_all_entries_up_to_it,
            tick::no_tick_comes_behind_what_was_left_out,
            signal::a_signal_reaches_every_subscription,
            signal::signals_come_through_among_entries,
            log::entries_form_a_chain_in_each_guild,
            log::a_page_ends_at_its_limit_and_says_that_there_is_more,
            log::a_page_lies_between_its_bounds,
            log::an_unknown_guild_has_no_floor,
            log::typing_is_delivered_and_never_kept,
            log::payloads_come_back_byte_for_byte,
            retention::too_many_entries_raise_the_floor,
            retention::old_entries_raise_the_floor,
            state::a_snapshot_holds_what_was_set_and_not_what_was_removed,
            state::a_snapshot_leaves_out_what_is_not_stored,
            state::a_guild_that_was_left_keeps_its_log_and_position,
            state::all_guilds_are_those_with_the_bot_in_them,
            state::a_large_snapshot_is_whole,
            state::removed_channels_are_remembered,
            redaction::a_redacted_message_is_read_without_its_text,
            redaction::every_version_of_a_message_is_redacted_and_no_other_message,
            redaction::a_redaction_of_an_unknown_message_changes_nothing,
            redaction::a_redacted_message_is_trimmed_like_any_other,
            live::entries_are_delivered_in_the_order_of_their_ids,
            live::only_watched_guilds_are_delivered,
            live::nothing_published_after_a_watch_is_missed,
            live::an_unwatched_guild_falls_silent_and_can_be_watched_again,
            live::what_is_refused_is_not_delivered,
            live::a_reseed_is_delivered,
            live::what_is_delivered_is_what_is_read,
            live::a_receiver_that_is_too_slow_is_told_and_can_catch_up,
            live::a_subscription_ends_with_its_bus,
            live::subscriptions_do_not_disturb_each_other,
            property::a_snapshot_is_the_sum_of_the_entries_up_to_its_id,
            property::concurrent_publishers_of_one_guild_lose_and_double_nothing,
        }
    };
}

//! What every adapter must do: one clause of the port's contract per function, in the files below.

pub(crate) mod commands;
pub(crate) mod invites;
pub(crate) mod postings;
pub(crate) mod rooms;

use std::{future::Future, sync::Arc, time::Duration};

use contracts::{ChannelId, GuildId, UserId};
use room_book::{NewRoom, RoomBook};

/// Longer than any test.
pub(crate) const LONG: Duration = Duration::from_mins(5);
/// Soon over; nothing may depend on its lasting for a while.
pub(crate) const SHORT: Duration = Duration::from_millis(100);
/// Until something that must happen has happened.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) const GUILD: GuildId = GuildId::new(41_771_983_423_143_937);
pub(crate) const ROOM: ChannelId = ChannelId::new(80_351_110_224_678_912);
pub(crate) const OTHER_ROOM: ChannelId = ChannelId::new(80_351_110_224_678_913);
pub(crate) const OWNER: UserId = UserId::new(53_908_232_506_183_680);
pub(crate) const GUEST: UserId = UserId::new(53_908_232_506_183_681);

/// Runs every clause.
///
/// - `holds!(fresh)` makes a test of each; `fresh().await` gives `(keep-alive, Book)`.
/// - `holds!(name on topology)` makes one test, for a topology that takes long to start; `topology().await` gives
///   `(keep-alive, Fn(&str) -> Book)`: a book of its own by the name of each clause.
macro_rules! holds {
    ($fresh:path) => {
        $crate::conformance::holds!(@clauses each $fresh);
    };
    ($name:ident on $topology:path) => {
        $crate::conformance::holds!(@clauses together $name $topology);
    };
    (@clauses $($how:tt)+) => {
        $crate::conformance::holds!(@$($how)+:
            rooms::a_room_is_entered_once_and_forgotten_whole,
            rooms::rooms_are_of_their_guild_in_the_order_of_their_channels,
            rooms::nobody_reserves_more_than_allowed_however_many_ask_at_once,
            rooms::rooms_and_reservations_count_together_and_per_owner,
            rooms::a_reservation_runs_out_or_is_given_back,
            rooms::the_same_reservation_is_one_place,
            rooms::a_full_guild_takes_no_more,
            rooms::a_room_is_empty_since_it_was_made_or_left,
            rooms::somebody_who_left_since_moves_the_time_on,
            rooms::only_one_removes_a_room_that_is_empty_for_long,
            rooms::an_occupied_room_is_not_removed,
            rooms::a_claim_that_comes_to_nothing_runs_out,
            invites::an_invite_is_used_until_it_is_used_up,
            invites::one_member_uses_it_once_however_often,
            invites::uses_are_counted_once_each_when_many_come_at_once,
            invites::looking_counts_nothing,
            invites::an_invite_expires,
            invites::a_revoked_invite_is_unknown,
            invites::invites_go_with_their_room,
            invites::a_stranger_to_the_book_has_no_invites,
            invites::a_room_has_so_many_invites_and_no_more,
            invites::another_token_is_another_invite,
            invites::too_many_uses_are_refused,
            commands::a_command_is_new_to_one_of_many,
            commands::a_command_that_was_done_is_answered_again,
            commands::a_command_that_is_under_way_says_so,
            commands::the_same_runner_may_ask_again,
            commands::another_command_under_the_key_shows,
            commands::a_command_that_was_abandoned_is_new,
            commands::what_was_done_is_not_abandoned,
            commands::a_dead_runner_is_forgotten_in_time,
            commands::keys_are_of_their_actor,
            commands::a_late_answer_does_not_replace_another_runners,
            commands::an_answer_too_long_is_refused,
            postings::whose_it_is_is_known_before_the_answer,
            postings::whose_it_is_is_known_after_the_answer,
            postings::several_of_one_user_are_all_theirs,
            postings::several_users_that_look_the_same_are_told_apart_by_the_answer,
            postings::what_was_not_posted_is_nobodys,
            postings::a_posting_runs_out,
            postings::a_channel_takes_so_many_and_no_more,
            postings::many_messages_are_asked_for_at_once,
        );
    };
    (@each $fresh:path: $($module:ident::$clause:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            let (_alive, book) = $fresh().await;
            $crate::conformance::$module::$clause(book).await;
        }
    )+};
    (@together $name:ident $topology:path: $($module:ident::$clause:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (_alive, book) = $topology().await;
            let mut clauses = tokio::task::JoinSet::new();
            $(
                let clause = $crate::conformance::$module::$clause(book(stringify!($clause)));
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

pub(crate) type Book = Arc<dyn RoomBook>;

/// Enters a room of the guild.
pub(crate) async fn entered(book: &Book, channel: ChannelId, owner: UserId) {
    let name = format!("of {channel}");
    assert!(book.reserve(GUILD, owner, &name, 500, LONG).await.unwrap());
    let room = NewRoom {
        guild: GUILD,
        channel,
        owner,
    };
    book.enter(room, &name).await.unwrap();
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

#![doc = include_str!("../README.md")]

mod command;
mod error;
mod invite;
mod memory;
mod posting;
mod redis;
mod room;

pub use command::{Begun, CommandKey};
pub use error::BookError;
pub use invite::{Invite, Invited, NewInvite, invite_id};
pub use memory::MemoryBook;
pub use posting::{Behalf, Posting};
pub use redis::RedisBook;
pub use room::{NewRoom, Room};

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use contracts::{
    ChannelId, GuildId, MessageId, UserId,
    invite::{InviteId, InviteToken},
};

/// Rooms of a guild that the book holds; one more is refused. Discord allows a guild 500 channels.
pub const ROOMS_PER_GUILD: usize = 500;

/// Invites of a room that are valid at the same time; one more is refused.
pub const INVITES_PER_ROOM: usize = 50;

/// The highest number of uses of an invite: those who used it are remembered. One with more is refused.
pub const MAX_USES: u32 = 1_000;

/// Postings of a channel that are under way at the same time; one more is refused.
pub const POSTINGS_PER_CHANNEL: usize = 100;

/// The longest answer that is kept, in bytes; a longer one is refused, and the command stays begun.
pub const LONGEST_ANSWER: usize = 65_536;

/// The rooms that Fanfare made, their invites, which commands were done, and in whose name messages were posted.
///
/// All times are the book's own: they are stamped and judged by its clock.
#[async_trait]
pub trait RoomBook: Send + Sync + 'static {
    /// Keeps a place free for a room of `owner`, for `ttl`, under a name of the caller's; false = the owner's rooms and
    /// reservations in this guild are `most` already, or the guild is full. Asked again with the same name it stays one place.
    async fn reserve(
        &self,
        guild: GuildId,
        owner: UserId,
        reservation: &str,
        most: u32,
        ttl: Duration,
    ) -> Result<bool, BookError>;

    /// Gives a reservation back. One that is not there is no error.
    async fn give_back(&self, guild: GuildId, reservation: &str) -> Result<(), BookError>;

    /// Enters a room, empty from now on, in place of its reservation. One that is there stays as it is.
    async fn enter(&self, room: NewRoom, reservation: &str) -> Result<(), BookError>;

    /// A room; `None` = Fanfare did not make that channel.
    async fn room(&self, guild: GuildId, channel: ChannelId) -> Result<Option<Room>, BookError>;

    /// The rooms of a guild, in the order of their channels.
    async fn rooms(&self, guild: GuildId) -> Result<Vec<Room>, BookError>;

    /// A room is gone, and with it its invites. One that is not there is no error.
    async fn forget(&self, guild: GuildId, channel: ChannelId) -> Result<(), BookError>;

    /// Somebody is in a room. One that is not there is no error.
    async fn occupied(&self, guild: GuildId, channel: ChannelId) -> Result<(), BookError>;

    /// Nobody is in a room; the last one left it so long ago, if that was seen. Tells for how long it has been empty;
    /// `None` = there is no such room.
    async fn empty(
        &self,
        guild: GuildId,
        channel: ChannelId,
        left: Option<Duration>,
    ) -> Result<Option<Duration>, BookError>;

    /// Claims the removal of a room that has been empty for that long; for `ttl` nobody else gets it. False = it is not
    /// there, not empty for so long, or somebody else's to remove.
    async fn claim_removal(
        &self,
        guild: GuildId,
        channel: ChannelId,
        empty_for: Duration,
        claimant: &str,
        ttl: Duration,
    ) -> Result<bool, BookError>;

    /// Enters an invite. The token itself is not kept.
    async fn add_invite(&self, invite: &NewInvite<'_>) -> Result<Invited, BookError>;

    /// The invite of a token, if it may be used by this user now: nothing is counted yet.
    async fn find_invite(
        &self,
        token: &InviteToken,
        user: UserId,
    ) -> Result<Option<Invite>, BookError>;

    /// Uses an invite; `None` = unknown, expired, revoked or used up. The second use of one user is not counted.
    async fn use_invite(
        &self,
        token: &InviteToken,
        user: UserId,
    ) -> Result<Option<Invite>, BookError>;

    /// A valid invite by its id.
    async fn invite(&self, id: InviteId) -> Result<Option<Invite>, BookError>;

    /// Revokes an invite. One that is not there is no error.
    async fn revoke(&self, id: InviteId) -> Result<(), BookError>;

    /// Begins a command, unless it was begun before; it is forgotten after `ttl` if nothing more is heard of it.
    /// Asked again by the same `runner`, because the answer was lost, it is new still.
    async fn begin(
        &self,
        key: &CommandKey,
        runner: &str,
        ttl: Duration,
    ) -> Result<Begun, BookError>;

    /// A command was done: its answer is told for `ttl` to whoever begins it again.
    async fn finish(
        &self,
        key: &CommandKey,
        runner: &str,
        answer: &str,
        ttl: Duration,
    ) -> Result<(), BookError>;

    /// Nothing was done after all: the command may be begun anew.
    async fn abandon(&self, key: &CommandKey, runner: &str) -> Result<(), BookError>;

    /// A message is about to be posted in somebody's name; known for `ttl`. False = too many are under way.
    async fn posting(&self, posting: &Posting, ttl: Duration) -> Result<bool, BookError>;

    /// It was posted: in whose name is known for `ttl`.
    async fn posted(
        &self,
        posting: &Posting,
        message: MessageId,
        ttl: Duration,
    ) -> Result<(), BookError>;

    /// It was not posted.
    async fn not_posted(&self, posting: &Posting) -> Result<(), BookError>;

    /// In whose name a message was posted, with what Discord tells of it: whose it is from what is under way if
    /// [`RoomBook::posted`] has not been told yet. What it finds so is remembered for `ttl`.
    async fn behalf(
        &self,
        channel: ChannelId,
        message: MessageId,
        mark: &str,
        ttl: Duration,
    ) -> Result<Behalf, BookError>;

    /// In whose name messages were posted, of those of which it is known.
    async fn behalves(
        &self,
        messages: &[MessageId],
    ) -> Result<BTreeMap<MessageId, UserId>, BookError>;
}

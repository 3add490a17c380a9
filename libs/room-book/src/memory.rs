mod commands;
mod postings;
mod rooms;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use contracts::{
    ChannelId, GuildId, MessageId, UserId,
    invite::{InviteId, InviteToken},
};
use parking_lot::Mutex;

use self::{commands::Commands, postings::Postings, rooms::Rooms};
use crate::{
    Begun, Behalf, BookError, CommandKey, Invite, Invited, LONGEST_ANSWER, NewInvite, NewRoom,
    Posting, Room, RoomBook,
};

/// The book of one process: it ends with it.
#[derive(Debug, Default)]
pub struct MemoryBook {
    rooms: Mutex<Rooms>,
    commands: Mutex<Commands>,
    postings: Mutex<Postings>,
}

impl MemoryBook {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl RoomBook for MemoryBook {
    async fn reserve(
        &self,
        guild: GuildId,
        owner: UserId,
        reservation: &str,
        most: u32,
        ttl: Duration,
    ) -> Result<bool, BookError> {
        let mut rooms = self.rooms.lock();
        Ok(rooms.reserve(guild, owner, reservation, most, ttl))
    }

    async fn give_back(&self, guild: GuildId, reservation: &str) -> Result<(), BookError> {
        self.rooms.lock().give_back(guild, reservation);
        Ok(())
    }

    async fn enter(&self, room: NewRoom, reservation: &str) -> Result<(), BookError> {
        self.rooms.lock().enter(room, reservation);
        Ok(())
    }

    async fn room(&self, guild: GuildId, channel: ChannelId) -> Result<Option<Room>, BookError> {
        Ok(self.rooms.lock().room(guild, channel))
    }

    async fn rooms(&self, guild: GuildId) -> Result<Vec<Room>, BookError> {
        Ok(self.rooms.lock().all(guild))
    }

    async fn forget(&self, guild: GuildId, channel: ChannelId) -> Result<(), BookError> {
        self.rooms.lock().forget(guild, channel);
        Ok(())
    }

    async fn occupied(&self, guild: GuildId, channel: ChannelId) -> Result<(), BookError> {
        self.rooms.lock().occupied(guild, channel);
        Ok(())
    }

    async fn empty(
        &self,
        guild: GuildId,
        channel: ChannelId,
        left: Option<Duration>,
    ) -> Result<Option<Duration>, BookError> {
        Ok(self.rooms.lock().empty(guild, channel, left))
    }

    async fn claim_removal(
        &self,
        guild: GuildId,
        channel: ChannelId,
        empty_for: Duration,
        claimant: &str,
        ttl: Duration,
    ) -> Result<bool, BookError> {
        let mut rooms = self.rooms.lock();
        Ok(rooms.claim_removal(guild, channel, empty_for, claimant, ttl))
    }

    async fn add_invite(&self, invite: &NewInvite<'_>) -> Result<Invited, BookError> {
        invite.check()?;
        Ok(self.rooms.lock().add_invite(invite))
    }

    async fn find_invite(
        &self,
        token: &InviteToken,
        user: UserId,
    ) -> Result<Option<Invite>, BookError> {
        Ok(self.rooms.lock().use_invite(token, user, false))
    }

    async fn use_invite(
        &self,
        token: &InviteToken,
        user: UserId,
    ) -> Result<Option<Invite>, BookError> {
        Ok(self.rooms.lock().use_invite(token, user, true))
    }

    async fn invite(&self, id: InviteId) -> Result<Option<Invite>, BookError> {
        Ok(self.rooms.lock().invite(id))
    }

    async fn revoke(&self, id: InviteId) -> Result<(), BookError> {
        self.rooms.lock().revoke(id);
        Ok(())
    }

    async fn begin(
        &self,
        key: &CommandKey,
        runner: &str,
        ttl: Duration,
    ) -> Result<Begun, BookError> {
        Ok(self.commands.lock().begin(key, runner, ttl))
    }

    async fn finish(
        &self,
        key: &CommandKey,
        runner: &str,
        answer: &str,
        ttl: Duration,
    ) -> Result<(), BookError> {
        if answer.len() > LONGEST_ANSWER {
            return Err(BookError::TooMuch("the answer"));
        }
        self.commands.lock().finish(key, runner, answer, ttl);
        Ok(())
    }

    async fn abandon(&self, key: &CommandKey, runner: &str) -> Result<(), BookError> {
        self.commands.lock().abandon(key, runner);
        Ok(())
    }

    async fn posting(&self, posting: &Posting, ttl: Duration) -> Result<bool, BookError> {
        Ok(self.postings.lock().begin(posting, ttl))
    }

    async fn posted(
        &self,
        posting: &Posting,
        message: MessageId,
        _ttl: Duration,
    ) -> Result<(), BookError> {
        self.postings.lock().posted(posting, message);
        Ok(())
    }

    async fn not_posted(&self, posting: &Posting) -> Result<(), BookError> {
        self.postings.lock().end(posting.channel, &posting.id);
        Ok(())
    }

    async fn behalf(
        &self,
        channel: ChannelId,
        message: MessageId,
        mark: &str,
        _ttl: Duration,
    ) -> Result<Behalf, BookError> {
        Ok(self.postings.lock().behalf(channel, message, mark))
    }

    async fn behalves(
        &self,
        messages: &[MessageId],
    ) -> Result<BTreeMap<MessageId, UserId>, BookError> {
        Ok(self.postings.lock().behalves(messages))
    }
}

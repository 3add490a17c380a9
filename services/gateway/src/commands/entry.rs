//! People come into rooms.

use contracts::{
    ChannelId, GuildId, UserId,
    command::{Connect, Join},
    link::LinkError,
    rpc,
    state::{Overwrite, OverwriteTarget},
};
use discord::{
    RestError,
    model::{self, PermissionOverwrite},
};
use permissions::Permissions;
use tracing::debug;

use super::{
    actor::Actor,
    directory::Held,
    refusal::{self, Failed},
    rooms::{ENTRY, reason},
    worker::Worker,
};
use crate::state::GuildState;

impl Worker {
    /// `joinRoom`: the invite is used, the member let in, and moved there if in voice.
    pub(super) async fn join_room(
        &self,
        held: &Held,
        actor: &Actor,
        join: &Join,
    ) -> Result<rpc::RoomJoined, Failed> {
        let (guild, user) = (join.guild_id, actor.user);
        if join.token.guild() != guild {
            return Err(refusal::invalid_invite().into());
        }
        let found = self.book.find_invite(&join.token, user).await?;
        let room = found.ok_or_else(refusal::invalid_invite)?.channel;
        let seen = held.look(guild, |state| {
            let channel = state.channel(room)?;
            let by_name =
                |one: &&Overwrite| one.target == OverwriteTarget::Member && one.id == user.get();
            let entry = channel.overwrites.iter().find(by_name).copied();
            Some((channel.obfuscated, entry))
        });
        let Some((obfuscated, entry)) = seen.flatten() else {
            // The room is gone, or only just made: Discord knows.
            return self.let_in(held, actor, join, room, None).await;
        };
        if obfuscated {
            return Err(of_bot());
        }
        // Somebody was shut out by name: an invite does not undo that.
        if entry.is_some_and(|entry| Permissions::from_bits(entry.deny).meets(ENTRY)) {
            return Err(refusal::barred().into());
        }
        self.let_in(held, actor, join, room, entry).await
    }

    async fn let_in(
        &self,
        held: &Held,
        actor: &Actor,
        join: &Join,
        room: ChannelId,
        entry: Option<Overwrite>,
    ) -> Result<rpc::RoomJoined, Failed> {
        let (guild, user) = (join.guild_id, actor.user);
        // A second use by the same member is no further use, so what fails from here on costs nothing when it is tried again.
        if self.book.use_invite(&join.token, user).await?.is_none() {
            return Err(refusal::invalid_invite().into());
        }
        let inside = entry.is_some_and(|entry| Permissions::from_bits(entry.allow).contains(ENTRY));
        if !inside {
            let overwrite = PermissionOverwrite {
                target: model::OverwriteTarget::Member(user),
                allow: entry.map_or(0, |entry| entry.allow) | ENTRY.bits(),
                deny: entry.map_or(0, |entry| entry.deny),
            };
            let reason = reason("joinRoom", actor);
            match self.rest.put_overwrite(room, &overwrite, &reason).await {
                Err(RestError::NotFound { .. }) => return Err(refusal::invalid_invite().into()),
                outcome => outcome?,
            }
            held.settled(guild, |state| {
                let channel = state.channel(room);
                channel.is_none_or(|channel| lets_in(&channel.overwrites, user))
            })
            .await;
        }
        let moved = held
            .look(guild, |state| {
                is_in_voice(state, user) && !is_full(state, room)
            })
            .unwrap_or(false)
            && self.moved_along(guild, actor, room).await;
        Ok(rpc::RoomJoined {
            guild_id: guild,
            channel_id: room,
            moved,
        })
    }

    /// Moves somebody who was let in. That it does not work takes nothing back.
    async fn moved_along(&self, guild: GuildId, actor: &Actor, room: ChannelId) -> bool {
        let reason = reason("joinRoom", actor);
        let moved = self
            .rest
            .move_member(guild, actor.user, room, &reason)
            .await;
        moved.unwrap_or_else(|error| {
            debug!(component = "Gateway", guild_id = %guild, %error, "somebody who was let in could not be moved");
            false
        })
    }

    /// `connectUserToVoiceChannel`
    pub(super) async fn connect_user(
        &self,
        held: &Held,
        actor: &Actor,
        connect: &Connect,
    ) -> Result<rpc::UserConnected, Failed> {
        let Connect {
            guild_id: guild,
            channel_id: room,
            user_id: user,
        } = *connect;
        // Discord lets the bot squeeze people in; who comes by themselves waits for a place.
        let oneself = user == actor.user;
        let full = |state: &GuildState| is_full(state, room) && !is_in(state, user, room);
        if oneself && held.look(guild, full).unwrap_or(false) {
            return Err(refusal::room_full().into());
        }
        let reason = reason("connectUserToVoiceChannel", actor);
        if !self.rest.move_member(guild, user, room, &reason).await? {
            return Err(refusal::not_in_voice().into());
        }
        held.settled(guild, |state| is_in(state, user, room)).await;
        Ok(rpc::UserConnected { moved: true })
    }
}

fn of_bot() -> Failed {
    let message = "Fanfare's bot can't see this room any more.";
    LinkError::new(403, "bot-lacks-permission", message).into()
}

fn lets_in(overwrites: &[Overwrite], user: UserId) -> bool {
    overwrites.iter().any(|one| {
        one.target == OverwriteTarget::Member
            && one.id == user.get()
            && Permissions::from_bits(one.allow).contains(ENTRY)
    })
}

fn is_in_voice(state: &GuildState, user: UserId) -> bool {
    state.voice(user).is_some() || state.unseen.contains_key(&user)
}

fn is_in(state: &GuildState, user: UserId, room: ChannelId) -> bool {
    state
        .voice(user)
        .is_some_and(|voice| voice.channel_id == room)
}

fn is_full(state: &GuildState, room: ChannelId) -> bool {
    let limit = state.channel(room).map_or(0, |channel| channel.user_limit);
    limit != 0 && state.people(room).len() >= limit as usize
}

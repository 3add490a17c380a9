//! What exists: users, guilds and what is in them, and the rules by which it changes.
//!
//! Every change is a method of [`World`] that leaves the dispatches it causes in an outbox; whoever
//! changed the world takes them from there, still under the same lock, and hands them to the Gateway.

mod channel;
mod dispatch;
mod edit;
mod guild;
mod invite;
mod lookup;
mod member;
mod message;
mod overwrite;
pub(crate) mod permissions;
mod post;
mod presence;
mod reaction;
mod refusal;
mod role;
mod seed;
mod snowflake;
mod thread;
mod typing;
mod visibility;
mod voice;
mod webhook;

use std::collections::BTreeMap;

pub(crate) use channel::{Channel, ChannelDraft, ChannelPatch, Field, kind};
pub(crate) use dispatch::{Body, Dispatch};
pub(crate) use guild::Guild;
pub(crate) use invite::Invite;
pub(crate) use member::{Member, User};
pub(crate) use message::{Author, Message};
pub(crate) use overwrite::{Overwrite, OverwriteTarget};
pub(crate) use post::{AllowedMentions, Draft};
pub(crate) use presence::{Presence, is_status, playing};
pub(crate) use reaction::Emoji;
pub(crate) use refusal::Refusal;
pub(crate) use role::Role;
pub(crate) use snowflake::{Id, Snowflakes};
pub(crate) use voice::{VoicePatch, VoiceState};
pub(crate) use webhook::Webhook;

use crate::clock;

/// Everything that exists.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) users: BTreeMap<Id, User>,
    pub(crate) guilds: BTreeMap<Id, Guild>,
    /// The bot's user.
    pub(crate) bot: Id,
    /// The bot's application; also the OAuth2 client id unless another one is configured.
    pub(crate) application: Id,
    /// The guild that is meant when none is named.
    pub(crate) home: Id,
    /// Whether channels that the bot can't view are obfuscated on the Gateway.
    pub(crate) obfuscates: bool,
    /// As many shards as are recommended.
    pub(crate) shards: u64,
    ids: Snowflakes,
    voice_sessions: u64,
    outbox: Vec<Dispatch>,
}

impl World {
    /// The dispatches of the changes since the last call, in order.
    pub(crate) fn take_dispatches(&mut self) -> Vec<Dispatch> {
        std::mem::take(&mut self.outbox)
    }

    /// A new id for something that is made now.
    fn next_id(&mut self) -> Id {
        self.ids.next(clock::unix_millis())
    }

    /// A new id for a guild that is made now and belongs to this shard.
    fn next_id_on(&mut self, shard: u64) -> Id {
        self.ids.next_on(clock::unix_millis(), shard, self.shards)
    }

    /// The shard that a guild belongs to; what has no guild belongs to the first.
    pub(crate) fn shard_of(&self, guild: Option<Id>) -> u64 {
        guild.map_or(0, |guild| (guild.0 >> 22) % self.shards)
    }

    /// The guild, if the bot is in it (available or not).
    pub(crate) fn bot_guild(&self, guild: Id) -> Result<&Guild, Refusal> {
        self.guilds
            .get(&guild)
            .filter(|guild| guild.members.contains_key(&self.bot))
            .ok_or_else(Refusal::unknown_guild)
    }

    pub(crate) fn guild(&self, guild: Id) -> Result<&Guild, Refusal> {
        self.guilds.get(&guild).ok_or_else(Refusal::unknown_guild)
    }

    fn guild_mut(&mut self, guild: Id) -> Result<&mut Guild, Refusal> {
        self.guilds
            .get_mut(&guild)
            .ok_or_else(Refusal::unknown_guild)
    }

    pub(crate) fn user(&self, user: Id) -> Result<&User, Refusal> {
        self.users.get(&user).ok_or_else(Refusal::unknown_user)
    }

    /// The guild that a channel or thread belongs to.
    pub(crate) fn guild_of(&self, channel: Id) -> Result<Id, Refusal> {
        self.guilds
            .values()
            .find(|guild| guild.channels.contains_key(&channel))
            .map(|guild| guild.id)
            .ok_or_else(Refusal::unknown_channel)
    }

    pub(crate) fn channel(&self, channel: Id) -> Result<(&Guild, &Channel), Refusal> {
        self.guilds
            .values()
            .find_map(|guild| guild.channels.get(&channel).map(|found| (guild, found)))
            .ok_or_else(Refusal::unknown_channel)
    }

    fn channel_mut(&mut self, channel: Id) -> Result<&mut Channel, Refusal> {
        self.guilds
            .values_mut()
            .find_map(|guild| guild.channels.get_mut(&channel))
            .ok_or_else(Refusal::unknown_channel)
    }
}

#[cfg(test)]
mod tests;

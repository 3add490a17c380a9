use std::fmt;

use contracts::GuildId;

use crate::{
    ShardId,
    model::{
        Channel, GuildCreate, GuildDelete, GuildUpdate, MemberAdd, MemberChunk, MemberRemove,
        MemberUpdate, Message, MessageDelete, MessageDeleteBulk, Presence, ReactionAdd,
        ReactionRemove, ReactionRemoveAll, ReactionRemoveEmoji, Ready, RoleDelete, RoleUpdate,
        ThreadDelete, ThreadListSync, ThreadMemberUpdate, ThreadMembersUpdate, TypingStart, User,
        VoiceState,
    },
};

/// An event of a session, with where it stands in it.
///
/// `Debug` shows kind and position, never the contents.
#[derive(Clone, PartialEq)]
pub struct Dispatch {
    /// The shard that received it.
    pub shard: ShardId,
    /// Sequence number within the session.
    pub seq: u64,
    /// When it came, in Unix milliseconds.
    pub received_at: u64,
    /// What happened.
    pub event: Event,
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatch")
            .field("shard", &self.shard)
            .field("seq", &self.seq)
            .field("received_at", &self.received_at)
            .field("event", &self.event)
            .finish()
    }
}

/// What happened: the dispatches that Fanfare carries (Gateway Events, "Receive Events").
#[derive(Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the variants are Discord's events, documented there"
)]
pub enum Event {
    Ready(Ready),
    Resumed,
    GuildCreate(GuildCreate),
    GuildUpdate(GuildUpdate),
    GuildDelete(GuildDelete),
    RoleCreate(RoleUpdate),
    RoleUpdate(RoleUpdate),
    RoleDelete(RoleDelete),
    ChannelCreate(Channel),
    ChannelUpdate(Channel),
    ChannelDelete(Channel),
    ThreadCreate(Channel),
    ThreadUpdate(Channel),
    ThreadDelete(ThreadDelete),
    ThreadListSync(ThreadListSync),
    ThreadMemberUpdate(ThreadMemberUpdate),
    ThreadMembersUpdate(ThreadMembersUpdate),
    VoiceStateUpdate(VoiceState),
    MemberAdd(MemberAdd),
    MemberUpdate(MemberUpdate),
    MemberRemove(MemberRemove),
    MemberChunk(MemberChunk),
    MessageCreate(Box<Message>),
    MessageUpdate(Box<Message>),
    MessageDelete(MessageDelete),
    MessageDeleteBulk(MessageDeleteBulk),
    ReactionAdd(ReactionAdd),
    ReactionRemove(ReactionRemove),
    ReactionRemoveAll(ReactionRemoveAll),
    ReactionRemoveEmoji(ReactionRemoveEmoji),
    TypingStart(TypingStart),
    PresenceUpdate(Presence),
    UserUpdate(User),
}

impl Event {
    /// Discord's name of it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "READY",
            Self::Resumed => "RESUMED",
            Self::GuildCreate(_) => "GUILD_CREATE",
            Self::GuildUpdate(_) => "GUILD_UPDATE",
            Self::GuildDelete(_) => "GUILD_DELETE",
            Self::RoleCreate(_) => "GUILD_ROLE_CREATE",
            Self::RoleUpdate(_) => "GUILD_ROLE_UPDATE",
            Self::RoleDelete(_) => "GUILD_ROLE_DELETE",
            Self::ChannelCreate(_) => "CHANNEL_CREATE",
            Self::ChannelUpdate(_) => "CHANNEL_UPDATE",
            Self::ChannelDelete(_) => "CHANNEL_DELETE",
            Self::ThreadCreate(_) => "THREAD_CREATE",
            Self::ThreadUpdate(_) => "THREAD_UPDATE",
            Self::ThreadDelete(_) => "THREAD_DELETE",
            Self::ThreadListSync(_) => "THREAD_LIST_SYNC",
            Self::ThreadMemberUpdate(_) => "THREAD_MEMBER_UPDATE",
            Self::ThreadMembersUpdate(_) => "THREAD_MEMBERS_UPDATE",
            Self::VoiceStateUpdate(_) => "VOICE_STATE_UPDATE",
            Self::MemberAdd(_) => "GUILD_MEMBER_ADD",
            Self::MemberUpdate(_) => "GUILD_MEMBER_UPDATE",
            Self::MemberRemove(_) => "GUILD_MEMBER_REMOVE",
            Self::MemberChunk(_) => "GUILD_MEMBERS_CHUNK",
            Self::MessageCreate(_) => "MESSAGE_CREATE",
            Self::MessageUpdate(_) => "MESSAGE_UPDATE",
            Self::MessageDelete(_) => "MESSAGE_DELETE",
            Self::MessageDeleteBulk(_) => "MESSAGE_DELETE_BULK",
            Self::ReactionAdd(_) => "MESSAGE_REACTION_ADD",
            Self::ReactionRemove(_) => "MESSAGE_REACTION_REMOVE",
            Self::ReactionRemoveAll(_) => "MESSAGE_REACTION_REMOVE_ALL",
            Self::ReactionRemoveEmoji(_) => "MESSAGE_REACTION_REMOVE_EMOJI",
            Self::TypingStart(_) => "TYPING_START",
            Self::PresenceUpdate(_) => "PRESENCE_UPDATE",
            Self::UserUpdate(_) => "USER_UPDATE",
        }
    }

    /// The guild it happened in; `None` for the session's own events and for direct messages.
    pub fn guild_id(&self) -> Option<GuildId> {
        match self {
            Self::Ready(_) | Self::Resumed | Self::UserUpdate(_) => None,
            Self::GuildCreate(guild) => Some(guild.id()),
            Self::GuildUpdate(guild) => Some(guild.id),
            Self::GuildDelete(guild) => Some(guild.id),
            Self::RoleCreate(role) | Self::RoleUpdate(role) => Some(role.guild_id),
            Self::RoleDelete(role) => Some(role.guild_id),
            Self::ChannelCreate(channel)
            | Self::ChannelUpdate(channel)
            | Self::ChannelDelete(channel)
            | Self::ThreadCreate(channel)
            | Self::ThreadUpdate(channel) => channel.guild_id,
            Self::ThreadDelete(thread) => thread.guild_id,
            Self::ThreadListSync(threads) => Some(threads.guild_id),
            Self::ThreadMemberUpdate(thread) => thread.guild_id,
            Self::ThreadMembersUpdate(thread) => Some(thread.guild_id),
            Self::VoiceStateUpdate(voice) => voice.guild_id,
            Self::MemberAdd(member) => Some(member.guild_id),
            Self::MemberUpdate(member) => Some(member.guild_id),
            Self::MemberRemove(member) => Some(member.guild_id),
            Self::MemberChunk(chunk) => Some(chunk.guild_id),
            Self::MessageCreate(message) | Self::MessageUpdate(message) => message.guild_id,
            Self::MessageDelete(message) => message.guild_id,
            Self::MessageDeleteBulk(messages) => messages.guild_id,
            Self::ReactionAdd(reaction) => reaction.guild_id,
            Self::ReactionRemove(reaction) => reaction.guild_id,
            Self::ReactionRemoveAll(reactions) => reactions.guild_id,
            Self::ReactionRemoveEmoji(reactions) => reactions.guild_id,
            Self::TypingStart(typing) => typing.guild_id,
            Self::PresenceUpdate(presence) => presence.guild_id,
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.guild_id()
            .map_or(Ok(()), |guild| write!(f, "(guild {guild})"))
    }
}

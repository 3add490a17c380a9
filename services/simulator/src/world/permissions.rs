//! Who may do what. Source: the page Permissions, "Permission Hierarchy" and "Implicit Permissions".

use super::{Channel, Guild, Id, kind};
use crate::clock;

pub(crate) const CREATE_INSTANT_INVITE: u64 = 1;
pub(crate) const KICK_MEMBERS: u64 = 1 << 1;
pub(crate) const ADMINISTRATOR: u64 = 1 << 3;
pub(crate) const MANAGE_CHANNELS: u64 = 1 << 4;
pub(crate) const ADD_REACTIONS: u64 = 1 << 6;
pub(crate) const STREAM: u64 = 1 << 9;
pub(crate) const VIEW_CHANNEL: u64 = 1 << 10;
pub(crate) const SEND_MESSAGES: u64 = 1 << 11;
pub(crate) const MANAGE_MESSAGES: u64 = 1 << 13;
pub(crate) const EMBED_LINKS: u64 = 1 << 14;
pub(crate) const ATTACH_FILES: u64 = 1 << 15;
pub(crate) const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub(crate) const MENTION_EVERYONE: u64 = 1 << 17;
pub(crate) const CONNECT: u64 = 1 << 20;
pub(crate) const SPEAK: u64 = 1 << 21;
pub(crate) const MUTE_MEMBERS: u64 = 1 << 22;
pub(crate) const DEAFEN_MEMBERS: u64 = 1 << 23;
pub(crate) const MOVE_MEMBERS: u64 = 1 << 24;
pub(crate) const USE_VAD: u64 = 1 << 25;
pub(crate) const MANAGE_NICKNAMES: u64 = 1 << 27;
pub(crate) const MANAGE_ROLES: u64 = 1 << 28;
pub(crate) const MANAGE_WEBHOOKS: u64 = 1 << 29;
pub(crate) const MANAGE_THREADS: u64 = 1 << 34;
pub(crate) const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
pub(crate) const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
pub(crate) const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
pub(crate) const MODERATE_MEMBERS: u64 = 1 << 40;

/// Every permission there is: what an owner and an administrator hold.
pub(crate) const ALL: u64 = (1 << 53) - 1;

/// What a timed-out member keeps.
const TIMED_OUT: u64 = VIEW_CHANNEL | READ_MESSAGE_HISTORY;

/// A member's permissions in a guild, without any channel's overwrites; 0 for someone else.
pub(crate) fn in_guild(guild: &Guild, user: Id) -> u64 {
    let Some(member) = guild.members.get(&user) else {
        return 0;
    };
    if guild.owner == user {
        return ALL;
    }
    let everyone = guild
        .roles
        .get(&guild.id)
        .map_or(0, |role| role.permissions);
    let base = member
        .roles
        .iter()
        .filter_map(|id| guild.roles.get(id))
        .fold(everyone, |bits, role| bits | role.permissions);
    if base & ADMINISTRATOR != 0 { ALL } else { base }
}

/// A member's permissions in a channel; threads follow their parent.
pub(crate) fn in_channel(guild: &Guild, channel: &Channel, user: Id) -> u64 {
    let base = in_guild(guild, user);
    if base == ALL || base == 0 {
        return base;
    }
    if let Some(thread) = &channel.thread {
        let Some(parent) = channel.parent.and_then(|id| guild.channels.get(&id)) else {
            return 0;
        };
        let bits = in_channel(guild, parent, user);
        let shut_out = channel.kind == kind::PRIVATE_THREAD
            && bits & MANAGE_THREADS == 0
            && !thread.members.contains_key(&user);
        return if shut_out { 0 } else { bits };
    }
    let Some(member) = guild.members.get(&user) else {
        return 0;
    };
    let mut bits = base;
    let overwrite = |id: Id| {
        channel
            .overwrites
            .iter()
            .find(move |overwrite| overwrite.id == id)
    };
    if let Some(everyone) = overwrite(guild.id) {
        bits = (bits & !everyone.deny) | everyone.allow;
    }
    let roles = || member.roles.iter().filter_map(|id| overwrite(*id));
    bits &= !roles().fold(0, |deny, overwrite| deny | overwrite.deny);
    bits |= roles().fold(0, |allow, overwrite| allow | overwrite.allow);
    if let Some(own) = overwrite(user) {
        bits = (bits & !own.deny) | own.allow;
    }
    if member
        .timed_out_until
        .is_some_and(|until| until > clock::unix_millis())
    {
        bits &= TIMED_OUT;
    }
    imply(bits, channel)
}

/// Takes away what other missing permissions take away.
fn imply(bits: u64, channel: &Channel) -> u64 {
    if bits & VIEW_CHANNEL == 0 {
        return 0;
    }
    if channel.is_voice() && bits & CONNECT == 0 {
        return VIEW_CHANNEL;
    }
    if bits & SEND_MESSAGES == 0 {
        return bits & !(MENTION_EVERYONE | EMBED_LINKS | ATTACH_FILES);
    }
    bits
}

//! Who may do what: the one place where it is decided.
//!
//! The bot may do more than most users. Nothing is done for a user that this table does not grant.

use contracts::{
    ChannelId, GuildId, RoleId, UserId, command::Act, link::LinkError, state::Channel,
};
use permissions::{Ground, Permissions, Subject};
use room_book::Room;

use super::{actor::Actor, refusal};
use crate::state::GuildState;

/// Whoever may do one of these in a room moderates it.
const MODERATES: Permissions = Permissions::MANAGE_CHANNELS.union(Permissions::MOVE_MEMBERS);

/// Who may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Who<'a> {
    /// Any member.
    Member,
    /// Members with one of these roles; none named = any member.
    Roles(&'a [RoleId]),
    /// Who may view a channel or thread.
    Viewer(ChannelId),
    /// Who may view a voice channel and do this in it.
    InRoom(ChannelId, Permissions),
    /// Who may view a voice channel and moderates it.
    Moderator(ChannelId),
    /// Of a channel that Fanfare made: its owner, and who moderates it.
    OwnerOrModerator,
    /// Who may view a channel or thread in which people write, and do this in it.
    InText {
        channel: ChannelId,
        /// In channels.
        channels: Permissions,
        /// In threads.
        threads: Permissions,
    },
}

/// The table.
fn who(act: &Act, actor: UserId) -> Who<'_> {
    const HISTORY: Permissions = Permissions::READ_MESSAGE_HISTORY;
    const REACT: Permissions = HISTORY.union(Permissions::ADD_REACTIONS);
    let in_text = |channel, channels, threads| Who::InText {
        channel,
        channels,
        threads,
    };
    match act {
        Act::CreateRoom(make) => Who::Roles(&make.creator_roles),
        Act::JoinRoom(_) => Who::Member,
        Act::ConnectUser(connect) if connect.user_id == actor => {
            Who::InRoom(connect.channel_id, Permissions::CONNECT)
        }
        Act::ConnectUser(connect) => Who::Moderator(connect.channel_id),
        Act::DeleteRoom(_) | Act::CreateInvite(_) | Act::RevokeInvite(_) => Who::OwnerOrModerator,
        Act::SendMessage(post) => in_text(
            post.channel_id,
            Permissions::SEND_MESSAGES,
            Permissions::SEND_MESSAGES_IN_THREADS,
        ),
        Act::AddReaction(react) => in_text(react.channel_id, REACT, REACT),
        Act::ReadMessages(read) => in_text(read.channel_id, HISTORY, HISTORY),
        Act::ReadAbilities(read) => Who::Viewer(read.channel_id),
    }
}

/// Somebody in a guild, now.
pub(super) struct Case<'a> {
    pub(super) state: &'a GuildState,
    pub(super) actor: &'a Actor,
    /// Unix ms.
    pub(super) now: u64,
}

/// Whether an act may be done. `target` is the channel that it concerns where the act itself does not name it, `room` that
/// channel's entry in the book.
///
/// What the actor can't view is not there: the answer is the same as for an id that was made up.
pub(super) fn authorize(
    act: &Act,
    target: Option<ChannelId>,
    room: Option<&Room>,
    case: &Case<'_>,
) -> Result<(), LinkError> {
    if !act.only_reads() && case.is_silenced() {
        return Err(refusal::timed_out());
    }
    match who(act, case.actor.user) {
        Who::Member => Ok(()),
        Who::Roles(roles) => {
            let one = roles.is_empty() || roles.iter().any(|role| case.actor.roles.contains(role));
            one.then_some(()).ok_or_else(refusal::missing_role)
        }
        Who::Viewer(channel) => case.viewed(channel, takes_text).map(|_| ()),
        Who::InRoom(channel, needed) => {
            let (_, held) = case.viewed(channel, Channel::is_room)?;
            has(held, needed)
        }
        Who::Moderator(channel) => {
            let (_, held) = case.viewed(channel, Channel::is_room)?;
            let moderates = held.meets(MODERATES);
            moderates.then_some(()).ok_or_else(refusal::not_a_moderator)
        }
        Who::OwnerOrModerator => {
            let channel = target.ok_or_else(refusal::not_found)?;
            let (_, held) = case.viewed(channel, Channel::is_room)?;
            let room = room.ok_or_else(refusal::not_a_room)?;
            let may = room.owner == case.actor.user || held.meets(MODERATES);
            may.then_some(()).ok_or_else(refusal::not_yours)
        }
        Who::InText {
            channel,
            channels,
            threads,
        } => {
            let (channel, held) = case.viewed(channel, takes_text)?;
            let needed = if channel.is_thread() {
                threads
            } else {
                channels
            };
            let connect = if channel.is_room() {
                Permissions::CONNECT
            } else {
                Permissions::NONE
            };
            has(held, needed | connect)
        }
    }
}

fn has(held: Permissions, needed: Permissions) -> Result<(), LinkError> {
    let missing = needed.without(held);
    if missing == Permissions::NONE {
        Ok(())
    } else {
        Err(refusal::missing(missing))
    }
}

/// Whether people write in it: text (0), voice (2), announcements (5), stage (13), threads.
fn takes_text(channel: &Channel) -> bool {
    matches!(channel.kind, 0 | 5) || channel.is_room() || channel.is_thread()
}

impl<'a> Case<'a> {
    fn subject(&self) -> Subject<'_> {
        Subject {
            user: self.actor.user,
            roles: &self.actor.roles,
            timed_out: self.is_timed_out(),
        }
    }

    fn is_timed_out(&self) -> bool {
        let until = self.actor.timed_out_until;
        until.is_some_and(|until| until > self.now)
    }

    /// Whether a time-out takes everything but reading; it takes nothing from the owner and from administrators.
    fn is_silenced(&self) -> bool {
        let ground = Known(self.state);
        self.is_timed_out() && ground.in_guild(&self.subject()) != Permissions::ALL
    }

    /// What the actor may do in a channel.
    pub(super) fn held(&self, channel: &Channel) -> Permissions {
        Known(self.state).in_channel(channel, &self.subject())
    }

    /// A channel of some kind that the actor may view, with what the actor may do in it.
    fn viewed(
        &self,
        channel: ChannelId,
        is: fn(&Channel) -> bool,
    ) -> Result<(&'a Channel, Permissions), LinkError> {
        let found = self.state.channel(channel).filter(|found| is(found));
        let found = found.map(|found| (found, self.held(found)));
        found
            .filter(|(_, held)| held.contains(Permissions::VIEW_CHANNEL))
            .ok_or_else(refusal::not_found)
    }
}

/// What the gateway knows of a guild, as ground for permissions.
struct Known<'a>(&'a GuildState);

impl Ground for Known<'_> {
    fn guild(&self) -> GuildId {
        self.0.guild().id
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.0.guild().owner_id)
    }

    fn role(&self, role: RoleId) -> Option<u64> {
        self.0.role(role).map(|role| role.permissions)
    }

    fn channel(&self, channel: ChannelId) -> Option<&Channel> {
        self.0.channel(channel)
    }
}

#[cfg(test)]
mod tests;

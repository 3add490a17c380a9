use contracts::{
    ChannelId, Event,
    event::{RoomCreated, RoomDeleted, RoomUpdated},
    state::{AudienceChange, Changed, Channel, Overwrite, OverwriteTarget},
};
use discord::model::{self, ChannelType};
use event_bus::StateOp;

use super::{Draft, voice};
use crate::state::shown;

/// A channel or thread as it is now. A room that the bot sees is told of; of any other channel
/// replicas alone hear, since it decides who may see what.
pub(super) fn set(draft: &mut Draft<'_>, new: Channel) {
    let id = new.id;
    if matches!(new.kind, 1 | 3) || draft.state.channel(id) == Some(&new) {
        return;
    }
    let old = draft.state.channel(id).filter(|old| shown(old)).cloned();
    match (old, shown(&new)) {
        (Some(_), false) => {
            hide(draft, id);
            put(draft, new);
        }
        (Some(old), true) => {
            let differs = (&old.name, old.parent_id, old.user_limit)
                != (&new.name, new.parent_id, new.user_limit);
            put(draft, new.clone());
            if differs {
                let event = updated(draft, new);
                draft.tell(&Event::RoomUpdated(event));
            }
        }
        (None, true) => {
            put(draft, new.clone());
            show(draft, new);
        }
        (None, false) => put(draft, new),
    }
}

/// A channel or thread is gone, and with a channel its threads.
pub(super) fn remove(draft: &mut Draft<'_>, id: ChannelId) {
    draft.state.unseen.retain(|_, voice| voice.channel_id != id);
    vacate(draft, id);
    let threads = draft.state.channels().filter(|thread| thread.is_thread());
    let threads: Vec<_> = threads
        .filter(|thread| thread.parent_id == Some(id))
        .map(|thread| thread.id)
        .collect();
    for gone in threads.into_iter().chain([id]) {
        let Some(channel) = draft.state.channel(gone).cloned() else {
            continue;
        };
        draft.store(StateOp::RemoveChannel(gone));
        draft.audience(AudienceChange::ChannelGone(channel));
    }
}

/// Tells that everybody is out of a room and that it is gone, if it shows.
pub(super) fn vacate(draft: &mut Draft<'_>, id: ChannelId) {
    if !draft.state.shows(id) {
        return;
    }
    for user in draft.state.people(id) {
        voice::leave(draft, user, false);
    }
    tell_deleted(draft, id);
}

fn put(draft: &mut Draft<'_>, channel: Channel) {
    let was = draft.state.channel(channel.id).cloned();
    draft.store(StateOp::SetChannel(channel.clone()));
    draft.audience(AudienceChange::Channel(Changed::from(was, channel)));
}

/// A room came into the bot's sight, with the people who are in it.
fn show(draft: &mut Draft<'_>, room: Channel) {
    let (guild_id, id) = (draft.guild_id(), room.id);
    draft.tell(&Event::RoomCreated(RoomCreated {
        guild_id,
        channel_id: id,
        name: room.name,
        parent_id: room.parent_id,
        user_limit: room.user_limit,
    }));
    let inside: Vec<_> = draft
        .state
        .unseen
        .values()
        .filter(|voice| voice.channel_id == id)
        .cloned()
        .collect();
    for voice in inside {
        voice::enter(draft, voice);
    }
}

/// A room went out of the bot's sight. The people are remembered for its return.
fn hide(draft: &mut Draft<'_>, id: ChannelId) {
    for user in draft.state.people(id) {
        let inside = draft.state.voice(user).cloned();
        voice::leave(draft, user, false);
        draft.state.unseen.extend(inside.map(|voice| (user, voice)));
    }
    tell_deleted(draft, id);
}

fn tell_deleted(draft: &mut Draft<'_>, id: ChannelId) {
    let guild_id = draft.guild_id();
    draft.tell(&Event::RoomDeleted(RoomDeleted {
        guild_id,
        channel_id: id,
        access: None,
    }));
}

fn updated(draft: &Draft<'_>, room: Channel) -> RoomUpdated {
    RoomUpdated {
        guild_id: draft.guild_id(),
        channel_id: room.id,
        name: room.name,
        parent_id: room.parent_id,
        user_limit: room.user_limit,
    }
}

/// The channel as it is stored. Of an obfuscated one only id, kind, parent and place are true, and
/// nothing else is taken over.
pub(super) fn stored(channel: &model::Channel) -> Channel {
    let obfuscated = channel.obfuscated();
    let overwrites = channel.permission_overwrites.iter().filter_map(overwrite);
    Channel {
        id: channel.id,
        kind: number(channel.kind),
        name: channel
            .name
            .clone()
            .filter(|_| !obfuscated)
            .unwrap_or_default(),
        parent_id: channel.parent_id,
        position: i32::try_from(channel.position).unwrap_or_default(),
        user_limit: channel
            .user_limit
            .filter(|_| !obfuscated)
            .unwrap_or_default(),
        overwrites: if obfuscated {
            Vec::new()
        } else {
            overwrites.collect()
        },
        members: Vec::new(),
        obfuscated,
    }
}

fn overwrite(overwrite: &model::PermissionOverwrite) -> Option<Overwrite> {
    let (id, target) = match overwrite.target {
        model::OverwriteTarget::Role(role) => (role.get(), OverwriteTarget::Role),
        model::OverwriteTarget::Member(user) => (user.get(), OverwriteTarget::Member),
        model::OverwriteTarget::Other(_) => return None,
    };
    Some(Overwrite {
        id,
        target,
        allow: overwrite.allow,
        deny: overwrite.deny,
    })
}

/// Discord's number of a channel type; one that does not fit is a type that nobody knows.
fn number(kind: ChannelType) -> u8 {
    match kind {
        ChannelType::Text => 0,
        ChannelType::Dm => 1,
        ChannelType::Voice => 2,
        ChannelType::GroupDm => 3,
        ChannelType::Category => 4,
        ChannelType::Announcement => 5,
        ChannelType::AnnouncementThread => 10,
        ChannelType::PublicThread => 11,
        ChannelType::PrivateThread => 12,
        ChannelType::Stage => 13,
        ChannelType::Directory => 14,
        ChannelType::Forum => 15,
        ChannelType::Media => 16,
        ChannelType::Other(other) => u8::try_from(other).unwrap_or(u8::MAX),
    }
}

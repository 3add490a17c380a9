//! Channels and threads.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Channel, Kind, Step, bits, id, voice};

/// Discord's numbers of kinds of channels.
pub(super) const VOICE: u64 = 2;
pub(super) const CATEGORY: u64 = 4;
pub(super) const ANNOUNCEMENT_THREAD: u64 = 10;
pub(super) const PRIVATE_THREAD: u64 = 12;
pub(super) const STAGE: u64 = 13;

/// Discord's flag of a channel that the bot can't view.
const OBFUSCATED: u64 = 1 << 17;

/// A channel as Discord tells of it; `None` = it can't be read.
pub(super) fn read(data: &Value) -> Option<(u64, Channel)> {
    let overwrites = data["permission_overwrites"]
        .as_array()
        .into_iter()
        .flatten();
    let overwrites = overwrites.map(|one| {
        let bits = (bits(&one["allow"]), bits(&one["deny"]));
        Some((id(&one["id"])?, bits))
    });
    let channel = Channel {
        kind: data["type"].as_u64()?,
        name: data["name"].as_str().unwrap_or_default().to_owned(),
        parent: id(&data["parent_id"]),
        limit: data["user_limit"].as_u64().unwrap_or_default(),
        overwrites: overwrites.collect::<Option<_>>()?,
        hidden: data["flags"].as_u64().unwrap_or_default() & OBFUSCATED != 0,
    };
    Some((id(&data["id"])?, channel))
}

/// A channel or thread is new or has changed.
pub(super) fn set(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let (id, new) = read(data)?;
    if data["thread_metadata"]["archived"] == true {
        bury(step, id);
        return Some(());
    }
    if new.kind == PRIVATE_THREAD {
        let inside: &mut BTreeSet<u64> = step.guild.inside.entry(id).or_default();
        if data["newly_created"] == true {
            inside.extend(super::id(&data["owner_id"]));
        }
    }
    step.guild.gone.remove(&id);
    let old = step.guild.channels.insert(id, new.clone());
    if !new.is_room() || new.hidden {
        return Some(());
    }
    match old {
        None => step.tell(Kind::RoomCreated, id, id, new.detail()),
        // Rooms that come into the bot's sight are told whole; see `Court::rooms`.
        Some(old) if old.hidden => {}
        Some(old) if old.detail() != new.detail() => {
            step.tell(Kind::RoomUpdated, id, id, new.detail());
        }
        Some(_) => {}
    }
    Some(())
}

/// A channel or thread is gone, and with it its threads; whoever was in it has left.
pub(super) fn delete(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let gone = id(&data["id"])?;
    let inside = step
        .guild
        .voice
        .iter()
        .filter(|(_, (room, _))| *room == gone);
    let inside: Vec<u64> = inside.map(|(user, _)| *user).collect();
    for user in inside {
        voice::leave(step, user, false);
    }
    if step.guild.shows(gone) {
        step.tell(Kind::RoomDeleted, gone, gone, String::new());
    }
    let threads = step.guild.channels.iter();
    let threads: Vec<u64> = threads
        .filter(|(_, thread)| thread.parent == Some(gone) && thread.is_thread())
        .map(|(id, _)| *id)
        .collect();
    for channel in threads.into_iter().chain([gone]) {
        bury(step, channel);
    }
    Some(())
}

/// What happened in it is still told to those who could see it.
fn bury(step: &mut Step<'_>, channel: u64) {
    if let Some(state) = step.guild.channels.remove(&channel) {
        step.guild.gone.insert(channel, state);
    }
}

//! Channels, threads and what @everyone may do.

use serde_json::Value;

use super::{Channel, Kind, Step, bits, id, voice};

/// Discord's numbers of kinds of channels.
pub(super) const VOICE: u64 = 2;
pub(super) const ANNOUNCEMENT_THREAD: u64 = 10;
pub(super) const PUBLIC_THREAD: u64 = 11;
pub(super) const PRIVATE_THREAD: u64 = 12;
pub(super) const STAGE: u64 = 13;

/// Discord's flag of a channel that the bot can't view.
const OBFUSCATED: u64 = 1 << 17;

/// A channel as Discord tells of it; `None` = it can't be read.
pub(super) fn read(data: &Value, guild: u64) -> Option<(u64, Channel)> {
    let overwrites = data["permission_overwrites"].as_array();
    let everyone = overwrites
        .into_iter()
        .flatten()
        .find(|overwrite| id(&overwrite["id"]) == Some(guild));
    let channel = Channel {
        kind: data["type"].as_u64()?,
        name: data["name"].as_str().unwrap_or_default().to_owned(),
        parent: id(&data["parent_id"]),
        limit: data["user_limit"].as_u64().unwrap_or_default(),
        everyone: everyone.map_or((0, 0), |own| (bits(&own["allow"]), bits(&own["deny"]))),
        hidden: data["flags"].as_u64().unwrap_or_default() & OBFUSCATED != 0,
    };
    Some((id(&data["id"])?, channel))
}

/// A channel or thread is new or has changed.
pub(super) fn set(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let (id, new) = read(data, step.guild_id)?;
    if data["thread_metadata"]["archived"] == true {
        step.guild.channels.remove(&id);
        return Some(());
    }
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
    step.guild.channels.remove(&gone);
    step.guild
        .channels
        .retain(|_, thread| thread.parent != Some(gone) || !is_thread(thread.kind));
    Some(())
}

/// What @everyone may do; other roles decide nothing yet.
pub(super) fn role(step: &mut Step<'_>, data: &Value) {
    let role = &data["role"];
    if id(&role["id"]) == Some(step.guild_id) {
        step.guild.everyone = bits(&role["permissions"]);
    }
}

fn is_thread(kind: u64) -> bool {
    matches!(kind, ANNOUNCEMENT_THREAD | PUBLIC_THREAD | PRIVATE_THREAD)
}

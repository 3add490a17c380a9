//! The rooms as a browser draws them: a snapshot, moved on by events.

use std::collections::{BTreeMap, HashMap};

use super::{
    payload::Payload,
    told::{Kind, Told},
};
use crate::browser::Arrival;

/// A room on somebody's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Room {
    /// Name, category, limit.
    pub(crate) detail: String,
    /// Who is in it, with their flags.
    pub(crate) members: BTreeMap<u64, String>,
}

/// The rooms of a guild.
pub(super) type Rooms = HashMap<u64, Room>;

/// What a browser shows of a guild after everything that arrived; `None` = it never got a snapshot of it.
pub(super) fn drawn(arrivals: &[Arrival], guild: u64) -> Option<Rooms> {
    let mut rooms = None;
    for arrival in arrivals {
        match &*arrival.payload {
            Payload::Snapshot(guilds) => {
                let ours = guilds.iter().find(|(id, _)| *id == guild);
                rooms = ours.map(|(_, rooms)| rooms.clone()).or(rooms);
            }
            Payload::Told(told) if told.key.guild == guild => {
                if let Some(rooms) = &mut rooms {
                    change(rooms, told);
                }
            }
            _ => {}
        }
    }
    rooms
}

fn change(rooms: &mut Rooms, told: &Told) {
    let key = &told.key;
    let last_word = || key.detail.rsplit(' ').next().unwrap_or_default().to_owned();
    match key.kind {
        Kind::RoomCreated => {
            let room = Room {
                detail: key.detail.clone(),
                members: BTreeMap::new(),
            };
            rooms.insert(key.channel, room);
        }
        Kind::RoomUpdated => {
            if let Some(room) = rooms.get_mut(&key.channel) {
                room.detail.clone_from(&key.detail);
            }
        }
        Kind::RoomDeleted => {
            rooms.remove(&key.channel);
        }
        Kind::VoiceJoined | Kind::VoiceUpdated => {
            if let Some(room) = rooms.get_mut(&key.channel) {
                room.members.insert(key.subject, last_word());
            }
        }
        Kind::VoiceLeft => {
            if let Some(room) = rooms.get_mut(&key.channel) {
                room.members.remove(&key.subject);
            }
        }
        _ => {}
    }
}

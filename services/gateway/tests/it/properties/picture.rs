//! What somebody who follows the events believes.

use std::collections::BTreeMap;

use contracts::{
    ChannelId, EventKind, UserId,
    event::{VoiceFlags, VoiceLeft},
};
use event_bus::{Change, NewEntry, StateOp};
use gateway::state::GuildState;
use serde::Deserialize;

/// Rooms and the people in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Picture {
    rooms: BTreeMap<ChannelId, (String, u32)>,
    people: BTreeMap<UserId, (ChannelId, VoiceFlags)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    channel_id: ChannelId,
    #[serde(default)]
    name: String,
    #[serde(default)]
    user_limit: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    channel_id: ChannelId,
    user_id: UserId,
    username: Option<String>,
    flags: VoiceFlags,
}

impl Picture {
    /// What is true.
    pub(crate) fn of(state: &GuildState) -> Self {
        let rooms = state
            .channels()
            .filter(|channel| channel.is_room() && !channel.obfuscated);
        Self {
            rooms: rooms
                .map(|room| (room.id, (room.name.clone(), room.user_limit)))
                .collect(),
            people: state
                .voices()
                .map(|voice| (voice.user_id, (voice.channel_id, voice.flags)))
                .collect(),
        }
    }

    /// Believes a change; fails if it contradicts what was believed.
    pub(crate) fn follow(&mut self, change: &Change) -> Result<(), String> {
        if change.reseed {
            *self = Self::default();
            for op in &change.state {
                match op {
                    StateOp::SetChannel(room) if room.is_room() && !room.obfuscated => {
                        self.rooms
                            .insert(room.id, (room.name.clone(), room.user_limit));
                    }
                    StateOp::SetVoice(voice) => {
                        self.people
                            .insert(voice.user_id, (voice.channel_id, voice.flags));
                    }
                    _ => {}
                }
            }
            return Ok(());
        }
        for entry in &change.entries {
            let NewEntry::Event(event) = entry else {
                continue;
            };
            let json = event.payload.get();
            let wrong = |what: &str| Err(format!("{what}: {} {json}", event.event));
            match event.event {
                EventKind::RoomCreated | EventKind::RoomUpdated => {
                    let room: Room = serde_json::from_str(json).unwrap();
                    let known = self
                        .rooms
                        .insert(room.channel_id, (room.name, room.user_limit));
                    if known.is_some() != (event.event == EventKind::RoomUpdated) {
                        return wrong("a room made twice, or changed before it was made");
                    }
                }
                EventKind::RoomDeleted => {
                    let room: Room = serde_json::from_str(json).unwrap();
                    if self.rooms.remove(&room.channel_id).is_none() {
                        return wrong("a room deleted that was none");
                    }
                    if self
                        .people
                        .values()
                        .any(|(place, _)| *place == room.channel_id)
                    {
                        return wrong("a room deleted with people in it");
                    }
                }
                EventKind::VoiceJoined => {
                    let person: Person = serde_json::from_str(json).unwrap();
                    if person.username.is_none_or(|name| name.is_empty()) {
                        return wrong("somebody without a name");
                    }
                    if !self.rooms.contains_key(&person.channel_id) {
                        return wrong("somebody joined what is no room");
                    }
                    let now = (person.channel_id, person.flags);
                    if self.people.insert(person.user_id, now).is_some() {
                        return wrong("somebody joined without having left");
                    }
                }
                EventKind::VoiceLeft => {
                    let gone: VoiceLeft = serde_json::from_str(json).unwrap();
                    let place = self.people.remove(&gone.user_id).map(|(place, _)| place);
                    if place.is_none() || place != gone.previous_channel_id {
                        return wrong("somebody left a room without being in it");
                    }
                    if event.channel_id != place {
                        return wrong("a leave was told to others than the room");
                    }
                }
                EventKind::VoiceUpdated => {
                    let person: Person = serde_json::from_str(json).unwrap();
                    let now = (person.channel_id, person.flags);
                    match self.people.insert(person.user_id, now) {
                        Some((place, flags)) if place == now.0 && flags != now.1 => {}
                        _ => return wrong("an update of nothing"),
                    }
                }
                _ => {}
            }
        }
        if change.state.contains(&StateOp::RemoveGuild) && *self != Self::default() {
            return Err(format!(
                "something is left of a guild that is gone: {self:?}"
            ));
        }
        Ok(())
    }
}

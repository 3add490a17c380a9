use contracts::{
    ChannelId, Event,
    event::{RoomCreated, RoomDeleted},
    state::{AudienceChange, Channel},
};
use event_bus::Position;

use super::{Mask, Picture, Sight, TOMBSTONES};

/// What a change of the audience means for browsers.
#[derive(Debug, Default)]
pub(crate) struct Shift {
    /// What browsers are told, in this order: rooms that came into sight with the people in them, rooms that went out of it.
    pub(crate) events: Vec<Event>,
    /// Channels that lost viewers, and what of them is not handed out any more though it happened before.
    pub(crate) hidden: Vec<(ChannelId, Mask)>,
}

impl Picture {
    /// Applies a change of who may see what.
    pub(crate) fn change(&mut self, change: AudienceChange, position: Position) -> Shift {
        self.rendered = None;
        let mut shift = Shift::default();
        match change {
            AudienceChange::Guild(facts) => self.facts = Some(facts),
            AudienceChange::Channel(channel) => {
                let new = !self.channels.contains_key(&channel.id);
                let id = channel.id;
                self.channels.insert(id, channel);
                let threads = self.channels.values();
                let threads =
                    threads.filter(|other| other.is_thread() && other.parent_id == Some(id));
                let mut touched: Vec<_> = threads.map(|thread| thread.id).collect();
                touched.push(id);
                // A channel that was not known is announced by its own `room.created`, which follows.
                self.rejudge(&touched, !new, &mut shift);
            }
            AudienceChange::ChannelGone(id) => self.bury(id, &mut shift),
            AudienceChange::Role(role) => {
                if role.id == self.guild.everyone() && role.permissions != self.everyone {
                    self.everyone = role.permissions;
                    let all: Vec<_> = self.channels.keys().copied().collect();
                    self.rejudge(&all, true, &mut shift);
                }
            }
            AudienceChange::GuildGone => {
                let all: Vec<_> = self.channels.keys().copied().collect();
                for id in all {
                    self.bury(id, &mut shift);
                }
                self.voice.clear();
                self.facts = None;
            }
            AudienceChange::Member(member) => {
                // Somebody in a room may have a new name or avatar; snapshots show it.
                if let Some(voice) = self.voice.get_mut(&member.user_id) {
                    voice.username = member.username;
                    voice.display_name = member.display_name;
                    voice.avatar = member.avatar;
                    voice.avatar_url = member.avatar_url;
                }
            }
            AudienceChange::RoleGone(_) | AudienceChange::MemberGone(_) => {}
        }
        if !shift.events.is_empty() {
            self.revealed = Some(position);
        }
        shift
    }

    /// Judges every channel anew.
    pub(super) fn judge_all(&mut self) {
        let judged = self
            .channels
            .values()
            .map(|channel| (channel.id, self.judge(channel)));
        self.sights = judged.collect();
    }

    /// What @everyone may see of a channel that may not be stored.
    pub(crate) fn judge(&self, channel: &Channel) -> Sight {
        Sight::of(channel, &self.channels, self.guild, self.everyone)
    }

    fn rejudge(&mut self, channels: &[ChannelId], announce: bool, shift: &mut Shift) {
        let mut channels = channels.to_vec();
        channels.sort_unstable();
        for id in channels {
            let Some(channel) = self.channels.get(&id) else {
                continue;
            };
            let (room, now) = (channel.is_room(), self.judge(channel));
            let before = self.sights.insert(id, now).unwrap_or(Sight::NONE);
            if before.view && !now.view {
                shift.hidden.push((id, Mask::OUT_OF_SIGHT));
            } else if before.text && !now.text {
                shift.hidden.push((id, Mask::TEXT));
            }
            if room && !now.view && self.shown.remove(&id) {
                shift.events.push(self.gone(id, true));
            } else if room && now.view && announce && self.shown.insert(id) {
                shift.events.extend(self.appeared(id));
            }
        }
    }

    /// Forgets a channel but for its last verdict, which still decides about what happened in it before.
    fn bury(&mut self, id: ChannelId, shift: &mut Shift) {
        if self.channels.remove(&id).is_none() {
            return;
        }
        self.voice.retain(|_, voice| voice.channel_id != id);
        // The gateway tells of a deleted room before this entry; a room still shown would stay for ever.
        if self.shown.remove(&id) {
            shift.events.push(self.gone(id, false));
        }
        self.buried.push_back(id);
        if self.buried.len() > TOMBSTONES
            && let Some(oldest) = self.buried.pop_front()
            && !self.channels.contains_key(&oldest)
        {
            self.sights.remove(&oldest);
        }
    }

    fn gone(&self, room: ChannelId, access: bool) -> Event {
        Event::RoomDeleted(RoomDeleted {
            guild_id: self.guild,
            channel_id: room,
            access: access.then_some(true),
        })
    }

    /// The events that tell of a room and the people in it.
    pub(crate) fn appeared(&self, room: ChannelId) -> Vec<Event> {
        let Some(channel) = self.channels.get(&room) else {
            return Vec::new();
        };
        let created = Event::RoomCreated(RoomCreated {
            guild_id: self.guild,
            channel_id: room,
            name: channel.name.clone(),
            parent_id: channel.parent_id,
            user_limit: channel.user_limit,
        });
        let joined = self
            .people(room)
            .map(|voice| Event::VoiceJoined(voice.joined(self.guild)));
        std::iter::once(created).chain(joined).collect()
    }

    /// What brings a browser's picture of a room up to date, whatever it knew before: a room in sight is taken away and told
    /// anew, since people may have left it while it was out of sight.
    pub(crate) fn correct(&self, room: ChannelId) -> Vec<Event> {
        if !self.shown.contains(&room) {
            return vec![self.gone(room, self.channels.contains_key(&room))];
        }
        let mut events = vec![self.gone(room, true)];
        events.extend(self.appeared(room));
        events
    }
}

use contracts::{
    ChannelId, Event,
    event::{RoomCreated, RoomDeleted},
    state::{AudienceChange, Changed, Channel},
};
use event_bus::{GONE_LIMIT, Position};

use super::{Mask, Picture, Sight};

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
            AudienceChange::Guild(facts) => self.facts = Some(facts.now),
            AudienceChange::Channel(Changed { now: channel, .. }) => {
                let new = !self.channels.contains_key(&channel.id);
                let id = channel.id;
                self.channels.insert(id, channel);
                self.buried.retain(|gone| gone.id != id);
                let threads = self.channels.values();
                let threads =
                    threads.filter(|other| other.is_thread() && other.parent_id == Some(id));
                let mut touched: Vec<_> = threads.map(|thread| thread.id).collect();
                touched.push(id);
                // A channel that was not known is announced by its own `room.created`, which follows.
                self.rejudge(&touched, !new, &mut shift);
            }
            AudienceChange::ChannelGone(gone) => self.bury(gone.id, &mut shift),
            AudienceChange::Role(Changed { now: role, .. }) => {
                self.roles.insert(role.id, role.permissions);
                if role.id == self.guild.everyone() && role.permissions != self.everyone {
                    self.everyone = role.permissions;
                    let all: Vec<_> = self.channels.keys().copied().collect();
                    self.rejudge(&all, true, &mut shift);
                    self.judge_buried();
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
            AudienceChange::Member(Changed { now: member, .. }) => {
                // Somebody in a room may have a new name or avatar; snapshots show it.
                if let Some(voice) = self.voice.get_mut(&member.user_id) {
                    voice.username = member.username;
                    voice.display_name = member.display_name;
                    voice.avatar = member.avatar;
                    voice.avatar_url = member.avatar_url;
                }
            }
            AudienceChange::RoleGone(role) => drop(self.roles.remove(&role.id)),
            AudienceChange::MemberGone(_) => {}
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
        self.judge_buried();
    }

    /// Judges the channels that are gone by what they were and what everybody may do now.
    fn judge_buried(&mut self) {
        let judged = self.buried.iter();
        let judged: Vec<_> = judged.map(|gone| (gone.id, self.judge(gone))).collect();
        self.sights.extend(judged);
    }

    fn judge(&self, channel: &Channel) -> Sight {
        self.judged(channel, None)
    }

    /// What @everyone may see of a channel, stored or not; with other permissions than now if given.
    pub(crate) fn judged(&self, channel: &Channel, everyone: Option<&u64>) -> Sight {
        let everyone = everyone.copied().unwrap_or(self.everyone);
        let parent = |id| {
            let gone = || self.buried.iter().find(|gone| gone.id == id);
            self.channels.get(&id).or_else(gone)
        };
        Sight::of(channel, parent, self.guild, everyone)
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
        let Some(was) = self.channels.remove(&id) else {
            return;
        };
        self.voice.retain(|_, voice| voice.channel_id != id);
        // The gateway tells of a deleted room before this entry; a room still shown would stay for ever.
        if self.shown.remove(&id) {
            shift.events.push(self.gone(id, false));
        }
        self.buried.push_back(was);
        if self.buried.len() > GONE_LIMIT
            && let Some(oldest) = self.buried.pop_front()
        {
            self.sights.remove(&oldest.id);
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

    /// What brings a browser up to date that last saw a room, or did not.
    pub(crate) fn correct(&self, room: ChannelId, seen: bool) -> Vec<Event> {
        match (seen, self.shown.contains(&room)) {
            (true, false) => vec![self.gone(room, self.channels.contains_key(&room))],
            (false, true) => self.appeared(room),
            _ => Vec::new(),
        }
    }
}

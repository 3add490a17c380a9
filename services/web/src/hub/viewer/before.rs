use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    ChannelId, EventId, GuildId, RoleId, UserId,
    state::{AudienceChange, Changed, Channel},
};
use permissions::{Ground, Permissions, Subject};

use super::super::{
    audience::{Eyes, Facts},
    picture::Picture,
};

/// What a guild was at a browser's cursor, as far as it is known to have been something else than it is now: the first word
/// about a thing says what it was.
#[derive(Debug)]
pub(super) struct Before {
    cursor: EventId,
    /// Whether the browser knew nothing of the guild.
    nothing: bool,
    /// Whether any room may have been in sight or out of it, not only those that were changed.
    any_room: bool,
    owner: Option<UserId>,
    /// Permissions of roles; `None` = there was no such role.
    roles: BTreeMap<RoleId, Option<u64>>,
    /// Rooms; `None` = there was no such room.
    rooms: BTreeMap<ChannelId, Option<Channel>>,
    member: Option<Facts>,
}

impl Before {
    /// Nothing is known to have been different at a cursor.
    pub(super) fn at(cursor: EventId) -> Self {
        Self {
            cursor,
            nothing: false,
            any_room: false,
            owner: None,
            roles: BTreeMap::new(),
            rooms: BTreeMap::new(),
            member: None,
        }
    }

    /// The browser knew nothing of the guild.
    pub(super) fn nothing() -> Self {
        Self {
            nothing: true,
            any_room: true,
            ..Self::at(EventId::ZERO)
        }
    }

    pub(super) fn cursor(&self) -> EventId {
        self.cursor
    }

    /// Takes over what this replica remembers of the user. True if there may be something to make good by now.
    pub(super) fn was(&mut self, eyes: &Eyes<'_>, cursor: EventId, upto: EventId) -> bool {
        let was = eyes.facts_at(cursor);
        let facts = was.unwrap_or(eyes.facts());
        let ended = facts.timed_out(cursor.ms) && !facts.timed_out(upto.ms);
        let differs = was.is_some() || ended;
        if let (Some(was), None) = (was, &self.member) {
            self.member = Some(was.clone());
        }
        self.any_room |= differs;
        differs
    }

    /// Notes what a replayed change says of before. True if there may be something to make good: a room that is new, gone or
    /// out of the bot's sight is told by its own event, which may be `untold` where it could not be handed out.
    pub(super) fn note(
        &mut self,
        change: &AudienceChange,
        user: UserId,
        untold: Option<ChannelId>,
    ) -> bool {
        match change {
            AudienceChange::Channel(Changed { now, was }) if now.is_room() => {
                let was = was.as_deref();
                let seen = |channel: &Channel| !channel.obfuscated;
                let vanishes = !seen(now) && was.is_some_and(seen);
                let same = was.is_some_and(|was| {
                    (&was.overwrites, was.obfuscated) == (&now.overwrites, now.obfuscated)
                });
                if same || vanishes && untold != Some(now.id) {
                    return false;
                }
                self.rooms.entry(now.id).or_insert_with(|| was.cloned());
                was.is_some()
            }
            AudienceChange::ChannelGone(was) if untold == Some(was.id) => {
                let room = self.rooms.entry(was.id);
                room.or_insert_with(|| Some(was.clone()));
                true
            }
            AudienceChange::Role(Changed { now, was }) => {
                let was = was.as_ref().map(|was| was.permissions);
                was != Some(now.permissions) && self.note_role(now.id, was)
            }
            AudienceChange::RoleGone(was) => self.note_role(was.id, Some(was.permissions)),
            AudienceChange::Guild(Changed { now, was }) => {
                let was = was.as_ref().map(|was| was.owner_id);
                let Some(was) = was.filter(|was| *was != now.owner_id) else {
                    return false;
                };
                self.owner.get_or_insert(was);
                self.any_room = true;
                was == user || now.owner_id == user
            }
            AudienceChange::Member(Changed { now, was }) if now.user_id == user => {
                let decides = |member: &contracts::state::Member| {
                    (member.roles.clone(), member.timed_out_until)
                };
                let Some(was) = was.as_ref().filter(|was| decides(was) != decides(now)) else {
                    return false;
                };
                let facts = || Facts::told(was, EventId::ZERO);
                self.member.get_or_insert_with(facts);
                self.any_room = true;
                true
            }
            _ => false,
        }
    }

    /// Whose the role is by now does not tell whose it was.
    fn note_role(&mut self, role: RoleId, was: Option<u64>) -> bool {
        self.roles.entry(role).or_insert(was);
        self.any_room = true;
        true
    }

    /// The rooms that may have been in sight or out of it.
    pub(super) fn rooms(&self, picture: &Picture) -> BTreeSet<ChannelId> {
        let open = picture.open_rooms().filter(|_| self.any_room);
        open.chain(self.rooms.keys().copied()).collect()
    }

    /// Whether a room may have come into sight or gone out of it since.
    pub(super) fn may_have_changed(&self, room: ChannelId) -> bool {
        self.any_room || self.rooms.contains_key(&room)
    }

    /// Whether there was no such room.
    pub(super) fn is_new(&self, room: ChannelId) -> bool {
        self.rooms.get(&room).is_some_and(Option::is_none)
    }

    /// Whether the browser knew a room, as far as no event told since.
    pub(super) fn saw(&self, picture: &Picture, eyes: &Eyes<'_>, room: ChannelId) -> bool {
        let then = Then {
            before: self,
            picture,
        };
        let Some(channel) = then.channel(room).filter(|_| !self.nothing) else {
            return false;
        };
        let facts = self.member.as_ref().unwrap_or(eyes.facts());
        let subject = Subject {
            user: eyes.user(),
            roles: &facts.roles,
            timed_out: facts.timed_out(self.cursor.ms),
        };
        facts.member
            && then
                .in_channel(channel, &subject)
                .contains(Permissions::VIEW_CHANNEL)
    }
}

/// The guild as it was.
struct Then<'a> {
    before: &'a Before,
    picture: &'a Picture,
}

impl Ground for Then<'_> {
    fn guild(&self) -> GuildId {
        self.picture.guild()
    }

    fn owner(&self) -> Option<UserId> {
        self.before.owner.or(self.picture.owner())
    }

    fn role(&self, role: RoleId) -> Option<u64> {
        let was = self.before.roles.get(&role).copied();
        was.unwrap_or_else(|| self.picture.role(role))
    }

    fn channel(&self, channel: ChannelId) -> Option<&Channel> {
        match self.before.rooms.get(&channel) {
            Some(was) => was.as_ref(),
            None => self.picture.channel(channel),
        }
    }
}

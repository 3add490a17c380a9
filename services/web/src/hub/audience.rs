//! Who watches a guild and what each of them may see: computed when it changes, looked up per delivery.
//!
//! People with equal sight are one class; what a class sees changes only by entries that change the audience. A person belongs
//! to one class at a time and remembers the last ones, so that what was appended before a move is judged by what was then.

mod class;
mod facts;
mod heard;
mod moves;
mod person;
mod shifts;

use std::{collections::HashMap, sync::Arc};

use contracts::{ChannelId, EventId, EventKind, UserId};
use tokio::time::Instant;

use super::{Mask, picture::Picture};
use class::Class;
pub(crate) use class::{ClassId, Key, Sight};
pub(crate) use facts::{AHEAD, Facts, LATE};
use heard::Heard;
pub(crate) use heard::{Case, Past};
pub(crate) use person::Eyes;
use person::Person;
pub(crate) use shifts::Telling;

/// Most people of one guild that a replica remembers, those included who left a moment ago. When there are more, those go who
/// left first: if they come back, they read the log.
const PERSONS: usize = 32_768;

/// Where something happened: how much had arrived on this replica, and the id of the entry.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    pub(crate) order: u64,
    pub(crate) id: EventId,
}

impl Mark {
    pub(crate) fn new(order: u64, id: EventId) -> Self {
        Self { order, id }
    }
}

/// The people of one guild on this replica, by class.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    /// Never more than there are people: who leaves a class last takes it along.
    classes: HashMap<ClassId, Class>,
    ids: HashMap<Key, ClassId>,
    persons: HashMap<UserId, Person>,
    heard: Heard,
    drawn: u64,
    /// The latest change that may have altered what somebody sees: since then every class sees what it sees now.
    changed: Mark,
}

impl Audience {
    /// Nobody, in a guild of which everything before a mark is unknown.
    pub(crate) fn since(mark: Mark) -> Self {
        Self {
            changed: mark,
            heard: Heard::since(mark.id),
            ..Self::default()
        }
    }

    /// Somebody comes, or is known better than before. False while what is known now is not in force yet: it becomes so, and
    /// is told, with the next tick.
    pub(crate) fn introduce(&mut self, case: Case<'_>) -> bool {
        let Some(person) = self.persons.get_mut(&case.user) else {
            self.welcome(case);
            return true;
        };
        person.deserted = None;
        let known = person.latest();
        let facts = if self.heard.awaits(&case, Some(known)) {
            case.said.expected(known.as_of)
        } else if known.yields_to(&case.said) {
            case.said.completed_by(&person.facts)
        } else {
            return person.pending.is_none();
        };
        let key = Key::of(case.picture, case.user, &facts, case.now);
        if self
            .classes
            .get(&person.class)
            .is_some_and(|class| class.key == key)
        {
            person.facts = facts;
            person.pending = None;
        } else {
            person.pending = Some(facts);
        }
        person.pending.is_none()
    }

    fn welcome(&mut self, case: Case<'_>) {
        if self.persons.len() >= PERSONS {
            self.forget_who_left_first();
        }
        let (picture, user, now) = (case.picture, case.user, case.now);
        let facts = self.heard.judged(case);
        let over = facts.timed_out_until.filter(|until| *until <= now);
        let over = over.map_or(EventId::ZERO, |until| EventId::new(until, 0));
        let key = Key::of(picture, user, &facts, now);
        let class = self.join_class(picture, key);
        let known = self.changed.id.max(self.heard.told(user)).max(over);
        let person = Person::new(facts, class, self.changed.order + 1, known);
        self.persons.insert(user, person);
    }

    /// Whether the log is to tell that somebody has joined whom Discord already says to be there, and has not told it here.
    pub(crate) fn is_to_tell(&self, case: &Case<'_>) -> bool {
        let person = self.persons.get(&case.user);
        self.heard.is_to_tell(case, person.map(Person::latest))
    }

    /// Whether somebody is taken for absent until the log tells it.
    pub(crate) fn awaits(&self, case: &Case<'_>) -> bool {
        let person = self.persons.get(&case.user);
        self.heard.awaits(case, person.map(Person::latest))
    }

    /// Those who watch and are not in the guild by what is known of them.
    pub(crate) fn absent(&self) -> Vec<UserId> {
        let absent = self.persons.iter();
        let absent = absent.filter(|(_, person)| !person.latest().member);
        absent.map(|(user, _)| *user).collect()
    }

    /// What came after this was heard, or looked for in the log.
    pub(crate) fn heard_since(&self) -> EventId {
        self.heard.heard_since()
    }

    /// Takes in what the log told of users before this replica listened; false if it has to be read again.
    pub(crate) fn recall(&mut self, past: Past) -> bool {
        self.heard.recall(past)
    }

    /// Whether all that is known of somebody is in force.
    pub(crate) fn is_settled(&self, user: UserId) -> bool {
        let person = self.persons.get(&user);
        person.is_none_or(|person| person.pending.is_none())
    }

    /// What is known of a user: by the log, or as Discord said.
    pub(crate) fn facts(&self, case: Case<'_>) -> Facts {
        let Some(person) = self.persons.get(&case.user) else {
            return self.heard.judged(case);
        };
        let known = person.latest();
        if self.heard.awaits(&case, Some(known)) {
            case.said.expected(known.as_of)
        } else if person.facts.yields_to(&case.said) {
            self.heard.newer(case.user, case.said)
        } else {
            person.facts.clone()
        }
    }

    /// What somebody sees.
    pub(crate) fn eyes(&self, user: UserId) -> Option<Eyes<'_>> {
        let person = self.persons.get(&user)?;
        let class = self.classes.get(&person.class)?;
        Some(Eyes {
            user,
            person,
            class,
        })
    }

    /// The classes that see a channel.
    pub(crate) fn classes_that_view(&self, channel: ChannelId) -> Arc<[ClassId]> {
        let seeing = self.classes.iter();
        let seeing = seeing.filter(|(_, class)| class.sights.sight(channel).view);
        seeing.map(|(id, _)| *id).collect()
    }

    /// Notes that what happens now is told to the classes that there are: who is not in one of them reads the log.
    pub(crate) fn mark(&mut self, mark: Mark) {
        self.changed = mark;
    }

    /// When the next time-out is over, in Unix ms.
    pub(crate) fn next_expiry(&self) -> u64 {
        let classes = &self.classes;
        let out = self.persons.values().filter(|person| {
            let class = classes.get(&person.class);
            class.is_some_and(|class| class.key.is_timed_out())
        });
        let ends = out.filter_map(|person| person.facts.timed_out_until);
        ends.min().unwrap_or(u64::MAX)
    }

    /// The guild begins anew: everybody sees what the picture says now, and nothing of before.
    pub(crate) fn begin_anew(&mut self, picture: &Picture, mark: Mark, now: u64) {
        self.changed = mark;
        self.heard.begin_anew(mark.id);
        self.classes.clear();
        self.ids.clear();
        for (user, mut person) in std::mem::take(&mut self.persons) {
            let facts = person.pending.take().unwrap_or(person.facts);
            let class = self.join_class(picture, Key::of(picture, user, &facts, now));
            let mut anew = Person::new(facts, class, mark.order + 1, mark.id);
            anew.deserted = person.deserted;
            self.persons.insert(user, anew);
        }
    }

    /// Forgets those who have not been `here` for a while.
    pub(crate) fn sweep(
        &mut self,
        here: impl Fn(UserId) -> bool,
        now: Instant,
        linger: std::time::Duration,
    ) {
        let mut over = Vec::new();
        for (user, person) in &mut self.persons {
            if here(*user) {
                person.deserted = None;
            } else if now.duration_since(*person.deserted.get_or_insert(now)) >= linger {
                over.push(*user);
            }
        }
        for user in over {
            self.forget(user);
        }
    }

    fn forget_who_left_first(&mut self) {
        let left = self.persons.iter();
        let left = left.filter_map(|(user, person)| Some((person.deserted?, *user)));
        if let Some((_, user)) = left.min() {
            self.forget(user);
        }
    }

    fn forget(&mut self, user: UserId) {
        if let Some(person) = self.persons.remove(&user) {
            self.leave_class(person.class);
        }
    }

    /// One more belongs to a class, which there is from now on at least.
    fn join_class(&mut self, picture: &Picture, key: Key) -> ClassId {
        if let Some(id) = self.ids.get(&key)
            && let Some(class) = self.classes.get_mut(id)
        {
            class.persons += 1;
            return *id;
        }
        self.drawn += 1;
        let id = ClassId(self.drawn);
        let class = Class::new(key.clone(), picture, self.changed.order + 1);
        self.classes.insert(id, class);
        self.ids.insert(key, id);
        id
    }

    fn leave_class(&mut self, id: ClassId) {
        let Some(class) = self.classes.get_mut(&id) else {
            return;
        };
        class.persons -= 1;
        if class.persons == 0
            && let Some(class) = self.classes.remove(&id)
        {
            self.ids.remove(&class.key);
        }
    }
}

/// What is written in a channel, as against the channel itself.
fn is_text(kind: Mask) -> bool {
    Mask::TEXT.meets(kind)
}

/// Whom something that was appended is for.
#[derive(Debug, Clone)]
pub(crate) enum Whom {
    /// Everybody who may see its channel; without one, every member.
    Everybody,
    /// These classes alone.
    Classes(Arc<[ClassId]>),
    /// One user alone.
    User(UserId),
}

/// What has to be known of a frame to tell who may receive it.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// Arrival number on this replica; rises over all guilds.
    pub(crate) order: u64,
    /// Which event, as a set of one; empty for a frame that nobody may see any more.
    pub(crate) mask: Mask,
    /// Where it happened.
    pub(crate) channel: Option<ChannelId>,
    /// Whom it is for.
    pub(crate) whom: Whom,
}

impl Reach {
    /// The room that it brings to a screen (true) or takes away.
    pub(crate) fn room(&self) -> Option<(ChannelId, bool)> {
        let there = self.mask == Mask::of(EventKind::RoomCreated);
        let gone = self.mask == Mask::of(EventKind::RoomDeleted);
        let room = self.channel.filter(|_| there || gone)?;
        Some((room, there))
    }

    /// The channel that has to be in sight. That a room is gone is for those who saw it, though they do not any more.
    fn channel(&self) -> Option<(ChannelId, bool)> {
        let gone = self.mask == Mask::of(EventKind::RoomDeleted);
        let channel = self.channel.filter(|_| !gone)?;
        Some((channel, is_text(self.mask)))
    }
}

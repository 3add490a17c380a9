use std::{collections::VecDeque, sync::Arc};

use contracts::{ChannelId, EventId, EventKind, UserId};
use tokio::time::Instant;

use super::{
    super::Mask,
    Facts, Reach, Whom,
    class::{Class, ClassId, Sights},
    is_text,
};

/// Moves that are remembered of a person. A stream that has not come past the oldest when one more comes reads the log.
pub(super) const PAST: usize = 8;

/// A user of a guild, shared by all streams of that user on this replica.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) facts: Facts,
    /// What is known better by now, in force with the next tick.
    pub(super) pending: Option<Facts>,
    pub(super) class: ClassId,
    /// The first arrival number at which it is this class.
    pub(super) from: u64,
    /// The classes before, the oldest first.
    pub(super) past: VecDeque<Stay>,
    /// A browser that has everything up to here finds all the rest in the ring.
    pub(super) known: EventId,
    /// Since when no stream has been open.
    pub(super) deserted: Option<Instant>,
}

/// A time in another class.
#[derive(Debug)]
pub(super) struct Stay {
    pub(super) from: u64,
    /// The last arrival number, and the id of what ended it.
    pub(super) until: u64,
    pub(super) id: EventId,
    pub(super) class: ClassId,
    /// What the class saw at its end.
    pub(super) sights: Arc<Sights>,
    pub(super) nobody: bool,
    pub(super) facts: Facts,
}

impl Person {
    pub(super) fn new(facts: Facts, class: ClassId, from: u64, known: EventId) -> Self {
        Self {
            facts,
            pending: None,
            class,
            from,
            past: VecDeque::new(),
            known,
            deserted: None,
        }
    }

    /// The latest word, in force or not.
    pub(super) fn latest(&self) -> &Facts {
        let pending = self.pending.as_ref();
        let newer = pending.filter(|pending| pending.as_of > self.facts.as_of);
        newer.unwrap_or(&self.facts)
    }

    /// Begins a stay in a class.
    pub(super) fn settle(&mut self, stay: Stay, class: ClassId, from: u64, facts: Facts) {
        self.past.push_back(stay);
        if self.past.len() > PAST
            && let Some(oldest) = self.past.pop_front()
        {
            self.known = self.known.max(oldest.id);
        }
        self.class = class;
        self.from = from;
        self.facts = facts;
        self.pending = None;
    }
}

/// A person and what it sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Eyes<'a> {
    pub(super) user: UserId,
    pub(super) person: &'a Person,
    pub(super) class: &'a Class,
}

impl Eyes<'_> {
    /// Who.
    pub(crate) fn user(&self) -> UserId {
        self.user
    }

    /// The person's class now.
    pub(crate) fn class(&self) -> ClassId {
        self.person.class
    }

    /// Whether the person was in its class already when something arrived.
    pub(crate) fn is_settled_since(&self, order: u64) -> bool {
        self.person.from <= order
    }

    /// The first arrival number of which it is known what the person may see.
    pub(crate) fn since(&self) -> u64 {
        let oldest = self.person.past.front();
        oldest.map_or(self.person.from, |stay| stay.from)
    }

    /// Whether a browser that has everything up to an id can go on in the ring.
    pub(crate) fn reach_back_to(&self, cursor: EventId) -> bool {
        cursor >= self.person.known
    }

    /// What is known of the person now.
    pub(crate) fn facts(&self) -> &Facts {
        &self.person.facts
    }

    /// What was known of the person at an id, if that was something else. Of what was before the person came here, the log tells.
    pub(crate) fn facts_at(&self, id: EventId) -> Option<&Facts> {
        let mut past = self.person.past.iter().filter(|_| self.reach_back_to(id));
        past.find(|stay| stay.id > id).map(|stay| &stay.facts)
    }

    /// Whether an event of this kind in this channel may be handed out now.
    pub(crate) fn see_now(&self, kind: EventKind, channel: Option<ChannelId>) -> bool {
        match channel {
            None => !self.class.key.is_nobody(),
            Some(channel) => {
                let text = is_text(Mask::of(kind));
                self.class.sights.sees(channel, text, u64::MAX - 1)
            }
        }
    }

    /// Whether a channel is in sight now.
    pub(crate) fn view(&self, channel: ChannelId) -> bool {
        self.class.sights.sight(channel).view
    }

    /// Whether something that was appended is for this person: it was when it came, and still is.
    pub(crate) fn see(&self, reach: &Reach) -> bool {
        let (person, class) = (self.person, self.class);
        if reach.order >= person.from {
            let seen = |(channel, text)| class.sights.sees(channel, text, reach.order);
            return self.is_meant(reach, person.class, class.key.is_nobody())
                && reach.channel().is_none_or(seen);
        }
        let mut stays = person.past.iter();
        let then = stays.find(|stay| (stay.from..=stay.until).contains(&reach.order));
        let Some(then) = then else {
            return false;
        };
        if !self.is_meant(reach, then.class, then.nobody) {
            return false;
        }
        let Some((channel, text)) = reach.channel() else {
            return !matches!(reach.whom, Whom::Everybody) || !class.key.is_nobody();
        };
        then.sights.sees(channel, text, reach.order)
            && stays.all(|stay| stay.sights.sees(channel, text, stay.from))
            && class.sights.sees(channel, text, person.from)
    }

    fn is_meant(&self, reach: &Reach, class: ClassId, nobody: bool) -> bool {
        match &reach.whom {
            Whom::Everybody => !nobody,
            Whom::Classes(classes) => classes.contains(&class),
            Whom::User(user) => *user == self.user,
        }
    }
}

use std::collections::{BTreeSet, HashMap};

use contracts::{EventId, UserId};

use super::{
    super::picture::Picture,
    facts::{AHEAD, Facts, LATE},
};

/// Most users of a guild of whom it is remembered what the log told lately. The oldest word goes first: who comes after that
/// is who Discord says, and reads the log.
const HEARD: usize = 4096;

/// What the log told lately of users, whether they watch or not.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// What came after this was heard, or looked for in the log.
    since: EventId,
    words: HashMap<UserId, (EventId, Facts)>,
    order: BTreeSet<(EventId, UserId)>,
    /// Words up to here may be forgotten, or were not in the log any more.
    forgotten: EventId,
}

impl Heard {
    /// Nothing yet of what came up to an id.
    pub(super) fn since(id: EventId) -> Self {
        Self {
            since: id,
            ..Self::default()
        }
    }

    pub(super) fn note(&mut self, user: UserId, id: EventId, facts: Facts) {
        if let Some((last, _)) = self.words.insert(user, (id, facts)) {
            self.order.remove(&(last, user));
        }
        self.order.insert((id, user));
        if self.order.len() > HEARD
            && let Some((id, user)) = self.order.pop_first()
        {
            self.forgotten = self.forgotten.max(id);
            self.words.remove(&user);
        }
    }

    /// Takes in what the log says after an id, and up to where this was heard live; later words stand. False if that has changed
    /// meanwhile: then nothing is taken in.
    pub(super) fn recall(&mut self, past: Past) -> bool {
        if self.since != past.upto {
            return false;
        }
        for (user, (id, facts)) in past.words {
            if self.words.get(&user).is_none_or(|(last, _)| *last < id) {
                self.note(user, id, facts);
            }
        }
        self.since = past.after;
        self.forgotten = self.forgotten.max(past.floor);
        true
    }

    /// What came after this was heard, or looked for in the log.
    pub(super) fn heard_since(&self) -> EventId {
        self.since
    }

    /// All that was told after this is known here.
    pub(super) fn complete_since(&self) -> EventId {
        self.since.max(self.forgotten)
    }

    /// The guild begins anew at an id: words of another log are no younger than that.
    pub(super) fn begin_anew(&mut self, id: EventId) {
        self.since = id;
        self.forgotten = self.forgotten.min(id);
        self.order.clear();
        for (user, (told, facts)) in &mut self.words {
            *told = id.min(*told);
            facts.as_of = facts.as_of.min(id.ms);
            self.order.insert((*told, *user));
        }
    }

    /// What was told last of a user.
    pub(super) fn word(&self, user: UserId) -> Option<&Facts> {
        self.words.get(&user).map(|(_, facts)| facts)
    }

    /// The id up to which somebody's facts may have changed.
    pub(super) fn told(&self, user: UserId) -> EventId {
        self.words.get(&user).map_or(self.forgotten, |(id, _)| *id)
    }

    /// Whether somebody is taken for absent until the log tells that they have joined: what is published until then happened
    /// before. Not where it may have been told already and is not known here. `known` is what is known of somebody who watches.
    pub(super) fn awaits(&self, case: &Case<'_>, known: Option<&Facts>) -> bool {
        let joined_at = case.said.joined_at.unwrap_or_default();
        let before = EventId::new(joined_at.saturating_sub(AHEAD), 0);
        self.complete_since() <= before && self.is_to_tell(case, known)
    }

    /// Whether the log is to tell that somebody has joined whom Discord already says to be there. It is not waited for longer
    /// than a joining may be late.
    pub(super) fn is_to_tell(&self, case: &Case<'_>, known: Option<&Facts>) -> bool {
        let Some(joined_at) = case.said.joined_at else {
            return false;
        };
        let mut known = [known, self.word(case.user)].into_iter().flatten();
        // Where it is not said since when joinings are told, that somebody left was told: then so will be that they are back.
        let left = known.clone().any(|known| !known.member && known.as_of > 0);
        let since = case.picture.members_since();
        let tells = since.map_or(left, |since| since <= joined_at);
        let just = case.said.as_of.max(case.now) <= joined_at.saturating_add(LATE);
        tells && just && !known.any(|known| known.tells_of_joining(joined_at))
    }

    /// What is known of somebody who does not watch.
    pub(super) fn judged(&self, case: Case<'_>) -> Facts {
        if self.awaits(&case, None) {
            let as_of = self.word(case.user).map_or(0, |told| told.as_of);
            case.said.expected(as_of)
        } else {
            self.newer(case.user, case.said)
        }
    }

    /// The newer of what was told and what was said.
    pub(super) fn newer(&self, user: UserId, said: Facts) -> Facts {
        match self.word(user) {
            Some(told) if !told.yields_to(&said) => told.clone().completed_by(&said),
            Some(told) => said.completed_by(told),
            None => said,
        }
    }
}

/// What Discord says of a user in a guild as it is now.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) picture: &'a Picture,
    pub(crate) user: UserId,
    pub(crate) said: Facts,
    /// Unix ms, as ids tell it.
    pub(crate) now: u64,
}

/// What the log says of users in a part of it.
#[derive(Debug)]
pub(crate) struct Past {
    /// It was read after this id.
    pub(crate) after: EventId,
    /// And up to this one.
    pub(crate) upto: EventId,
    /// Up to here nothing is in it any more.
    pub(crate) floor: EventId,
    /// The last word of each user.
    pub(crate) words: HashMap<UserId, (EventId, Facts)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> EventId {
        EventId::new(ms, 0)
    }

    fn word(ms: u64, member: bool) -> Facts {
        Facts {
            member,
            ..Facts::gone(EventId::new(ms, 0))
        }
    }

    #[test]
    fn the_newer_word_counts_and_what_is_forgotten_is_remembered_as_such() {
        let mut heard = Heard::default();
        let user = UserId::new(1);
        heard.note(user, id(10), word(10, false));
        assert!(!heard.newer(user, word(9, true)).member);
        assert!(heard.newer(user, word(11, true)).member);
        assert_eq!(heard.told(user), id(10));
        for other in 0..HEARD as u64 {
            let other = (UserId::new(100 + other), 11 + other);
            heard.note(other.0, id(other.1), word(11, true));
        }
        assert!(heard.newer(user, word(9, true)).member, "it is forgotten");
        assert_eq!((heard.told(user), heard.complete_since()), (id(10), id(10)));
        assert!(heard.words.len() <= HEARD && heard.order.len() <= HEARD);
    }

    #[test]
    fn what_was_read_is_known_as_far_as_it_was_there() {
        let user = UserId::new(1);
        let past = |after, upto, floor| Past {
            after: id(after),
            upto: id(upto),
            floor: id(floor),
            words: HashMap::from([(user, (id(15), word(15, false)))]),
        };
        let mut heard = Heard::since(id(20));
        assert!(!heard.recall(past(10, 19, 0)), "something is between");
        assert!(heard.word(user).is_none());
        heard.note(user, id(21), word(21, true));
        assert!(heard.recall(past(10, 20, 12)));
        assert!(heard.word(user).unwrap().member, "a later word stands");
        assert_eq!(
            (heard.heard_since(), heard.complete_since()),
            (id(10), id(12))
        );
        heard.begin_anew(id(5));
        assert_eq!((heard.complete_since(), heard.told(user)), (id(5), id(5)));
        assert_eq!(heard.word(user).unwrap().as_of, 5);
    }
}

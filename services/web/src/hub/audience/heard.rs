use std::collections::{BTreeSet, HashMap};

use contracts::{EventId, UserId};

use super::Facts;

/// Most users of a guild of whom it is remembered what the log told lately. The oldest word goes first: who comes after that
/// is who Discord says, and reads the log.
const HEARD: usize = 4096;

/// What the log told lately of users, whether they watch or not.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// All that came after this was heard, or read.
    since: EventId,
    words: HashMap<UserId, (EventId, Facts)>,
    order: BTreeSet<(EventId, UserId)>,
    /// Words up to here may be forgotten.
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

    /// Takes in a word from before this replica listened; a later one stands.
    pub(super) fn recall(&mut self, user: UserId, id: EventId, facts: Facts) {
        if self.words.get(&user).is_none_or(|(last, _)| *last < id) {
            self.note(user, id, facts);
        }
    }

    /// All that came after this is taken in.
    pub(super) fn reaches_back_to(&self) -> EventId {
        self.since
    }

    /// The log was read after an id and up to another one.
    pub(super) fn reach_back(&mut self, after: EventId, upto: EventId) {
        if self.since <= upto {
            self.since = self.since.min(after);
        }
    }

    /// The guild begins anew: who left and is back is not told by the log.
    pub(super) fn begin_anew(&mut self, id: EventId) {
        self.since = id;
        for (_, facts) in self.words.values_mut() {
            facts.forget_leaving();
        }
    }

    /// The newer of what was told and what was said, and the id up to which somebody's facts may have changed.
    pub(super) fn newer(&self, user: UserId, said: Facts) -> (Facts, EventId) {
        match self.words.get(&user) {
            Some((id, told)) if !told.yields_to(&said) => (told.clone().completed_by(&said), *id),
            Some((id, told)) => (said.completed_by(told), *id),
            None => (said, self.forgotten),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::facts::LATE, *};

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
        heard.note(user, EventId::new(10, 0), word(10, false));
        assert!(!heard.newer(user, word(9, true)).0.member);
        assert!(
            !heard.newer(user, word(11, true)).0.member,
            "not by the log"
        );
        assert!(heard.newer(user, word(11 + LATE, true)).0.member);
        assert_eq!(heard.newer(user, word(9, true)).1, EventId::new(10, 0));
        for other in 0..HEARD as u64 {
            heard.note(
                UserId::new(100 + other),
                EventId::new(11 + other, 0),
                word(11, true),
            );
        }
        let (facts, upto) = heard.newer(user, word(9, true));
        assert!(facts.member, "the word is forgotten");
        assert_eq!(upto, EventId::new(10, 0));
        heard.recall(user, EventId::new(10, 0), word(10, false));
        let (facts, _) = heard.newer(user, word(9, true));
        assert!(facts.member, "newer words are not forgotten for an old one");
        assert!(heard.words.len() <= HEARD && heard.order.len() <= HEARD);
    }

    #[test]
    fn who_left_long_ago_and_has_just_joined_comes_back_by_the_log_too() {
        let mut heard = Heard::default();
        let user = UserId::new(1);
        heard.note(user, EventId::new(10, 0), word(10, false));
        let said = |joined_at, as_of| Facts {
            joined_at: Some(joined_at),
            ..word(as_of, true)
        };
        let late = 10 * LATE;
        assert!(!heard.newer(user, said(late, late + 5)).0.member);
        assert!(heard.newer(user, said(late, late + LATE + 1)).0.member);
        heard.begin_anew(EventId::new(11, 0));
        let (facts, _) = heard.newer(user, said(late, late + 5));
        assert!(facts.member, "the log will not tell it");
    }

    #[test]
    fn what_was_read_counts_only_if_nothing_is_missing_after_it() {
        let id = |ms| EventId::new(ms, 0);
        let mut heard = Heard::since(id(20));
        heard.reach_back(id(10), id(19));
        assert_eq!(heard.reaches_back_to(), id(20));
        heard.reach_back(id(10), id(20));
        assert_eq!(heard.reaches_back_to(), id(10));
        heard.begin_anew(id(30));
        assert_eq!(heard.reaches_back_to(), id(30));
    }
}

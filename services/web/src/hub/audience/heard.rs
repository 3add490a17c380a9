use std::collections::{HashMap, VecDeque};

use contracts::{EventId, UserId};

use super::Facts;

/// Most users of a guild of whom it is remembered what the log told lately. The oldest word goes first: who comes after that
/// is who Discord says, and reads the log.
const HEARD: usize = 4096;

/// What the log told lately of users, whether they watch or not.
#[derive(Debug, Default)]
pub(super) struct Heard {
    words: HashMap<UserId, (EventId, Facts)>,
    order: VecDeque<(UserId, EventId)>,
    /// Words up to here may be forgotten.
    forgotten: EventId,
}

impl Heard {
    pub(super) fn note(&mut self, user: UserId, id: EventId, facts: Facts) {
        self.words.insert(user, (id, facts));
        self.order.push_back((user, id));
        if self.order.len() > HEARD
            && let Some((user, id)) = self.order.pop_front()
        {
            self.forgotten = self.forgotten.max(id);
            if self.words.get(&user).is_some_and(|(last, _)| *last == id) {
                self.words.remove(&user);
            }
        }
    }

    /// The guild begins anew: who left and is back is not told by the log.
    pub(super) fn begin_anew(&mut self) {
        for (_, facts) in self.words.values_mut() {
            facts.forget_leaving();
        }
    }

    /// Takes in a word from before this replica listened; a later one stands.
    pub(super) fn recall(&mut self, user: UserId, id: EventId, facts: Facts) {
        if self.words.get(&user).is_none_or(|(last, _)| *last < id) {
            self.note(user, id, facts);
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
        assert!(heard.words.len() <= HEARD && heard.order.len() <= HEARD);
    }
}

use std::collections::VecDeque;

use contracts::{EventId, state::AudienceChange};

/// Most changes that are remembered of a guild: more than come while a viewer goes from the log over to the ring. A viewer for
/// whom that was not enough begins again.
const CHANGES: usize = 64;

/// The latest changes of who may see what, the oldest first: a viewer that comes from the log has not read those that followed.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    changes: VecDeque<(EventId, AudienceChange)>,
    forgotten: EventId,
}

impl Journal {
    pub(crate) fn note(&mut self, id: EventId, change: AudienceChange) {
        self.changes.push_back((id, change));
        if self.changes.len() > CHANGES
            && let Some((oldest, _)) = self.changes.pop_front()
        {
            self.forgotten = oldest;
        }
    }

    /// The changes after an id; `None` if some of them are forgotten.
    pub(crate) fn after(&self, id: EventId) -> Option<impl Iterator<Item = &AudienceChange>> {
        let later = self.changes.iter().filter(move |(at, _)| *at > id);
        (self.forgotten <= id).then(|| later.map(|(_, change)| change))
    }
}

#[cfg(test)]
mod tests {
    use contracts::UserId;

    use super::*;

    #[test]
    fn what_is_forgotten_is_not_taken_for_nothing() {
        let (mut journal, id) = (Journal::default(), |ms| EventId::new(ms, 0));
        let all = CHANGES as u64 + 1;
        for ms in 1..=all {
            journal.note(id(ms), AudienceChange::MemberGone(UserId::new(ms)));
        }
        assert!(journal.after(id(0)).is_none());
        assert_eq!(journal.after(id(1)).unwrap().count(), CHANGES);
        assert_eq!(journal.after(id(all)).unwrap().count(), 0);
    }
}

use contracts::EventId;
use serde::Serialize;

/// What one stream must see of a plan: each place once, in order, with ids that only grow.
#[derive(Debug)]
pub(crate) struct Oracle {
    seen: Vec<u64>,
    places: usize,
    next: usize,
    last_id: Option<EventId>,
    verdict: Verdict,
}

/// What was wrong; all zero = nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) out_of_order: u64,
    pub(crate) ids_going_back: u64,
}

impl Verdict {
    /// Whether nothing was wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.out_of_order + self.ids_going_back == 0
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.out_of_order += other.out_of_order;
        self.ids_going_back += other.ids_going_back;
    }
}

impl Oracle {
    /// For a plan with so many events.
    pub(crate) fn new(count: u64) -> Self {
        let places = count as usize;
        Self {
            seen: vec![0; places.div_ceil(64)],
            places,
            next: 0,
            last_id: None,
            verdict: Verdict::default(),
        }
    }

    /// An event of the plan came. False = it came before.
    pub(crate) fn see(&mut self, place: usize, id: Option<EventId>) -> bool {
        if id.is_none() || id <= self.last_id {
            self.verdict.ids_going_back += 1;
        }
        self.last_id = self.last_id.max(id);
        let (word, bit) = (place / 64, 1 << (place % 64));
        if self.seen[word] & bit != 0 {
            self.verdict.doubled += 1;
            return false;
        }
        self.seen[word] |= bit;
        self.verdict.delivered += 1;
        if place < self.next {
            self.verdict.out_of_order += 1;
        }
        self.next = self.next.max(place + 1);
        true
    }

    /// Whether everything has come.
    pub(crate) fn complete(&self) -> bool {
        self.verdict.delivered == self.places as u64
    }

    /// The verdict: what has not come by now is lost.
    pub(crate) fn verdict(&self) -> Verdict {
        Verdict {
            lost: self.places as u64 - self.verdict.delivered,
            ..self.verdict
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(count: u64, places: &[usize]) -> Verdict {
        let mut oracle = Oracle::new(count);
        for (n, place) in places.iter().enumerate() {
            oracle.see(*place, Some(EventId::new(1, n as u64)));
        }
        assert_eq!(oracle.complete(), oracle.verdict().lost == 0);
        oracle.verdict()
    }

    #[test]
    fn everything_once_and_in_order_is_clean() {
        let all: Vec<_> = (0..130).collect();
        let verdict = judge(130, &all);
        assert_eq!((verdict.delivered, verdict.is_clean()), (130, true));
    }

    #[test]
    fn what_is_missing_is_lost() {
        let verdict = judge(5, &[0, 1, 3]);
        assert_eq!(
            (verdict.lost, verdict.doubled, verdict.out_of_order),
            (2, 0, 0)
        );
        assert!(!verdict.is_clean());
    }

    #[test]
    fn what_comes_twice_is_doubled_and_not_out_of_order() {
        let verdict = judge(3, &[0, 1, 1, 2, 0]);
        assert_eq!(
            (verdict.lost, verdict.doubled, verdict.out_of_order),
            (0, 2, 0)
        );
    }

    #[test]
    fn what_comes_late_is_out_of_order_and_not_lost() {
        let verdict = judge(4, &[0, 2, 1, 3]);
        assert_eq!(
            (verdict.lost, verdict.doubled, verdict.out_of_order),
            (0, 0, 1)
        );
    }

    #[test]
    fn ids_must_grow_and_be_there() {
        let mut oracle = Oracle::new(4);
        let ids = [
            Some(EventId::new(2, 0)),
            Some(EventId::new(1, 9)),
            None,
            Some(EventId::new(3, 0)),
        ];
        for (place, id) in ids.into_iter().enumerate() {
            oracle.see(place, id);
        }
        assert_eq!(oracle.verdict().ids_going_back, 2);
    }
}

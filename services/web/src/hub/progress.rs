use std::{fmt, str::FromStr};

use contracts::{EventId, InvalidEventId};

/// How far a browser is: the id of what it was told last, which it sends back as `Last-Event-ID`.
///
/// Mostly the id of an event, `<ms>-<n>`. While a stream catches up over a change of what its user sees, the rooms on the screen
/// are put right only at the end, when everything else was told; until then an id also names the place at which they still
/// stand, `<ms>-<n>~<ms>-<n>`. So whoever is cut off in between is told nothing twice and nothing too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Everything up to here was told, or is not for this browser.
    pub told: EventId,
    /// The rooms are shown as they came into sight and went out of it up to here; never later than `told`.
    pub rooms: EventId,
}

impl Progress {
    /// Whether the rooms are as far as everything else.
    pub(crate) fn is_even(self) -> bool {
        self.rooms == self.told
    }
}

impl From<EventId> for Progress {
    fn from(id: EventId) -> Self {
        Self {
            told: id,
            rooms: id,
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { told, rooms } = self;
        if self.is_even() {
            write!(f, "{told}")
        } else {
            write!(f, "{told}~{rooms}")
        }
    }
}

impl FromStr for Progress {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, InvalidEventId> {
        let Some((told, rooms)) = text.split_once('~') else {
            return text.parse().map(EventId::into);
        };
        let (told, rooms): (EventId, EventId) = (told.parse()?, rooms.parse()?);
        let read = Self { told, rooms };
        (rooms < told).then_some(read).ok_or(InvalidEventId)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn its_text_is_read_back(told: (u64, u64), rooms: (u64, u64)) {
            let (told, rooms) = (EventId::new(told.0, told.1), EventId::new(rooms.0, rooms.1));
            let progress = Progress { told: told.max(rooms), rooms: told.min(rooms) };
            prop_assert_eq!(progress.to_string().parse(), Ok(progress));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9~-]{0,20}") {
            if let Ok(progress) = text.parse::<Progress>() {
                prop_assert_eq!(progress.to_string().parse(), Ok(progress));
            }
        }
    }

    #[test]
    fn rooms_are_never_ahead() {
        for text in ["1-0~1-0", "1-0~2-0", "1-0~", "~1-0", "2-0~1-0~0-0", "2-0~x"] {
            assert_eq!(text.parse::<Progress>(), Err(InvalidEventId), "{text}");
        }
    }
}

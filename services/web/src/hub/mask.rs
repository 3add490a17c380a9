use contracts::EventKind;

/// A set of events: one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mask(u32);

impl Mask {
    /// How many events a set can tell apart.
    pub const KINDS: usize = u32::BITS as usize;

    /// No event.
    pub const NONE: Self = Self(0);

    /// What a stream carries that does not choose: the picture of the rooms, and what is missing from it.
    pub const DEFAULT: Self = Self::of(EventKind::VoiceJoined)
        .and(EventKind::VoiceLeft)
        .and(EventKind::VoiceUpdated)
        .and(EventKind::RoomCreated)
        .and(EventKind::RoomUpdated)
        .and(EventKind::RoomDeleted)
        .and(EventKind::Gap);

    /// What tells of the text in a channel rather than of the channel.
    pub const TEXT: Self = Self::of(EventKind::MessageCreated)
        .and(EventKind::MessageUpdated)
        .and(EventKind::MessageDeleted)
        .and(EventKind::ReactionAdded)
        .and(EventKind::ReactionRemoved)
        .and(EventKind::ReactionCleared)
        .and(EventKind::TypingStarted);

    /// What nobody receives any more of a channel that went out of sight: all but the event which tells of that.
    pub const OUT_OF_SIGHT: Self = Self(!Self::of(EventKind::RoomDeleted).0);

    /// The set of one event.
    pub const fn of(kind: EventKind) -> Self {
        Self(1 << kind as u32)
    }

    /// The set with one event more.
    #[must_use]
    pub const fn and(self, kind: EventKind) -> Self {
        self.union(Self::of(kind))
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share an event.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The events as numbers below [`Mask::KINDS`].
    pub fn numbers(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let number = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (number < Self::KINDS).then_some(number)
        })
    }

    /// Adds a name (`voice.joined`) or a family (`voice.*`); false if there is no such event.
    #[must_use]
    pub fn add(&mut self, name: &str) -> bool {
        if let Some(family) = name
            .strip_suffix('*')
            .filter(|family| family.ends_with('.'))
        {
            let members = EventKind::ALL
                .iter()
                .filter(|kind| kind.name().starts_with(family));
            let found = members.fold(Self::NONE, |mask, kind| mask.and(*kind));
            *self = self.union(found);
            return found != Self::NONE;
        }
        let kind = name.parse::<EventKind>();
        if let Ok(kind) = kind {
            *self = self.and(kind);
        }
        kind.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_families_are_added_and_anything_else_is_refused() {
        let mut mask = Mask::NONE;
        assert!(mask.add("message.created") && mask.add("voice.*"));
        assert!(mask.meets(Mask::of(EventKind::MessageCreated)));
        assert!(mask.meets(Mask::of(EventKind::VoiceUpdated)));
        assert!(!mask.meets(Mask::of(EventKind::RoomCreated)));
        for name in [
            "",
            "*",
            ".*",
            "voice",
            "voice*",
            "Voice.joined",
            "nothing.*",
            "reset",
        ] {
            let mut none = Mask::NONE;
            assert!(!none.add(name) && none == Mask::NONE, "{name}");
        }
    }

    #[test]
    fn every_event_has_a_bit_of_its_own() {
        let all = EventKind::ALL.iter().fold(0u32, |sum, kind| {
            let Mask(bit) = Mask::of(*kind);
            assert_eq!(sum & bit, 0, "{kind}");
            assert_eq!(
                Mask::of(*kind).numbers().collect::<Vec<_>>(),
                [*kind as usize]
            );
            sum | bit
        });
        assert_eq!(all.count_ones() as usize, EventKind::ALL.len());
    }
}

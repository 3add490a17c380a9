use std::{collections::BTreeMap, sync::Arc};

use contracts::{ChannelId, Event};

use super::{
    super::picture::{Effect, Picture},
    Audience, ClassId, Whom,
    class::Sights,
};

/// What some are told because they see more or less than before.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) whom: Whom,
    /// In this order; the last alone moves cursors on.
    pub(crate) events: Vec<Event>,
}

/// What becomes of a room on a browser's screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shift {
    /// It came into sight.
    Gained,
    /// It went out of sight.
    Lost,
    /// It is no more, and no event told so.
    Gone,
}

impl Shift {
    /// What tells of it.
    pub(super) fn events(self, picture: &Picture, room: ChannelId) -> Vec<Event> {
        match self {
            Self::Gained => picture.appeared(room),
            Self::Lost => vec![picture.vanished(room, true)],
            Self::Gone => vec![picture.vanished(room, false)],
        }
    }

    /// What became of a room that is open or has just ceased to be.
    pub(super) fn between(
        before: &Sights,
        now: &Sights,
        room: ChannelId,
        open: bool,
    ) -> Option<Self> {
        let (before, now) = (before.sight(room).view, now.sight(room).view);
        match (before, now) {
            (true, _) if !open => Some(Self::Gone),
            (true, false) => Some(Self::Lost),
            (false, true) if open => Some(Self::Gained),
            _ => None,
        }
    }
}

impl Audience {
    /// Judges the channels concerned anew for every class concerned, from an arrival number on. Classes to which the same
    /// happens are told together, so that for each of them the last event alone carries the id.
    pub(super) fn rejudge(
        &mut self,
        picture: &Picture,
        effect: &Effect,
        since: u64,
    ) -> Vec<Telling> {
        let mut groups: BTreeMap<Vec<(ChannelId, Shift)>, Vec<ClassId>> = BTreeMap::new();
        for (id, class) in &mut self.classes {
            let concerned = effect
                .role
                .is_none_or(|role| role == picture.everyone() || class.key.has(role));
            if !concerned {
                continue;
            }
            let before = Arc::clone(&class.sights);
            for channel in &effect.channels {
                let stored = picture.channel_or_gone(*channel);
                let now =
                    stored.map_or_else(Default::default, |stored| class.key.judge(picture, stored));
                if before.sight(*channel) != now {
                    Arc::make_mut(&mut class.sights).set(*channel, now, since);
                }
            }
            let rooms = effect
                .channels
                .iter()
                .filter(|room| picture.is_open(**room));
            let open = rooms.map(|room| (*room, true));
            let gone = effect.vanished.iter().map(|room| (*room, false));
            let shifts = open.chain(gone).filter_map(|(room, open)| {
                Some((room, Shift::between(&before, &class.sights, room, open)?))
            });
            let shifts: Vec<_> = shifts.collect();
            if !shifts.is_empty() {
                groups.entry(shifts).or_default().push(*id);
            }
        }
        let tellings = groups.into_iter().map(|(shifts, classes)| {
            let events = shifts.into_iter();
            Telling {
                whom: Whom::Classes(classes.into()),
                events: events
                    .flat_map(|(room, shift)| shift.events(picture, room))
                    .collect(),
            }
        });
        tellings.collect()
    }
}

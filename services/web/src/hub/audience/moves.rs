use std::sync::Arc;

use contracts::{ChannelId, UserId};

use super::{
    super::picture::{Effect, Picture, Users},
    Audience, Facts, Key, Mark, Telling, Whom,
    class::Sights,
    person::Stay,
    shifts::Shift,
};

/// Somebody who belongs to another class from now on.
struct Move {
    user: UserId,
    key: Key,
    facts: Facts,
    /// What was seen until now.
    before: Arc<Sights>,
}

impl Audience {
    /// Follows a change of the picture: what classes see, and who belongs to which. What it tells is to be appended from the
    /// mark's arrival number on, one number for each event.
    pub(crate) fn follow(
        &mut self,
        picture: &Picture,
        effect: &Effect,
        mark: Mark,
    ) -> Vec<Telling> {
        if effect.shifts {
            self.changed = mark;
        }
        let mut moves = Vec::new();
        if let Some((user, facts)) = &effect.member {
            self.heard.note(*user, mark.id, facts.clone());
            moves.extend(self.consider(picture, *user, Some(facts.clone()), mark.id.ms));
        }
        for user in self.concerned(&effect.users) {
            moves.extend(self.consider(picture, user, None, mark.id.ms));
        }
        let mut tellings = self.rejudge(picture, effect, mark.order + 1);
        let appended: usize = tellings.iter().map(|telling| telling.events.len()).sum();
        let from = mark.order + 1 + appended as u64;
        for one in moves {
            tellings.extend(self.carry_out(picture, one, mark, from, &effect.vanished));
        }
        tellings
    }

    /// Brings into force what is known by now, and ends the time-outs that are over, at an id that no entry has yet.
    pub(crate) fn settle(&mut self, picture: &Picture, mark: Mark) -> Vec<Telling> {
        let due = self.persons.iter().filter(|(_, person)| {
            person.pending.is_some() || person.facts.timed_out_until.is_some()
        });
        let mut due: Vec<_> = due
            .map(|(user, person)| (*user, person.pending.clone()))
            .collect();
        due.sort_unstable_by_key(|(user, _)| *user);
        let mut tellings = Vec::new();
        for (user, pending) in due {
            let one = self.consider(picture, user, pending, mark.id.ms);
            if let Some(person) = self.persons.get_mut(&user) {
                person.pending = None;
            }
            if let Some(one) = one {
                tellings.extend(self.carry_out(picture, one, mark, mark.order + 1, &[]));
            }
        }
        tellings
    }

    fn concerned(&self, users: &Users) -> Vec<UserId> {
        match users {
            Users::These(users) => users.clone(),
            Users::WithRole(role) => {
                let persons = self.persons.iter();
                let with = persons.filter(|(_, person)| person.facts.roles.contains(role));
                let mut with: Vec<_> = with.map(|(user, _)| *user).collect();
                with.sort_unstable();
                with
            }
        }
    }

    /// Whether somebody belongs to another class now, with these facts if they are newer.
    fn consider(
        &mut self,
        picture: &Picture,
        user: UserId,
        facts: Option<Facts>,
        now: u64,
    ) -> Option<Move> {
        let person = self.persons.get_mut(&user)?;
        // That somebody left is true in its place, however late it comes: what was said since, the log tells again.
        let left = facts.as_ref().is_some_and(|facts| !facts.member);
        let facts = match facts {
            Some(facts) if left || facts.as_of >= person.facts.as_of => {
                facts.completed_by(&person.facts)
            }
            Some(_) => return None,
            None => person.facts.clone(),
        };
        if person
            .pending
            .as_ref()
            .is_some_and(|pending| left || pending.as_of <= facts.as_of)
        {
            person.pending = None;
        }
        let key = Key::of(picture, user, &facts, now);
        let class = self.classes.get(&person.class)?;
        if class.key == key {
            person.facts = facts;
            return None;
        }
        Some(Move {
            user,
            key,
            facts,
            before: Arc::clone(&class.sights),
        })
    }

    /// Takes somebody over into another class and tells what that changes.
    fn carry_out(
        &mut self,
        picture: &Picture,
        one: Move,
        mark: Mark,
        from: u64,
        vanished: &[ChannelId],
    ) -> Option<Telling> {
        let Move {
            user,
            key,
            facts,
            before,
        } = one;
        let id = self.join_class(picture, key);
        let person = self.persons.get_mut(&user)?;
        let left = person.class;
        let stay = Stay {
            from: person.from,
            until: mark.order,
            id: mark.id,
            class: left,
            sights: Arc::clone(&before),
            nobody: self
                .classes
                .get(&left)
                .is_some_and(|class| class.key.is_nobody()),
            facts: person.facts.clone(),
        };
        let again = person.pending.take();
        person.settle(stay, id, from, facts);
        person.pending = again;
        self.leave_class(left);
        let now = &self.classes.get(&id)?.sights;
        let mut rooms: Vec<_> = picture.open_rooms().map(|room| (room, true)).collect();
        rooms.extend(vanished.iter().map(|room| (*room, false)));
        rooms.sort_unstable();
        let shifts = rooms
            .into_iter()
            .filter_map(|(room, open)| Some((room, Shift::between(&before, now, room, open)?)));
        let events: Vec<_> = shifts
            .flat_map(|(room, shift)| shift.events(picture, room))
            .collect();
        (!events.is_empty()).then_some(Telling {
            whom: Whom::User(user),
            events,
        })
    }
}

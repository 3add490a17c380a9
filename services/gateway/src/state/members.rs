use std::collections::BTreeMap;

use contracts::{UserId, state::Member};

/// How many members of a guild are remembered and stored. Who was heard of longest ago is forgotten
/// first, except people in voice; Discord names a forgotten member again at its next dispatch.
pub const MEMBER_LIMIT: usize = 10_000;

/// The members of a guild that are known, bounded.
#[derive(Debug)]
pub(crate) struct Members {
    limit: usize,
    known: BTreeMap<UserId, (u64, Member)>,
    /// Who was heard of when, the longest ago first.
    heard: BTreeMap<u64, UserId>,
    next: u64,
}

impl Members {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            known: BTreeMap::new(),
            heard: BTreeMap::new(),
            next: 0,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn member(&self, user: UserId) -> Option<&Member> {
        self.known.get(&user).map(|(_, member)| member)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.known.values().map(|(_, member)| member)
    }

    pub(crate) fn insert(&mut self, member: Member) {
        self.remove(member.user_id);
        self.heard.insert(self.next, member.user_id);
        self.known.insert(member.user_id, (self.next, member));
        self.next += 1;
    }

    pub(crate) fn remove(&mut self, user: UserId) {
        if let Some((heard, _)) = self.known.remove(&user) {
            self.heard.remove(&heard);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.heard.clear();
    }

    /// Who to forget so that the bound holds: heard of longest ago and not to be kept.
    ///
    /// Those kept count as heard of now, so that they are not looked at again and again.
    pub(crate) fn surplus(&mut self, keep: impl Fn(UserId) -> bool) -> Option<UserId> {
        if self.known.len() <= self.limit {
            return None;
        }
        for _ in 0..self.heard.len() {
            let (_, user) = self.heard.pop_first()?;
            if !keep(user) {
                // Back to where it was: the caller's removal takes it out.
                let heard = self.known.get(&user)?.0;
                self.heard.insert(heard, user);
                return Some(user);
            }
            self.heard.insert(self.next, user);
            if let Some(member) = self.known.get_mut(&user) {
                member.0 = self.next;
            }
            self.next += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: u64) -> Member {
        Member {
            user_id: UserId::new(id),
            username: format!("user{id}"),
            display_name: String::new(),
            avatar: None,
            avatar_url: String::new(),
            bot: false,
            roles: Vec::new(),
            timed_out_until: None,
            joined_at: None,
        }
    }

    #[test]
    fn who_was_heard_of_longest_ago_is_forgotten_first_but_never_somebody_to_keep() {
        let mut members = Members::new(2);
        for id in [1, 2, 3] {
            members.insert(member(id));
        }
        members.insert(member(1));
        assert_eq!(
            members.surplus(|user| user.get() == 2),
            Some(UserId::new(3))
        );
        members.remove(UserId::new(3));
        assert_eq!(members.surplus(|_| false), None);
    }

    #[test]
    fn when_all_are_to_be_kept_nobody_is_forgotten() {
        let mut members = Members::new(1);
        for id in [1, 2, 3] {
            members.insert(member(id));
        }
        assert_eq!(members.surplus(|_| true), None);
        assert_eq!(members.iter().count(), 3);
        assert_eq!(members.surplus(|_| false), Some(UserId::new(1)));
    }
}

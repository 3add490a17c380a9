use std::{collections::HashMap, sync::Arc};

use contracts::{
    ChannelId, RoleId, UserId,
    state::{Channel, OverwriteTarget},
};
use permissions::{Ground as _, Permissions, Subject};

use super::{super::picture::Picture, Facts};

/// The number of a class; never used again within a guild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClassId(pub(super) u64);

/// What makes the people of a class equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// No member (any more): sees nothing.
    Nobody,
    /// Members who see the same.
    Members {
        /// Roles that there are in the guild, in ascending order.
        roles: Arc<[RoleId]>,
        /// Who, if something in the guild is about that user.
        user: Option<UserId>,
        timed_out: bool,
    },
}

/// What may be seen of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sight {
    /// The channel itself and, of a room, the people in it.
    pub(crate) view: bool,
    /// What is written in it; a room's text needs CONNECT too.
    pub(crate) text: bool,
}

impl Sight {
    /// What somebody who has these permissions in a channel may see of it.
    pub(crate) fn by(permissions: Permissions, channel: &Channel) -> Self {
        let view = permissions.contains(Permissions::VIEW_CHANNEL);
        let connect = permissions.contains(Permissions::CONNECT);
        Self {
            view,
            text: view && (connect || !channel.is_room()),
        }
    }
}

impl Key {
    /// The key of somebody, at a time in Unix ms.
    pub(crate) fn of(picture: &Picture, user: UserId, facts: &Facts, now: u64) -> Self {
        if !facts.member {
            return Self::Nobody;
        }
        let everyone = picture.guild().everyone();
        let there = |role: &RoleId| *role != everyone && picture.role(*role).is_some();
        let roles = if facts.roles.iter().all(there) {
            Arc::clone(&facts.roles)
        } else {
            facts.roles.iter().copied().filter(there).collect()
        };
        Self::Members {
            roles,
            user: is_named(picture, user).then_some(user),
            timed_out: facts.timed_out(now),
        }
    }

    /// What this class may see of a channel by Discord's rules.
    pub(crate) fn judge(&self, picture: &Picture, channel: &Channel) -> Sight {
        let Self::Members {
            roles,
            user,
            timed_out,
        } = self
        else {
            return Sight::default();
        };
        let subject = Subject {
            user: user.unwrap_or(UserId::new(0)),
            roles,
            timed_out: *timed_out,
        };
        Sight::by(picture.in_channel(channel, &subject), channel)
    }

    /// Whether a role counts for it.
    pub(super) fn has(&self, role: RoleId) -> bool {
        matches!(self, Self::Members { roles, .. } if roles.contains(&role))
    }

    pub(super) fn is_timed_out(&self) -> bool {
        matches!(
            self,
            Self::Members {
                timed_out: true,
                ..
            }
        )
    }

    pub(super) fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }
}

/// Whether something in a guild is about one user: ownership, an overwrite, a private thread.
fn is_named(picture: &Picture, user: UserId) -> bool {
    let names = |channel: &Channel| {
        let mut overwrites = channel.overwrites.iter();
        overwrites.any(|one| one.target == OverwriteTarget::Member && one.id == user.get())
            || channel.members.binary_search(&user).is_ok()
    };
    picture.owner() == Some(user) || picture.all_channels().any(names)
}

/// People who see the same.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) key: Key,
    pub(super) sights: Arc<Sights>,
    /// How many belong to it.
    pub(super) persons: usize,
}

impl Class {
    /// A class of one, which has seen what it sees since an arrival number.
    pub(super) fn new(key: Key, picture: &Picture, since: u64) -> Self {
        let mut sights = Sights::default();
        for channel in picture.all_channels() {
            sights.set(channel.id, key.judge(picture, channel), since);
        }
        Self {
            key,
            sights: Arc::new(sights),
            persons: 1,
        }
    }
}

/// Since which arrival number a class has seen what it sees; what is not in it, it does not see.
#[derive(Debug, Clone, Default)]
pub(super) struct Sights(HashMap<ChannelId, Since>);

#[derive(Debug, Clone, Copy)]
struct Since {
    view: u64,
    /// `u64::MAX` = not at all.
    text: u64,
}

impl Sights {
    /// What is seen of a channel now.
    pub(super) fn sight(&self, channel: ChannelId) -> Sight {
        let since = self.0.get(&channel);
        since.map_or(Sight::default(), |since| Sight {
            view: true,
            text: since.text != u64::MAX,
        })
    }

    /// Whether a channel, or what is written in it, has been seen since something arrived or longer.
    pub(super) fn sees(&self, channel: ChannelId, text: bool, order: u64) -> bool {
        self.0.get(&channel).is_some_and(|since| {
            let since = if text { since.text } else { since.view };
            since <= order
        })
    }

    /// Sees so much of a channel from an arrival number on; what was seen before stays since when it was.
    pub(super) fn set(&mut self, channel: ChannelId, sight: Sight, order: u64) {
        if !sight.view {
            self.0.remove(&channel);
            return;
        }
        let text = if sight.text { order } else { u64::MAX };
        let since = self.0.entry(channel).or_insert(Since { view: order, text });
        if !sight.text || since.text == u64::MAX {
            since.text = text;
        }
    }
}

use std::sync::Arc;

use contracts::{
    EventId, RoleId, UserId,
    state::{AudienceChange, Changed, Member},
};

use crate::membership::Standing;

/// How much later than it happened a joining may be published, in ms: gateways may have been away.
pub(crate) const LATE: u64 = 300_000;

/// How far the clock of this machine, or Discord's, may be ahead of the one that ids are drawn from, in ms.
pub(crate) const AHEAD: u64 = 1_000;

/// What is known of a user in a guild, as far as it decides about sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether the user is in the guild.
    pub(crate) member: bool,
    /// Roles beside @everyone, in ascending order.
    pub(crate) roles: Arc<[RoleId]>,
    /// Unix ms until which the user is timed out.
    pub(crate) timed_out_until: Option<u64>,
    /// Unix ms when the user joined, if it is known.
    pub(crate) joined_at: Option<u64>,
    /// Unix ms when it was first known that the user is in the guild.
    pub(crate) met_at: u64,
    /// Unix ms as of which this is true: what is newer wins.
    pub(crate) as_of: u64,
}

impl Facts {
    /// As Discord said when it was asked.
    pub(crate) fn said(standing: &Standing) -> Self {
        Self {
            member: true,
            roles: sorted(&standing.roles),
            timed_out_until: standing.timed_out_until,
            joined_at: standing.joined_at,
            met_at: standing.asked_at,
            as_of: standing.asked_at,
        }
    }

    /// As the log tells.
    pub(crate) fn told(member: &Member, id: EventId) -> Self {
        Self {
            member: true,
            roles: sorted(&member.roles),
            timed_out_until: member.timed_out_until,
            joined_at: member.joined_at,
            met_at: id.ms,
            as_of: id.ms,
        }
    }

    /// What a change says of a user, if it decides about sight.
    pub(crate) fn of_change(change: &AudienceChange, id: EventId) -> Option<(UserId, Self)> {
        match change {
            AudienceChange::Member(Changed { now, was }) => {
                // An entry that tells of a new face alone repeats roles that may be old.
                let decides = was.as_ref().is_none_or(|was| {
                    (&was.roles, was.timed_out_until, was.joined_at)
                        != (&now.roles, now.timed_out_until, now.joined_at)
                });
                decides.then(|| (now.user_id, Self::told(now, id)))
            }
            AudienceChange::MemberGone(user) => Some((*user, Self::gone(id))),
            _ => None,
        }
    }

    /// The user left.
    pub(crate) fn gone(id: EventId) -> Self {
        Self {
            member: false,
            roles: [].into(),
            timed_out_until: None,
            joined_at: None,
            met_at: id.ms,
            as_of: id.ms,
        }
    }

    /// Whether what Discord said when it was asked counts against this: the newer word wins.
    pub(crate) fn yields_to(&self, said: &Self) -> bool {
        said.as_of > self.as_of
    }

    /// Whether this tells of a stay in the guild that began when Discord says.
    pub(super) fn tells_of_joining(&self, joined_at: u64) -> bool {
        self.member && self.joined_at.is_none_or(|at| at >= joined_at)
    }

    /// Somebody who is in the guild by Discord, and not yet by the log; anything that is told later than `as_of` (Unix ms) counts.
    pub(super) fn expected(self, as_of: u64) -> Self {
        Self {
            member: false,
            roles: [].into(),
            timed_out_until: None,
            joined_at: None,
            met_at: self.met_at,
            as_of,
        }
    }

    /// Takes over what an older word says and this one leaves open.
    pub(crate) fn completed_by(mut self, older: &Self) -> Self {
        if self.member && older.member {
            self.joined_at = self.joined_at.or(older.joined_at);
            self.met_at = self.met_at.min(older.met_at);
        }
        self
    }

    /// From when on the user may be told what happened, in Unix ms: since joining, or where that is not known (guests) since it
    /// was asked.
    pub(crate) fn from(&self) -> u64 {
        self.joined_at.unwrap_or(self.met_at)
    }

    /// Whether the user is timed out at a time.
    pub(crate) fn timed_out(&self, now: u64) -> bool {
        self.timed_out_until.is_some_and(|until| until > now)
    }
}

fn sorted(roles: &[RoleId]) -> Arc<[RoleId]> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    roles.into()
}

//! Who may see what: members, their roles, and Discord's rules, as plainly as they can be written down.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{Channel, Guild, Kind, Step, bits, channel, id};
use crate::oracle::sight::Sight;

/// Discord's permission bits (Discord, "Permissions").
const ADMINISTRATOR: u64 = 1 << 3;
const VIEW_CHANNEL: u64 = 1 << 10;
const CONNECT: u64 = 1 << 20;
const MANAGE_THREADS: u64 = 1 << 34;

/// The roles of those who are in the guild.
pub(super) type Members = HashMap<u64, BTreeSet<u64>>;

/// The roles of a member.
pub(super) fn roles(member: &Value) -> BTreeSet<u64> {
    let roles = member["roles"].as_array().into_iter().flatten();
    roles.filter_map(id).collect()
}

/// As browsers are told them.
fn detail(roles: &BTreeSet<u64>) -> String {
    let roles: Vec<String> = roles.iter().map(u64::to_string).collect();
    roles.join(",")
}

/// `GUILD_MEMBER_ADD`
pub(super) fn add(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let (user, roles) = (id(&data["user"]["id"])?, roles(data));
    let guild = step.guild_id;
    step.tell(Kind::MemberJoined, guild, user, detail(&roles));
    step.guild.members.insert(user, roles);
    step.guild.joins.entry(user).or_default().push(step.n);
    Some(())
}

/// `GUILD_MEMBER_UPDATE`: told if it shows. Time-outs do not, and nobody writes in rooms here, which alone they forbid to see.
pub(super) fn update(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let (user, roles) = (id(&data["user"]["id"])?, roles(data));
    let (guild, told) = (step.guild_id, detail(&roles));
    let same = step.guild.members.get(&user) == Some(&roles);
    step.guild.members.insert(user, roles);
    step.push(Kind::MemberUpdated, guild, user, told, None, same);
    Some(())
}

/// `GUILD_MEMBER_REMOVE`
pub(super) fn remove(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let user = id(&data["user"]["id"])?;
    let (guild, n) = (step.guild_id, step.n);
    step.tell(Kind::MemberLeft, guild, user, String::new());
    step.guild.members.remove(&user);
    step.guild.kicks.entry(user).or_insert(n);
    for thread in step.guild.inside.values_mut() {
        thread.remove(&user);
    }
    Some(())
}

/// `GUILD_ROLE_*`
pub(super) fn role(step: &mut Step<'_>, data: &Value) -> Option<()> {
    if let Some(gone) = id(&data["role_id"]) {
        step.guild.roles.remove(&gone);
        // Nothing is told of it: the next dispatch of a member says so in passing.
        for roles in step.guild.members.values_mut() {
            roles.remove(&gone);
        }
        return Some(());
    }
    let role = &data["role"];
    let permissions = bits(&role["permissions"]);
    step.guild.roles.insert(id(&role["id"])?, permissions);
    Some(())
}

/// `THREAD_MEMBERS_UPDATE`, of a private thread.
pub(super) fn thread(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let thread = id(&data["id"])?;
    let Some(inside) = step.guild.inside.get_mut(&thread) else {
        return Some(());
    };
    let gone = data["removed_member_ids"].as_array().into_iter().flatten();
    for user in gone {
        inside.remove(&id(user)?);
    }
    let added = data["added_members"].as_array().into_iter().flatten();
    for member in added {
        inside.insert(id(&member["user_id"])?);
    }
    Some(())
}

impl Guild {
    /// What a member sees of a channel, be it there or gone; whoever is no member sees nothing.
    pub(super) fn sight(&self, user: u64, channel: u64) -> Sight {
        let Some(state) = self.channel(channel) else {
            return Sight::default();
        };
        if !state.is_thread() {
            let bits = self.permissions(user, state);
            let view = bits & VIEW_CHANNEL != 0;
            let text = view && (!state.is_room() || bits & CONNECT != 0);
            return Sight { view, text };
        }
        let parent = state.parent.and_then(|parent| self.channel(parent));
        let Some(parent) = parent.filter(|parent| !parent.is_thread()) else {
            return Sight::default();
        };
        let bits = self.permissions(user, parent);
        let inside = self.inside.get(&channel);
        let inside = state.kind != channel::PRIVATE_THREAD
            || bits & MANAGE_THREADS != 0
            || inside.is_some_and(|inside| inside.contains(&user));
        let view = inside && bits & VIEW_CHANNEL != 0;
        Sight { view, text: view }
    }

    /// What a member may do in a channel that is no thread.
    fn permissions(&self, user: u64, channel: &Channel) -> u64 {
        let Some(roles) = self.members.get(&user).filter(|_| !channel.hidden) else {
            return 0;
        };
        if self.owner == user {
            return u64::MAX;
        }
        let roles: Vec<u64> = (roles.iter().copied())
            .filter(|role| self.roles.contains_key(role))
            .collect();
        let everyone = self.id;
        let mut bits = 0;
        for role in roles.iter().chain([&everyone]) {
            bits |= self.roles.get(role).copied().unwrap_or_default();
        }
        if bits & ADMINISTRATOR != 0 {
            return u64::MAX;
        }
        let (allow, deny) = channel
            .overwrites
            .get(&everyone)
            .copied()
            .unwrap_or_default();
        bits = bits & !deny | allow;
        let (mut allowed, mut denied) = (0, 0);
        for role in &roles {
            let (allow, deny) = channel.overwrites.get(role).copied().unwrap_or_default();
            allowed |= allow;
            denied |= deny;
        }
        bits = bits & !denied | allowed;
        let (allow, deny) = channel.overwrites.get(&user).copied().unwrap_or_default();
        bits & !deny | allow
    }

    fn channel(&self, id: u64) -> Option<&Channel> {
        self.channels.get(&id).or_else(|| self.gone.get(&id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: u64 = VIEW_CHANNEL | CONNECT;

    /// A guild (1) with the role 2, which somebody (7) has, and a room (20) and a private thread (30) in a text channel (10).
    fn guild(everyone: u64, role: u64, overwrites: &[(u64, (u64, u64))]) -> Guild {
        let channel = |kind, parent| Channel {
            kind,
            parent,
            overwrites: overwrites.iter().copied().collect(),
            ..Channel::default()
        };
        Guild {
            id: 1,
            owner: 9,
            roles: [(1, everyone), (2, role)].into(),
            members: [(7, [2].into()), (8, [].into()), (9, [].into())].into(),
            channels: [
                (10, channel(0, None)),
                (20, channel(2, None)),
                (30, channel(channel::PRIVATE_THREAD, Some(10))),
            ]
            .into(),
            inside: [(30, [8].into())].into(),
            ..Guild::default()
        }
    }

    /// What 7, 8, 9 and a stranger see of a channel: nothing, the channel alone, or its text too.
    fn seen(guild: &Guild, channel: u64) -> [u8; 4] {
        [7, 8, 9, 6].map(|user| {
            let sight = guild.sight(user, channel);
            u8::from(sight.view) + u8::from(sight.text)
        })
    }

    #[test]
    fn permissions_follow_discords_rules() {
        let shut = (1, (0, BOTH));
        assert_eq!(seen(&guild(BOTH, 0, &[]), 20), [2, 2, 2, 0]);
        assert_eq!(seen(&guild(0, BOTH, &[]), 20), [2, 0, 2, 0]);
        assert_eq!(seen(&guild(BOTH, 0, &[shut]), 20), [0, 0, 2, 0]);
        assert_eq!(seen(&guild(BOTH, ADMINISTRATOR, &[shut]), 20), [2, 0, 2, 0]);
        assert_eq!(
            seen(&guild(BOTH, 0, &[shut, (2, (BOTH, 0))]), 20),
            [2, 0, 2, 0]
        );
        assert_eq!(
            seen(&guild(BOTH, 0, &[shut, (8, (BOTH, 0))]), 20),
            [0, 2, 2, 0]
        );
        let both = [(2, (BOTH, 0)), (7, (0, VIEW_CHANNEL))];
        assert_eq!(seen(&guild(BOTH, 0, &both), 20), [0, 2, 2, 0]);
        let quiet = guild(BOTH, 0, &[(1, (0, CONNECT))]);
        assert_eq!(
            (seen(&quiet, 20), seen(&quiet, 10)),
            ([1, 1, 2, 0], [2, 2, 2, 0])
        );
    }

    #[test]
    fn a_private_thread_is_for_those_inside_who_see_its_channel() {
        assert_eq!(seen(&guild(BOTH, 0, &[]), 30), [0, 2, 2, 0]);
        assert_eq!(seen(&guild(BOTH, MANAGE_THREADS, &[]), 30), [2, 2, 2, 0]);
        assert_eq!(seen(&guild(BOTH, 0, &[(1, (0, BOTH))]), 30), [0, 0, 2, 0]);
    }

    #[test]
    fn a_role_that_is_gone_opens_nothing() {
        let mut guild = guild(BOTH, 0, &[(1, (0, BOTH)), (2, (BOTH, 0))]);
        assert_eq!(seen(&guild, 10), [2, 0, 2, 0]);
        guild.roles.remove(&2);
        assert_eq!(seen(&guild, 10), [0, 0, 2, 0]);
    }
}

//! What a replica knows that follows the entries of the log: who may see what.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    ChannelId, RoleId, UserId,
    state::{AudienceChange, Channel, Guild, Member, Role},
};
use discord::Event;
use event_bus::{Change, NewEntry, StateOp};
use gateway::state::GuildState;

/// Everything that decides who may see what, as far as it was told.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    facts: Option<Guild>,
    channels: BTreeMap<ChannelId, Channel>,
    roles: BTreeMap<RoleId, Role>,
    members: BTreeMap<UserId, Member>,
    /// Followed from Discord's dispatches instead of the log.
    pub(crate) threads: Threads,
}

/// Of a member what decides.
fn decides(member: &Member) -> (UserId, &[RoleId], Option<u64>, Option<u64>) {
    let (roles, until) = (&member.roles, member.timed_out_until);
    (member.user_id, roles, until, member.joined_at)
}

impl Audience {
    /// Believes a change; fails if what it says was there before was not.
    pub(crate) fn follow(&mut self, change: &Change) -> Result<(), String> {
        if change.reseed {
            let threads = std::mem::take(&mut self.threads);
            *self = Self {
                threads,
                ..Self::default()
            };
            for op in &change.state {
                self.take_over(op);
            }
            return Ok(());
        }
        for entry in &change.entries {
            let NewEntry::Audience(told) = entry else {
                continue;
            };
            let honest = match told.clone() {
                AudienceChange::Guild(new) => {
                    self.facts.replace(new.now) == new.was.map(|was| *was)
                }
                AudienceChange::Channel(new) => {
                    let was = self.channels.insert(new.now.id, new.now);
                    was == new.was.map(|was| *was)
                }
                AudienceChange::ChannelGone(gone) => self.channels.remove(&gone.id) == Some(gone),
                AudienceChange::Role(new) => {
                    let was = self.roles.insert(new.now.id, new.now);
                    was == new.was.map(|was| *was)
                }
                AudienceChange::RoleGone(gone) => self.roles.remove(&gone.id) == Some(gone),
                AudienceChange::Member(new) => {
                    let was = self.members.insert(new.now.user_id, new.now);
                    // Whoever was forgotten meanwhile was nothing before.
                    let said = new.was.as_deref();
                    said.is_none() || was.as_ref().map(decides) == said.map(decides)
                }
                AudienceChange::MemberGone(gone) => {
                    self.members.remove(&gone);
                    true
                }
                AudienceChange::GuildGone => {
                    *self = Self::default();
                    true
                }
            };
            if !honest {
                return Err(format!("that was not there before: {told:?}"));
            }
        }
        Ok(())
    }

    fn take_over(&mut self, op: &StateOp) {
        match op.clone() {
            StateOp::SetGuild(facts) => self.facts = Some(facts),
            StateOp::SetChannel(channel) => {
                self.channels.insert(channel.id, channel);
            }
            StateOp::SetRole(role) => {
                self.roles.insert(role.id, role);
            }
            StateOp::SetMember(member) => {
                self.members.insert(member.user_id, member);
            }
            _ => {}
        }
    }

    /// Fails unless what was told is what the gateway knows, and the threads' members are those
    /// that Discord named.
    pub(crate) fn is_the_state(&self, state: Option<&GuildState>) -> Result<(), String> {
        let Some(state) = state else {
            let nothing = self.facts.is_none() && self.channels.is_empty();
            return nothing
                .then_some(())
                .ok_or_else(|| format!("left over: {self:?}"));
        };
        let channels: Vec<&Channel> = state.channels().collect();
        let roles: Vec<&Role> = state.roles().collect();
        let same = self.facts.as_ref() == Some(state.guild())
            && self.channels.values().collect::<Vec<_>>() == channels
            && self.roles.values().collect::<Vec<_>>() == roles;
        if !same {
            return Err(format!("told {self:?}, but {channels:?}, {roles:?}"));
        }
        for member in state.members() {
            let told = self.members.get(&member.user_id);
            if told.map(decides) != Some(decides(member)) {
                return Err(format!("told {told:?}, but {member:?}"));
            }
        }
        for thread in state.channels().filter(|thread| thread.kind == 12) {
            let named = self.threads.0.get(&thread.id).cloned().unwrap_or_default();
            if !thread.members.iter().eq(&named) {
                return Err(format!("{thread:?} has the members {named:?}"));
            }
        }
        Ok(())
    }
}

/// Who is in the private threads, kept as simply as can be.
#[derive(Debug, Default)]
pub(crate) struct Threads(BTreeMap<ChannelId, BTreeSet<UserId>>);

impl Threads {
    /// Something happened in the guild.
    pub(crate) fn happen(&mut self, event: &Event) {
        match event {
            Event::ThreadCreate(thread) | Event::ThreadUpdate(thread) => {
                let archived = thread.thread_metadata.as_ref();
                if archived.is_some_and(|thread| thread.archived) {
                    self.0.remove(&thread.id);
                    return;
                }
                let members = self.0.entry(thread.id).or_default();
                members.extend(thread.owner_id.filter(|_| thread.newly_created));
            }
            Event::ThreadMembersUpdate(update) => {
                let Some(members) = self.0.get_mut(&update.id) else {
                    return;
                };
                for gone in &update.removed_member_ids {
                    members.remove(gone);
                }
                members.extend(
                    update
                        .added_members
                        .iter()
                        .filter_map(|member| member.user_id),
                );
            }
            Event::MemberRemove(gone) => {
                for members in self.0.values_mut() {
                    members.remove(&gone.user.id);
                }
            }
            // No snapshot of the small world lists a thread: a channel that goes takes them along.
            Event::GuildCreate(discord::model::GuildCreate::Available(_)) => self.0.clear(),
            Event::GuildDelete(gone) if !gone.unavailable => self.0.clear(),
            Event::ChannelDelete(channel) if channel.id == ChannelId::new(100) => self.0.clear(),
            _ => {}
        }
    }
}

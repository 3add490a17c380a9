use std::collections::BTreeSet;

use contracts::{ChannelId, RoleId, UserId, state::Guild};
use discord::model;

use super::{Draft, channel, guild as facts, member, presence, role, thread, voice};

/// Makes a guild what a `GUILD_CREATE` says, and tells the difference.
///
/// Only what the snapshot is complete in is compared: channels, active threads, roles, voice states;
/// members only if all of them are listed. What is new comes first and what is gone last, so that
/// whoever moved is seen to leave a room that still exists.
pub(super) fn guild(draft: &mut Draft<'_>, new: &model::Guild) {
    let known = draft.state.guild();
    let new_facts = Guild {
        id: known.id,
        name: if new.name.is_empty() {
            known.name.clone()
        } else {
            new.name.clone()
        },
        icon: new.icon.clone(),
        owner_id: new.owner_id.unwrap_or(known.owner_id),
        unavailable: false,
        // Who joined before is in no dispatch that will come.
        members_since: member::told(draft).then(|| draft.received_at()),
    };
    facts::facts(draft, new_facts);
    // Where people were whom nobody saw is told anew below.
    draft.state.unseen.clear();
    roles(draft, &new.roles);
    for channel in &new.channels {
        channel::set(draft, channel::stored(channel));
    }
    for thread in &new.threads {
        thread::set(draft, thread);
    }
    members(draft, new);
    voices(draft, &new.voice_states);
    let listed: BTreeSet<ChannelId> = new
        .channels
        .iter()
        .chain(&new.threads)
        .map(|channel| channel.id)
        .collect();
    let gone: Vec<ChannelId> = draft
        .state
        .channels()
        .map(|channel| channel.id)
        .filter(|channel| !listed.contains(channel))
        .collect();
    for channel in gone {
        channel::remove(draft, channel);
    }
    for presence in &new.presences {
        presence::compare(draft, presence);
    }
}

fn roles(draft: &mut Draft<'_>, new: &[model::Role]) {
    for role in new {
        role::set(draft, role);
    }
    let listed: BTreeSet<RoleId> = new.iter().map(|role| role.id).collect();
    let gone: Vec<RoleId> = draft
        .state
        .roles()
        .map(|role| role.id)
        .filter(|role| !listed.contains(role))
        .collect();
    for role in gone {
        role::remove(draft, role);
    }
}

/// Members who are not listed in a complete list have left. One who is listed and was unknown has
/// joined only if all members were known before; else it is merely the first one hears of it.
fn members(draft: &mut Draft<'_>, new: &model::Guild) {
    let count = usize::try_from(new.member_count).unwrap_or(usize::MAX);
    let complete = count > 0 && new.members.len() >= count && count <= draft.state.member_limit();
    let was_complete = draft.state.members_complete;
    for member in &new.members {
        let user = member.user.as_ref();
        let known = user.is_some_and(|user| draft.state.member(user.id).is_some());
        match (complete, known || was_complete) {
            (true, true) => member::add(draft, member),
            (true, false) | (false, _) => member::learn(draft, user, Some(member)),
        }
    }
    if !complete {
        return;
    }
    let listed: BTreeSet<UserId> = new
        .members
        .iter()
        .filter_map(|member| Some(member.user.as_ref()?.id))
        .collect();
    let gone: Vec<UserId> = draft
        .state
        .members()
        .map(|member| member.user_id)
        .filter(|user| !listed.contains(user))
        .collect();
    for user in gone {
        member::remove(draft, user);
    }
    draft.state.members_complete = true;
}

fn voices(draft: &mut Draft<'_>, new: &[model::VoiceState]) {
    let present: BTreeSet<UserId> = (new.iter())
        .filter(|state| state.channel_id.is_some())
        .map(|state| state.user_id)
        .collect();
    let gone: Vec<UserId> = draft
        .state
        .voices()
        .map(|voice| voice.user_id)
        .filter(|user| !present.contains(user))
        .collect();
    for user in gone {
        voice::leave(draft, user, false);
    }
    for state in new {
        voice::update(draft, state);
    }
}

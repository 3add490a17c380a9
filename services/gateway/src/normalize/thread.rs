use std::collections::BTreeSet;

use contracts::{ChannelId, UserId, state};
use discord::model::{Channel, ThreadListSync, ThreadMembersUpdate};

use super::{Draft, channel};

/// How many members of a private thread are known, as many as Discord lets into one. Whoever comes
/// when it is full is shown nothing of it, as if it were not known.
const MEMBER_LIMIT: usize = 1_000;

/// `THREAD_CREATE`, `THREAD_UPDATE`. Only active threads are known: one that is archived is gone
/// until somebody writes in it again, as in Discord's own lists.
///
/// Of a private one, who was known to be in it still is: none of these dispatches lists the members.
pub(super) fn set(draft: &mut Draft<'_>, thread: &Channel) {
    if thread
        .thread_metadata
        .as_ref()
        .is_some_and(|metadata| metadata.archived)
    {
        return channel::remove(draft, thread.id);
    }
    let mut new = channel::stored(thread);
    if new.is_private_thread() {
        let known = draft.state.channel(new.id);
        new.members = known.map_or_else(Vec::new, |known| known.members.clone());
        // Whoever made it is in it then, but may have gone from one that is older.
        let maker = thread.owner_id.filter(|_| thread.newly_created);
        let bot = thread.member.as_ref().and_then(|member| member.user_id);
        enter(&mut new, maker.into_iter().chain(bot));
    }
    channel::set(draft, new);
}

/// `THREAD_MEMBERS_UPDATE`: who came into a private thread and who went. Of other threads it does
/// not matter, since their channel decides.
pub(super) fn members(draft: &mut Draft<'_>, update: &ThreadMembersUpdate) {
    let known = draft.state.channel(update.id);
    let Some(mut thread) = known.filter(|known| known.is_private_thread()).cloned() else {
        return;
    };
    thread
        .members
        .retain(|member| !update.removed_member_ids.contains(member));
    let added = update.added_members.iter();
    enter(&mut thread, added.filter_map(|member| member.user_id));
    channel::set(draft, thread);
}

/// Somebody left the guild, and with it all private threads: who comes back is not in them.
pub(super) fn leave_all(draft: &mut Draft<'_>, user: UserId) {
    let inside = draft
        .state
        .channels()
        .filter(|thread| thread.is_private_thread() && thread.members.binary_search(&user).is_ok());
    for mut thread in inside.cloned().collect::<Vec<_>>() {
        thread.members.retain(|member| *member != user);
        channel::set(draft, thread);
    }
}

/// Puts people among the members, in order and each once, as long as there is room.
fn enter(thread: &mut state::Channel, users: impl Iterator<Item = UserId>) {
    for user in users {
        if let Err(place) = thread.members.binary_search(&user)
            && thread.members.len() < MEMBER_LIMIT
        {
            thread.members.insert(place, user);
        }
    }
}

/// `THREAD_LIST_SYNC`: all active threads of some channels, or of the guild.
pub(super) fn sync(draft: &mut Draft<'_>, list: &ThreadListSync) {
    let parents: Option<BTreeSet<ChannelId>> = list
        .channel_ids
        .as_ref()
        .map(|ids| ids.iter().copied().collect());
    let concerned = |parent: Option<ChannelId>| match (&parents, parent) {
        (None, _) => true,
        (Some(parents), Some(parent)) => parents.contains(&parent),
        (Some(_), None) => false,
    };
    let listed: BTreeSet<ChannelId> = list.threads.iter().map(|thread| thread.id).collect();
    let gone: Vec<ChannelId> = draft
        .state
        .channels()
        .filter(|thread| thread.is_thread() && concerned(thread.parent_id))
        .map(|thread| thread.id)
        .filter(|thread| !listed.contains(thread))
        .collect();
    for thread in &list.threads {
        set(draft, thread);
    }
    for thread in gone {
        channel::remove(draft, thread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_takes_so_many_and_keeps_them_in_order() {
        let json = r#"{"id": "5", "kind": 12, "name": "t"}"#;
        let mut thread: state::Channel = serde_json::from_str(json).unwrap();
        let users = (1..=1_500_u64).rev().map(UserId::new);
        enter(&mut thread, users.clone().chain(users));
        assert_eq!(thread.members.len(), MEMBER_LIMIT);
        assert!(thread.members.is_sorted_by(|one, next| one < next));
        thread.members.retain(|member| member.get() != 1_500);
        enter(&mut thread, [UserId::new(1), UserId::new(2)].into_iter());
        assert_eq!(thread.members.first(), Some(&UserId::new(1)));
        assert_eq!(thread.members.len(), MEMBER_LIMIT);
    }
}

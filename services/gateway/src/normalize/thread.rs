use std::collections::BTreeSet;

use contracts::ChannelId;
use discord::model::{Channel, ThreadListSync};

use super::{Draft, channel};

/// `THREAD_CREATE`, `THREAD_UPDATE`. Only active threads are known: one that is archived is gone
/// until somebody writes in it again, as in Discord's own lists.
pub(super) fn set(draft: &mut Draft<'_>, thread: &Channel) {
    if thread
        .thread_metadata
        .as_ref()
        .is_some_and(|metadata| metadata.archived)
    {
        channel::remove(draft, thread.id);
    } else {
        channel::set(draft, channel::stored(thread));
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

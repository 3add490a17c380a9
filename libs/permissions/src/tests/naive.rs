//! The same rules a second time, bit by bit: for each bit it is asked who has the last word on it.

use contracts::state::{
    Channel, OverwriteTarget,
    OverwriteTarget::{Member, Role},
};

use super::{
    ADMINISTRATOR, CONNECT, GUILD, HISTORY, MANAGE_THREADS, OWNER, SEND, Subject, Town, VIEW,
};

pub(super) fn may(town: &Town, channel: &Channel, subject: &Subject<'_>) -> u64 {
    (0..64)
        .map(|bit| 1 << bit)
        .filter(|bit| has(town, channel, subject, *bit))
        .fold(0, |sum, bit| sum | bit)
}

/// Whether somebody has one permission in a channel or thread, what follows from other permissions included.
fn has(town: &Town, channel: &Channel, subject: &Subject<'_>, bit: u64) -> bool {
    let thread = [10, 11, 12].contains(&channel.kind);
    let place = if thread {
        let parent = town
            .channels
            .iter()
            .find(|other| Some(other.id) == channel.parent_id);
        match parent {
            Some(parent) if ![10, 11, 12].contains(&parent.kind) => parent,
            _ => return false,
        }
    } else {
        channel
    };
    if place.obfuscated {
        return false;
    }
    let left = |bit| granted(town, place, subject, bit);
    if !left(VIEW) {
        return false;
    }
    let room = place.kind == 2 || place.kind == 13;
    let usable = |bit| left(bit) && (!room || left(CONNECT) || bit == VIEW);
    if channel.kind == 12 && !usable(MANAGE_THREADS) && !channel.members.contains(&subject.user) {
        return false;
    }
    let speech = [1 << 12, 1 << 14, 1 << 15, 1 << 17].contains(&bit);
    usable(bit) && (thread || !speech || usable(SEND))
}

/// Who has the last word: the owner, an administrator's role, the time-out, the member's overwrite, those of roles, that of
/// @everyone, the roles themselves.
fn granted(town: &Town, channel: &Channel, subject: &Subject<'_>, bit: u64) -> bool {
    let exists = |id: u64| town.roles.iter().any(|(role, _)| role.get() == id);
    let held = |id: u64| subject.roles.iter().any(|role| role.get() == id);
    let mine = |id: u64| id == GUILD.get() || (held(id) && exists(id));
    let by_roles = |bit: u64| {
        let mut roles = town.roles.iter();
        roles.any(|(id, bits)| mine(id.get()) && bits & bit != 0)
    };
    if subject.user == OWNER || by_roles(ADMINISTRATOR) {
        return true;
    }
    if subject.timed_out && bit != VIEW && bit != HISTORY {
        return false;
    }
    let word = |whose: &dyn Fn(OverwriteTarget, u64) -> bool| {
        let rules = channel.overwrites.iter();
        let rules: Vec<_> = rules.filter(|rule| whose(rule.target, rule.id)).collect();
        if rules.iter().any(|rule| rule.allow & bit != 0) {
            Some(true)
        } else if rules.iter().any(|rule| rule.deny & bit != 0) {
            Some(false)
        } else {
            None
        }
    };
    word(&|target, id| target == Member && id == subject.user.get())
        .or_else(|| word(&|target, id| target == Role && id != GUILD.get() && mine(id)))
        .or_else(|| word(&|target, id| target == Role && id == GUILD.get()))
        .unwrap_or_else(|| by_roles(bit))
}

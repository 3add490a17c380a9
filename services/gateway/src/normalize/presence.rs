use contracts::{
    Event,
    event::{PresenceActivity, PresenceUpdated},
};
use discord::model::{Activity, Presence};

use super::Draft;

/// `PRESENCE_UPDATE`. It repeats itself for every client and guild of a user: what was told last is
/// remembered, and only what differs is told.
pub(super) fn update(draft: &mut Draft<'_>, presence: &Presence) {
    let now = read(presence);
    let user = presence.user.id;
    if draft.state.presences.value(user) != Some(&now) {
        tell(draft, presence, now);
    }
}

/// A presence of a `GUILD_CREATE`. One that was never told is taken up in silence: a snapshot is no
/// news, and a big guild has thousands.
pub(super) fn compare(draft: &mut Draft<'_>, presence: &Presence) {
    let now = read(presence);
    let user = presence.user.id;
    match draft.state.presences.value(user) {
        None => draft.state.presences.insert(user, now),
        Some(known) if *known != now => tell(draft, presence, now),
        Some(_) => {}
    }
}

fn tell(draft: &mut Draft<'_>, presence: &Presence, now: (String, Vec<PresenceActivity>)) {
    draft.state.presences.insert(presence.user.id, now.clone());
    let (status, activities) = now;
    let event = PresenceUpdated {
        guild_id: draft.guild_id(),
        user_id: presence.user.id,
        status,
        activities,
    };
    draft.tell(&Event::PresenceUpdated(event));
}

fn read(presence: &Presence) -> (String, Vec<PresenceActivity>) {
    let activities = presence.activities.iter().map(activity).collect();
    (presence.status.name().to_owned(), activities)
}

fn activity(activity: &Activity) -> PresenceActivity {
    PresenceActivity {
        name: activity.name.clone(),
        kind: u8::try_from(activity.kind).unwrap_or(u8::MAX),
        state: activity.state.clone(),
    }
}

use contracts::{
    Event, UserId,
    event::{MemberJoined, MemberLeft, MemberUpdated},
    state::{AudienceChange, Changed, Member},
};
use discord::{Intents, model};
use event_bus::{Change, StateOp};

use super::{Context, Draft, Moment, draft, face::Face, thread, voice};
use crate::state::Guilds;

/// `GUILD_MEMBER_ADD`; for a member that is known it is an update.
pub(super) fn add(draft: &mut Draft<'_>, member: &model::Member) {
    let Some(new) = stored(draft, member.user.as_ref(), Some(member)) else {
        return;
    };
    if draft.state.member(new.user_id).is_some() {
        return update(draft, member);
    }
    let joined = MemberJoined {
        guild_id: draft.guild_id(),
        user_id: new.user_id,
        username: new.username.clone(),
        display_name: new.display_name.clone(),
        avatar: new.avatar.clone(),
        avatar_url: new.avatar_url.clone(),
        roles: new.roles.clone(),
    };
    remember(draft, new);
    if told(draft) {
        draft.tell(&Event::MemberJoined(joined));
    }
}

/// `GUILD_MEMBER_UPDATE`.
pub(super) fn update(draft: &mut Draft<'_>, member: &model::Member) {
    let Some(new) = stored(draft, member.user.as_ref(), Some(member)) else {
        return;
    };
    replace(draft, new);
}

/// Makes a member what it is now, and tells if that shows.
fn replace(draft: &mut Draft<'_>, new: Member) {
    let shows = draft
        .state
        .member(new.user_id)
        .is_none_or(|old| Face::from(old) != Face::from(&new) || old.roles != new.roles);
    let updated = MemberUpdated {
        guild_id: draft.guild_id(),
        user_id: new.user_id,
        username: new.username.clone(),
        display_name: new.display_name.clone(),
        avatar: new.avatar.clone(),
        avatar_url: new.avatar_url.clone(),
        roles: new.roles.clone(),
    };
    remember(draft, new);
    if shows && told(draft) {
        draft.tell(&Event::MemberUpdated(updated));
    }
}

/// `GUILD_MEMBER_REMOVE`, also of somebody in voice: the voice state that Discord sends for it,
/// before or after, then changes nothing.
pub(super) fn remove(draft: &mut Draft<'_>, user: UserId) {
    voice::leave(draft, user, false);
    if told(draft) {
        let guild_id = draft.guild_id();
        draft.tell(&Event::MemberLeft(MemberLeft {
            guild_id,
            user_id: user,
        }));
    }
    draft.state.presences.remove(user);
    thread::leave_all(draft, user);
    if draft.state.member(user).is_some() {
        draft.store(StateOp::RemoveMember(user));
    }
    draft.audience(AudienceChange::MemberGone(user));
}

/// Takes up what another dispatch says of a member in passing. It is told to nobody: only Discord's
/// own member events are events.
///
/// Such a member may be partial, so a time-out or a date that is missing in it is no news.
pub(super) fn learn(
    draft: &mut Draft<'_>,
    user: Option<&model::User>,
    member: Option<&model::Member>,
) {
    let Some(mut new) = stored(draft, user, member) else {
        return;
    };
    if let Some(old) = draft.state.member(new.user_id) {
        new.timed_out_until = new.timed_out_until.or(old.timed_out_until);
    }
    remember(draft, new);
}

/// `USER_UPDATE`: the bot's own user, in every guild where its membership is known.
pub(super) fn user_update(
    user: &model::User,
    guilds: &mut Guilds,
    context: Context<'_>,
    at: Moment,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for guild in guilds.ids() {
        let Some(mut draft) = draft(guilds, guild, context, at) else {
            continue;
        };
        let Some(old) = draft.state.member(user.id) else {
            continue;
        };
        let mut new = old.clone();
        let face = Face::of(&context.rules.cdn_url, guild, user, None);
        // The name and image of the guild stay in force where there are such.
        if new.display_name == new.username {
            new.display_name = face.display_name;
        }
        if !new.avatar_url.contains("/guilds/") {
            new.avatar_url = face.avatar_url;
        }
        (new.username, new.avatar) = (face.username, face.avatar);
        replace(&mut draft, new);
        changes.extend(draft.seal());
    }
    changes
}

/// The member as it is stored; `None` if it does not say who it is.
fn stored(
    draft: &Draft<'_>,
    user: Option<&model::User>,
    member: Option<&model::Member>,
) -> Option<Member> {
    let (user, member) = (user?, member?);
    let face = Face::of(&draft.rules().cdn_url, draft.guild_id(), user, Some(member));
    let mut roles = member.roles.clone();
    roles.sort_unstable();
    roles.dedup();
    let known = draft.state.member(user.id);
    let joined_at = member.joined_at.map(model::Timestamp::unix_ms);
    Some(Member {
        user_id: user.id,
        username: face.username,
        display_name: face.display_name,
        avatar: face.avatar,
        avatar_url: face.avatar_url,
        bot: user.bot,
        roles,
        timed_out_until: member
            .communication_disabled_until
            .map(model::Timestamp::unix_ms),
        joined_at: joined_at.or(known.and_then(|known| known.joined_at)),
    })
}

/// Stores a member if anything about it is new, and its new face where it sits in a room.
///
/// Replicas hear of what decides who sees what, and of those whom they show in a room.
fn remember(draft: &mut Draft<'_>, new: Member) {
    let user = new.user_id;
    let was = draft.state.member(user).cloned();
    if was.as_ref() == Some(&new) {
        return;
    }
    let decides = was.as_ref().is_none_or(|old| {
        (&old.roles, old.timed_out_until, old.joined_at)
            != (&new.roles, new.timed_out_until, new.joined_at)
    });
    draft.store(StateOp::SetMember(new.clone()));
    let shown = voice::rename(draft, user, &Face::from(&new));
    if decides || shown {
        draft.audience(AudienceChange::Member(Changed::from(was, new)));
    }
}

/// Whether members' comings and goings are events: without the intent Discord tells them of the bot
/// alone.
pub(super) fn told(draft: &Draft<'_>) -> bool {
    draft.rules().intents.contains(Intents::GUILD_MEMBERS)
}

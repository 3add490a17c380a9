use contracts::{
    ChannelId, Event, UserId,
    event::{VoiceFlags, VoiceLeft, VoiceUpdated},
    state::Voice,
};
use discord::model::VoiceState;
use event_bus::StateOp;

use super::{Draft, face::Face, member};

/// `VOICE_STATE_UPDATE`: Discord does not say what changed, so it is compared with what was known.
pub(super) fn update(draft: &mut Draft<'_>, state: &VoiceState) {
    match state.channel_id {
        Some(channel) => {
            let voice = read(draft, state, channel);
            enter(draft, voice);
        }
        None => leave(draft, state.user_id, false),
    }
}

/// The voice state of somebody in a channel, with the best name that can be had: the dispatch's, the
/// state's, the one asked for.
pub(super) fn read(draft: &mut Draft<'_>, state: &VoiceState, channel: ChannelId) -> Voice {
    let user = state.user_id;
    let told = state.member.as_ref().filter(|member| member.user.is_some());
    let known = draft.state.member(user).is_some();
    if let Some(member) = told.or_else(|| draft.asked(user).filter(|_| !known)) {
        member::learn(draft, member.user.as_ref(), Some(member));
    }
    let face = match draft.state.member(user) {
        Some(member) => Face::from(member),
        None => Face::unknown(&draft.rules().cdn_url, user),
    };
    Voice {
        user_id: user,
        channel_id: channel,
        username: face.username,
        display_name: face.display_name,
        avatar: face.avatar,
        avatar_url: face.avatar_url,
        flags: flags(state),
    }
}

/// Somebody is in a channel. One whose room does not show is nowhere, as far as others can know.
pub(super) fn enter(draft: &mut Draft<'_>, voice: Voice) {
    let user = voice.user_id;
    if !draft.state.shows(voice.channel_id) {
        leave(draft, user, true);
        draft.state.unseen.insert(user, voice);
        return;
    }
    draft.state.unseen.remove(&user);
    let (guild_id, channel_id, flags) = (draft.guild_id(), voice.channel_id, voice.flags);
    let old = draft.state.voice(user).cloned();
    if old.as_ref() != Some(&voice) {
        draft.store(StateOp::SetVoice(voice.clone()));
    }
    match old {
        Some(old) if old.channel_id == channel_id => {
            if old.flags != flags {
                let updated = VoiceUpdated {
                    guild_id,
                    channel_id,
                    user_id: user,
                    flags,
                };
                draft.tell(&Event::VoiceUpdated(updated));
            }
            return;
        }
        Some(old) => tell_left(draft, user, old.channel_id, true),
        None => {}
    }
    draft.tell(&Event::VoiceJoined(voice.joined(guild_id)));
}

/// Somebody is in no channel any more, or (`moved`) in one that does not show.
pub(super) fn leave(draft: &mut Draft<'_>, user: UserId, moved: bool) {
    draft.state.unseen.remove(&user);
    if let Some(old) = draft.state.voice(user).map(|voice| voice.channel_id) {
        draft.store(StateOp::RemoveVoice(user));
        tell_left(draft, user, old, moved);
    }
}

/// Gives somebody in a room a new face; true if it shows. Browsers are not told here: a name is a
/// member's matter.
pub(super) fn rename(draft: &mut Draft<'_>, user: UserId, face: &Face) -> bool {
    let worn = |voice: &Voice| Voice {
        username: face.username.clone(),
        display_name: face.display_name.clone(),
        avatar: face.avatar.clone(),
        avatar_url: face.avatar_url.clone(),
        ..voice.clone()
    };
    if let Some(voice) = draft.state.unseen.get_mut(&user) {
        *voice = worn(voice);
    }
    let Some(old) = draft.state.voice(user) else {
        return false;
    };
    let new = worn(old);
    let shows = *old != new;
    if shows {
        draft.store(StateOp::SetVoice(new));
    }
    shows
}

fn tell_left(draft: &mut Draft<'_>, user: UserId, from: ChannelId, moved: bool) {
    let at = draft.received_at();
    draft.state.left.insert(from, at);
    let guild_id = draft.guild_id();
    draft.tell(&Event::VoiceLeft(VoiceLeft {
        guild_id,
        channel_id: None,
        user_id: user,
        previous_channel_id: Some(from),
        moved,
    }));
}

fn flags(state: &VoiceState) -> VoiceFlags {
    VoiceFlags {
        mute: state.mute,
        deaf: state.deaf,
        self_mute: state.self_mute,
        self_deaf: state.self_deaf,
        stream: state.self_stream,
        video: state.self_video,
        suppress: state.suppress,
    }
}

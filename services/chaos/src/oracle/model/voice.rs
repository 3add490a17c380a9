//! People in rooms.

use serde_json::Value;

use super::{Kind, Step, id};
use crate::oracle::payload::flags;

/// Discord's names of the flags that browsers are told.
const FLAGS: [&str; 7] = [
    "mute",
    "deaf",
    "self_mute",
    "self_deaf",
    "self_stream",
    "self_video",
    "suppress",
];

/// The flags of a voice state.
pub(super) fn flags_of(state: &Value) -> String {
    flags(state, FLAGS)
}

/// `VOICE_STATE_UPDATE`: somebody came, went, moved or changed. `None` = it can't be read.
pub(super) fn update(step: &mut Step<'_>, state: &Value) -> Option<()> {
    let user = id(&state["user_id"])?;
    let old = step.guild.voice.get(&user).cloned();
    if state["channel_id"].is_null() {
        leave(step, user, false);
        return Some(());
    }
    let (room, flags) = (id(&state["channel_id"])?, flags_of(state));
    step.guild.voice.insert(user, (room, flags.clone()));
    match old {
        Some((there, before)) if there == room => {
            if before != flags && step.guild.shows(room) {
                step.tell(Kind::VoiceUpdated, room, user, flags);
            }
            return Some(());
        }
        Some((there, _)) if step.guild.shows(there) => {
            step.tell(Kind::VoiceLeft, there, user, "moved true".to_owned());
        }
        _ => {}
    }
    if step.guild.shows(room) {
        let name = state["member"]["user"]["username"].as_str()?;
        step.tell(Kind::VoiceJoined, room, user, format!("{name} {flags}"));
    }
    Some(())
}

/// `GUILD_MEMBER_REMOVE`: whoever is not in the guild is in none of its rooms.
pub(super) fn gone(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let user = id(&data["user"]["id"])?;
    leave(step, user, false);
    Some(())
}

/// Somebody is in no room any more.
pub(super) fn leave(step: &mut Step<'_>, user: u64, moved: bool) {
    if let Some((there, _)) = step.guild.voice.remove(&user)
        && step.guild.shows(there)
    {
        step.tell(Kind::VoiceLeft, there, user, format!("moved {moved}"));
    }
}

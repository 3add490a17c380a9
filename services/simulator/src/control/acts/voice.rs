//! People in voice channels.

use serde_json::json;

use super::Done;
use crate::{
    control::ask::Ask,
    world::{Refusal, VoicePatch, World},
};

/// `user` enters `channel`.
pub(in crate::control) fn join(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let (user, channel) = (
        ask.user(world)?,
        ask.channel_in(world, guild, "channel", true)?,
    );
    let changed = world.join(guild, user, channel)?;
    Ok(json!({ "guild": guild, "channel": channel, "user": user, "changed": changed }))
}

/// `user`, who is in voice, goes to `channel`.
pub(in crate::control) fn shift(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, user) = (ask.guild(world)?, ask.user(world)?);
    if !world.guild(guild)?.voice.contains_key(&user) {
        return Err(Refusal::not_in_voice().into());
    }
    join(world, ask)
}

/// `user` leaves voice.
pub(in crate::control) fn leave(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, user) = (ask.guild(world)?, ask.user(world)?);
    let changed = world.leave(guild, user)?;
    Ok(json!({ "guild": guild, "user": user, "changed": changed }))
}

/// Voice flags of `user`; `self_mute: true` if none is named.
pub(in crate::control) fn mute(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, user) = (ask.guild(world)?, ask.user(world)?);
    let mut patch = VoicePatch {
        mute: ask.flag("mute")?,
        deaf: ask.flag("deaf")?,
        self_mute: ask.flag("self_mute")?,
        self_deaf: ask.flag("self_deaf")?,
        self_stream: ask.flag("self_stream")?,
        self_video: ask.flag("self_video")?,
        suppress: ask.flag("suppress")?,
        request_to_speak: ask.flag("request_to_speak")?,
    };
    let named = [
        "mute",
        "deaf",
        "self_mute",
        "self_deaf",
        "self_stream",
        "self_video",
        "suppress",
        "request_to_speak",
    ];
    if !named.iter().any(|flag| ask.0.contains_key(*flag)) {
        patch.self_mute = Some(true);
    }
    let changed = world.edit_voice(guild, user, patch)?;
    Ok(json!({ "guild": guild, "user": user, "changed": changed }))
}

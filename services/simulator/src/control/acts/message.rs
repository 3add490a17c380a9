//! Messages, reactions, typing.

use serde_json::json;

use super::Done;
use crate::{
    control::{
        ControlError,
        ask::{Ask, author},
    },
    world::{Author, Draft, Emoji, Id, World},
};

fn place(world: &World, ask: Ask<'_>) -> Result<(Id, Id), ControlError> {
    let guild = ask.guild(world)?;
    Ok((guild, ask.channel_in(world, guild, "channel", false)?))
}

fn emoji(ask: Ask<'_>) -> Result<Emoji, ControlError> {
    let text = ask.text("emoji")?.unwrap_or_else(|| "🔥".to_owned());
    Emoji::parse(&text).map_err(|_| ControlError::invalid("emoji", format!("`{text}` is no emoji")))
}

/// `user` writes `content` (and `mark`) in `channel`; `reply` names a message.
pub(in crate::control) fn post(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    let user = ask.user(world)?;
    let mut draft = Draft::text(Author::User(user), ask.content()?);
    draft.reference = ask.text("reply")?.and_then(|id| id.parse().ok());
    let message = world.post(channel, draft)?;
    Ok(
        json!({ "guild": guild, "channel": channel, "user": user, "message": message, "id": message }),
    )
}

/// `message` (or the newest) gets another `content`.
pub(in crate::control) fn edit(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    let message = ask.message(world, channel)?;
    world.edit_message(channel, message, Some(ask.content()?), None)?;
    Ok(json!({ "guild": guild, "channel": channel, "message": message }))
}

/// `message` (or the newest) goes, or the `count` newest at once.
pub(in crate::control) fn delete(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    if let Some(count) = ask.number("count")? {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let ids: Vec<Id> = world
            .channel(channel)?
            .1
            .messages
            .keys()
            .rev()
            .take(count)
            .copied()
            .collect();
        world.delete_messages(channel, &ids)?;
        return Ok(json!({ "guild": guild, "channel": channel, "messages": ids }));
    }
    let message = ask.message(world, channel)?;
    world.delete_message(channel, message)?;
    Ok(json!({ "guild": guild, "channel": channel, "message": message }))
}

/// `message` (or the newest) is pinned; `remove: true` unpins it.
pub(in crate::control) fn pin(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    let message = ask.message(world, channel)?;
    world.pin_message(channel, message, !ask.flag("remove")?.unwrap_or(false))?;
    Ok(json!({ "guild": guild, "channel": channel, "message": message }))
}

/// `user` reacts to `message` (or the newest) with `emoji`.
pub(in crate::control) fn react(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    let (user, message, emoji) = (ask.user(world)?, ask.message(world, channel)?, emoji(ask)?);
    world.react(channel, message, user, &emoji)?;
    let by = author(world.message(channel, message)?.2);
    Ok(
        json!({ "guild": guild, "channel": channel, "message": message, "user": user, "author": by }),
    )
}

/// `user` takes its `emoji` back.
pub(in crate::control) fn unreact(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    let (user, message, emoji) = (ask.user(world)?, ask.message(world, channel)?, emoji(ask)?);
    world.unreact(channel, message, user, &emoji)?;
    Ok(json!({ "guild": guild, "channel": channel, "message": message, "user": user }))
}

/// All reactions go, or all of one `emoji`.
pub(in crate::control) fn clear_reactions(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    let message = ask.message(world, channel)?;
    let only = ask.text("emoji")?.map(|_| emoji(ask)).transpose()?;
    world.clear_reactions(channel, message, only.as_ref())?;
    Ok(json!({ "guild": guild, "channel": channel, "message": message }))
}

/// `user` begins to write in `channel`.
pub(in crate::control) fn start_typing(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, channel) = place(world, ask)?;
    let user = ask.user(world)?;
    world.start_typing(channel, user)?;
    Ok(json!({ "guild": guild, "channel": channel, "user": user }))
}

//! Channels, their overwrites and threads.

use serde_json::json;

use super::{Done, guild};
use crate::{
    control::{ControlError, ask::Ask},
    world::{
        ChannelDraft, ChannelPatch, Field, Id, Overwrite, OverwriteTarget, World, kind,
        permissions as p,
    },
};

/// A channel's kind: a number or a name.
fn kind_of(ask: Ask<'_>) -> Result<u8, ControlError> {
    let Some(text) = ask.text("type")? else {
        return Ok(kind::VOICE);
    };
    Ok(match text.as_str() {
        "text" => kind::TEXT,
        "voice" => kind::VOICE,
        "category" => kind::CATEGORY,
        "announcement" => kind::ANNOUNCEMENT,
        "stage" => kind::STAGE,
        "forum" => kind::FORUM,
        number => number.parse().map_err(|_| {
            ControlError::invalid("type", format!("`{number}` is no type of channel"))
        })?,
    })
}

fn parent(world: &World, guild: Id, ask: Ask<'_>) -> Result<Option<Id>, ControlError> {
    let named = ask.text("parent")?;
    named
        .map(|_| ask.channel_in(world, guild, "parent", false))
        .transpose()
}

/// A channel `name` of `type` (voice if not said); `private: true` denies it to @everyone but not to the bot,
/// `bot: true` only gives the bot an overwrite of its own, so that it keeps its view whatever comes.
pub(in crate::control) fn create(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let channel = create_in(world, guild, ask)?;
    Ok(json!({ "guild": guild, "channel": channel, "id": channel }))
}

/// [`create`] in this guild.
pub(super) fn create_in(world: &mut World, guild: Id, ask: Ask<'_>) -> Result<Id, ControlError> {
    let mut draft = ChannelDraft::new(&ask.required("name")?, kind_of(ask)?);
    draft.parent = parent(world, guild, ask)?;
    draft.topic = ask.text("topic")?;
    draft.user_limit = ask.number("user_limit")?.unwrap_or(0);
    let bits = p::VIEW_CHANNEL | p::CONNECT;
    let (private, hidden) = (
        ask.flag("private")?.unwrap_or(false),
        ask.flag("hidden")?.unwrap_or(false),
    );
    if private || hidden {
        let target = OverwriteTarget::Role;
        draft.overwrites.push(Overwrite {
            id: guild,
            target,
            allow: 0,
            deny: bits,
        });
    }
    if (private || ask.flag("bot")?.unwrap_or(false)) && !hidden {
        let target = OverwriteTarget::Member;
        draft.overwrites.push(Overwrite {
            id: world.bot,
            target,
            allow: bits,
            deny: 0,
        });
    }
    Ok(world.create_channel(guild, draft)?)
}

/// `channel` gets another `name`, `topic`, `parent`, `user_limit`, `status` or `position`.
pub(in crate::control) fn update(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let channel = ask.channel_in(world, guild, "channel", true)?;
    let set = |text: Option<String>| text.map_or(Field::Keep, Field::Set);
    let patch = ChannelPatch {
        name: ask.text("name")?,
        topic: set(ask.text("topic")?),
        status: set(ask.text("status")?),
        parent: parent(world, guild, ask)?.map_or(Field::Keep, Field::Set),
        user_limit: ask.number("user_limit")?,
        position: ask.number("position")?,
        archived: ask.flag("archived")?,
        locked: ask.flag("locked")?,
        ..ChannelPatch::default()
    };
    world.edit_channel(channel, patch)?;
    Ok(json!({ "guild": guild, "channel": channel }))
}

/// `channel` goes, and everybody in it leaves.
pub(in crate::control) fn delete(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let channel = ask.channel_in(world, guild, "channel", true)?;
    world.delete_channel(channel)?;
    Ok(json!({ "guild": guild, "channel": channel }))
}

/// What `role` or `user` is allowed and denied in `channel`; `remove: true` takes the overwrite away.
pub(in crate::control) fn overwrite(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let channel = ask.channel_in(world, guild, "channel", true)?;
    let (id, target) = if ask.text("user")?.is_some() {
        (ask.user(world)?, OverwriteTarget::Member)
    } else if ask.text("role")?.is_some() {
        (ask.role(world, guild)?, OverwriteTarget::Role)
    } else {
        (guild, OverwriteTarget::Role)
    };
    if ask.flag("remove")?.unwrap_or(false) {
        world.delete_overwrite(channel, id)?;
    } else {
        let (allow, deny) = (ask.bits("allow")?, ask.bits("deny")?);
        world.set_overwrite(
            channel,
            Overwrite {
                id,
                target,
                allow,
                deny,
            },
        )?;
    }
    Ok(json!({ "guild": guild, "channel": channel, "overwrite": id }))
}

/// A thread `name` in `channel` by `user` (`private: true`, with `members`), or `user` into (`remove: true`: out of) `thread`.
pub(in crate::control) fn thread(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let user = ask.user(world)?;
    if ask.text("thread")?.is_some() {
        let thread = ask.channel_in(world, guild, "thread", false)?;
        let member = !ask.flag("remove")?.unwrap_or(false);
        world.set_thread_member(thread, user, member)?;
        return Ok(json!({ "guild": guild, "thread": thread, "user": user }));
    }
    let channel = ask.channel_in(world, guild, "channel", false)?;
    let private = ask.flag("private")?.unwrap_or(false);
    let members = guild::users(world, "members", &ask.texts("members")?)?;
    let name = ask.required("name")?;
    let thread = world.create_thread(channel, user, &name, private, &members)?;
    Ok(json!({ "guild": guild, "channel": channel, "thread": thread, "id": thread }))
}

//! Members, roles, presences, names.

use serde_json::json;

use super::Done;
use crate::{
    clock,
    control::{ControlError, ask::Ask},
    world::{Presence, World, is_status, playing},
};

/// `user` is `status` (online, idle, dnd, offline), perhaps playing `activity`.
pub(in crate::control) fn presence(world: &mut World, ask: Ask<'_>) -> Done {
    let user = ask.user(world)?;
    let status = ask.text("status")?.unwrap_or_else(|| "online".to_owned());
    if !is_status(&status) {
        return Err(ControlError::invalid(
            "status",
            format!("`{status}` is no status"),
        ));
    }
    let activities = ask
        .text("activity")?
        .map(|name| playing(&name))
        .into_iter()
        .collect();
    world.set_presence(user, &Presence { status, activities })?;
    Ok(json!({ "user": user }))
}

/// With `user`: gives it `role` (`remove: true` takes it). Without: `role` gets other `permissions` or another
/// `name` or goes (`remove: true`); a `name` without `role` makes a new one.
pub(in crate::control) fn role(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let removes = ask.flag("remove")?.unwrap_or(false);
    if ask.text("role")?.is_none() {
        let role = world.create_role(guild, &ask.required("name")?, ask.bits("permissions")?)?;
        return Ok(json!({ "guild": guild, "role": role, "id": role }));
    }
    let role = ask.role(world, guild)?;
    if ask.text("user")?.is_some() {
        let user = ask.user(world)?;
        world.set_member_role(guild, user, role, !removes)?;
        return Ok(json!({ "guild": guild, "role": role, "user": user }));
    }
    if removes {
        world.delete_role(guild, role)?;
    } else {
        let (name, bits) = (ask.text("name")?, ask.bits("permissions")?);
        let sets = ask.0.contains_key("permissions");
        world.edit_role(guild, role, |role| {
            role.name = name.unwrap_or_else(|| role.name.clone());
            if sets {
                role.permissions = bits;
            }
        })?;
    }
    Ok(json!({ "guild": guild, "role": role }))
}

/// `user` has to leave the guild.
pub(in crate::control) fn kick(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, user) = (ask.guild(world)?, ask.user(world)?);
    world.remove_member(guild, user)?;
    Ok(json!({ "guild": guild, "user": user }))
}

/// `user` comes into the guild, with `roles`; a `name` instead makes a new user.
pub(in crate::control) fn add(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let user = match ask.text("name")? {
        Some(name) if ask.text("user")?.is_none() => world.create_user(&name),
        _ => ask.user(world)?,
    };
    let state = world.guild(guild)?;
    let find = |name: &String| {
        let role = World::find_role(state, name);
        role.ok_or_else(|| ControlError::unknown("roles", format!("there is no role `{name}`")))
    };
    let roles = ask
        .texts("roles")?
        .iter()
        .map(find)
        .collect::<Result<Vec<_>, _>>()?;
    let changed = world.add_member(guild, user)?;
    for role in roles {
        world.set_member_role(guild, user, role, true)?;
    }
    Ok(json!({ "guild": guild, "user": user, "changed": changed }))
}

/// `user` may only look and read for `for_ms` (0 ends it).
pub(in crate::control) fn time_out(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, user) = (ask.guild(world)?, ask.user(world)?);
    let millis = ask.number("for_ms")?.unwrap_or(60_000);
    let until = (millis > 0).then(|| clock::unix_millis().saturating_add(millis));
    world.edit_member(guild, user, |member| {
        member.timed_out_until = until;
        true
    })?;
    Ok(json!({ "guild": guild, "user": user }))
}

/// `user` blocks the bot, so that it can't react to what `user` writes; `over: true` ends it.
pub(in crate::control) fn block(world: &mut World, ask: Ask<'_>) -> Done {
    let user = ask.user(world)?;
    let blocks = !ask.flag("over")?.unwrap_or(false);
    if let Some(user) = world.users.get_mut(&user) {
        user.blocks_bot = blocks;
    }
    Ok(json!({ "user": user, "blocks": blocks }))
}

/// `user` gets another `name`, `global_name`, `nick` (in the guild) or `avatar` (a hash).
pub(in crate::control) fn rename(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, user) = (ask.guild(world)?, ask.user(world)?);
    let (name, global, avatar) = (
        ask.text("name")?,
        ask.text("global_name")?,
        ask.text("avatar")?,
    );
    if let Some(nick) = ask.text("nick")? {
        world.edit_member(guild, user, |member| {
            member.nick = Some(nick).filter(|nick| !nick.is_empty());
            true
        })?;
    }
    if name.is_some() || global.is_some() || avatar.is_some() {
        world.edit_user(user, |user| {
            user.name = name.unwrap_or_else(|| user.name.clone());
            user.global_name = global.or_else(|| user.global_name.take());
            user.avatar = avatar.or_else(|| user.avatar.take());
        })?;
    }
    Ok(json!({ "guild": guild, "user": user }))
}

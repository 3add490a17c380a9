//! Whole guilds.

use serde_json::json;

use super::{Done, channel};
use crate::{
    control::{ControlError, ask::Ask},
    world::{Id, World},
};

/// The bot is removed from `guild`.
pub(in crate::control) fn remove(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    world.remove_bot(guild)?;
    Ok(json!({ "guild": guild }))
}

/// The bot comes into `guild`; a `name` instead makes a new guild first.
pub(in crate::control) fn add(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = match ask.text("name")? {
        Some(name) if ask.text("guild")?.is_none() => found(world, &name, ask)?,
        _ => ask.guild(world)?,
    };
    world.add_bot(guild)?;
    Ok(json!({ "guild": guild, "id": guild, "shard": world.shard_of(Some(guild)) }))
}

/// A guild of `owner` (nelly if not said) on `shard`, with `members`, `roles` and `channels`.
fn found(world: &mut World, name: &str, ask: Ask<'_>) -> Result<Id, ControlError> {
    let owner = match (ask.text("owner")?, ask.text("user")?) {
        (Some(owner), _) | (None, Some(owner)) => user(world, "owner", &owner)?,
        (None, None) => world.find_user("nelly").unwrap_or(world.bot),
    };
    let shard = ask.number("shard")?;
    if let Some(shard) = shard.filter(|shard| *shard >= world.shards) {
        let detail = format!("there is no shard {shard}, only {}", world.shards);
        return Err(ControlError::invalid("shard", detail));
    }
    let members = users(world, "members", &ask.texts("members")?)?;
    let roles = ask.objects("roles")?;
    let channels = ask.objects("channels")?;
    let mut holders = Vec::new();
    for role in &roles {
        holders.push(users(world, "roles", &Ask(role).texts("members")?)?);
    }
    let guild = world.found_guild(name, owner, shard)?;
    for member in members.iter().chain(holders.iter().flatten()) {
        world.add_member(guild, *member)?;
    }
    for (role, holders) in roles.iter().zip(holders) {
        let role = Ask(role);
        let id = world.create_role(guild, &role.required("name")?, role.bits("permissions")?)?;
        for holder in holders {
            world.set_member_role(guild, holder, id, true)?;
        }
    }
    for channel in channels {
        channel::create_in(world, guild, Ask(channel))?;
    }
    Ok(guild)
}

fn user(world: &World, field: &str, name: &str) -> Result<Id, ControlError> {
    world
        .find_user(name)
        .ok_or_else(|| ControlError::unknown(field, format!("there is no user `{name}`")))
}

pub(in crate::control) fn users(
    world: &World,
    field: &str,
    names: &[String],
) -> Result<Vec<Id>, ControlError> {
    names.iter().map(|name| user(world, field, name)).collect()
}

/// `guild` goes out of reach; `over: true` brings it back.
pub(in crate::control) fn outage(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    let available = ask
        .flag("over")?
        .or(ask.flag("available")?)
        .unwrap_or(false);
    world.set_available(guild, available)?;
    Ok(json!({ "guild": guild, "available": available }))
}

/// `user`, a member, owns `guild` from now on.
pub(in crate::control) fn transfer(world: &mut World, ask: Ask<'_>) -> Done {
    let (guild, user) = (ask.guild(world)?, ask.user(world)?);
    world.set_owner(guild, user)?;
    Ok(json!({ "guild": guild, "owner": user }))
}

/// `guild` gets another `name`.
pub(in crate::control) fn rename(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    world.rename_guild(guild, &ask.required("name")?)?;
    Ok(json!({ "guild": guild }))
}

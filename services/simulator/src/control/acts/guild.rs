//! Whole guilds.

use serde_json::json;

use super::Done;
use crate::{control::ask::Ask, world::World};

/// The bot is removed from `guild`.
pub(in crate::control) fn remove(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    world.remove_bot(guild)?;
    Ok(json!({ "guild": guild }))
}

/// The bot comes into `guild`; a `name` instead makes a new guild, owned by `user` (nelly if not said).
pub(in crate::control) fn add(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = match ask.text("name")? {
        Some(name) if ask.text("guild")?.is_none() => {
            let owner = match ask.text("user")? {
                Some(_) => ask.user(world)?,
                None => world.find_user("nelly").unwrap_or(world.bot),
            };
            world.found_guild(&name, owner)?
        }
        _ => ask.guild(world)?,
    };
    world.add_bot(guild)?;
    Ok(json!({ "guild": guild, "id": guild }))
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

/// `guild` gets another `name`.
pub(in crate::control) fn rename(world: &mut World, ask: Ask<'_>) -> Done {
    let guild = ask.guild(world)?;
    world.rename_guild(guild, &ask.required("name")?)?;
    Ok(json!({ "guild": guild }))
}

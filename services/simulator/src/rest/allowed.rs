//! What the bot is allowed to do with something that it names.

use crate::world::{Channel, Guild, Id, Refusal, World, permissions as p};

/// A guild of the bot, if it has these permissions there.
pub(super) fn guild(world: &World, guild: Id, bits: u64) -> Result<&Guild, Refusal> {
    let found = world.guild(guild)?;
    if !found.members.contains_key(&world.bot) {
        return Err(Refusal::missing_access());
    }
    if !found.available {
        return Err(Refusal::new(503, 0, "Guild is unavailable"));
    }
    if p::in_guild(found, world.bot) & bits != bits {
        return Err(Refusal::missing_permissions());
    }
    Ok(found)
}

/// A channel that the bot can view, if it has these permissions in it.
pub(super) fn channel(
    world: &World,
    channel: Id,
    bits: u64,
) -> Result<(&Guild, &Channel), Refusal> {
    let (found, target) = world.channel(channel)?;
    guild(world, found.id, 0)?;
    if !world.bot_sees(found, target) {
        return Err(Refusal::missing_access());
    }
    if p::in_channel(found, target, world.bot) & bits != bits {
        return Err(Refusal::missing_permissions());
    }
    Ok((found, target))
}

/// A channel in which the bot may write.
pub(super) fn writing(world: &World, id: Id) -> Result<(), Refusal> {
    let (_, target) = channel(world, id, 0)?;
    let needed = if target.thread.is_some() {
        p::SEND_MESSAGES_IN_THREADS
    } else {
        p::SEND_MESSAGES
    };
    channel(world, id, needed).map(|_| ())
}

/// Whether the bot stands above a member: its highest role is higher, and the member isn't the owner.
pub(super) fn outranks(world: &World, guild: &Guild, user: Id) -> bool {
    let rank = |user: Id| {
        let roles = guild
            .members
            .get(&user)
            .map(|member| member.roles.as_slice())
            .unwrap_or_default();
        roles
            .iter()
            .filter_map(|id| guild.roles.get(id))
            .map(|role| role.position)
            .max()
            .unwrap_or(0)
    };
    user == world.bot || (guild.owner != user && rank(world.bot) > rank(user))
}

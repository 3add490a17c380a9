//! Roles. Source: the page Guild, "Create Guild Role" and its neighbours.

use axum::{Json, extract::State, http::StatusCode};

use super::{
    allowed,
    answer::{Answer, Silence},
    fields::Fields,
    gate::Bot,
    route::Route,
};
use crate::{
    simulation::Shared,
    world::{Id, Refusal, Role, World, permissions as p},
};

/// `GET /guilds/{guild}/roles`
pub(super) async fn list(
    State(simulation): State<Shared>,
    _: Bot,
    Route(guild): Route<Id>,
) -> Answer {
    simulation.read(|world| {
        let guild = allowed::guild(world, guild, 0)?;
        Ok(Json(guild.roles.values().map(Role::json).collect()))
    })
}

/// `POST /guilds/{guild}/roles`
pub(super) async fn create(
    State(simulation): State<Shared>,
    _: Bot,
    Route(guild): Route<Id>,
    fields: Fields,
) -> Answer {
    let name = fields.text("name", 0..=100)?;
    let bits = fields
        .has("permissions")
        .then(|| fields.bits("permissions"));
    let bits = bits.transpose()?;
    simulation.change(|world| {
        let state = allowed::guild(world, guild, p::MANAGE_ROLES)?;
        let everyone = state.roles.get(&guild).map_or(0, |role| role.permissions);
        let bits = bits.unwrap_or(everyone);
        holds(world, guild, bits)?;
        let name = name.unwrap_or_else(|| "new role".to_owned());
        let made = world.create_lowest_role(guild, &name, bits)?;
        json(world, guild, made)
    })
}

/// `PATCH /guilds/{guild}/roles/{role}`
pub(super) async fn change(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, role)): Route<(Id, Id)>,
    fields: Fields,
) -> Answer {
    let name = fields.text("name", 0..=100)?;
    let bits = fields
        .has("permissions")
        .then(|| fields.bits("permissions"));
    let bits = bits.transpose()?;
    simulation.change(|world| {
        let known = below(world, guild, role)?.permissions;
        holds(world, guild, bits.map_or(0, |bits| bits ^ known))?;
        world.edit_role(guild, role, |role| {
            role.name = name.unwrap_or_else(|| role.name.clone());
            role.permissions = bits.unwrap_or(role.permissions);
        })?;
        json(world, guild, role)
    })
}

/// `DELETE /guilds/{guild}/roles/{role}`
pub(super) async fn remove(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, role)): Route<(Id, Id)>,
) -> Silence {
    simulation.change(|world| {
        below(world, guild, role)?;
        world.delete_role(guild, role)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// A role that the bot may give, change and delete: one below its own highest.
pub(super) fn below(world: &World, guild: Id, role: Id) -> Result<&Role, Refusal> {
    let state = allowed::guild(world, guild, p::MANAGE_ROLES)?;
    let found = state.roles.get(&role).ok_or_else(Refusal::unknown_role)?;
    let position = |role: &Id| state.roles.get(role).map_or(0, |role| role.position);
    let bot = state.members.get(&world.bot);
    let own = bot.and_then(|bot| bot.roles.iter().map(position).max());
    if own.unwrap_or(0) <= found.position {
        return Err(Refusal::missing_permissions());
    }
    Ok(found)
}

/// A refusal unless the bot has these permissions itself.
fn holds(world: &World, guild: Id, bits: u64) -> Result<(), Refusal> {
    if bits & !p::in_guild(world.guild(guild)?, world.bot) == 0 {
        Ok(())
    } else {
        Err(Refusal::missing_permissions())
    }
}

fn json(world: &World, guild: Id, role: Id) -> Answer {
    let role = world.guild(guild)?.roles.get(&role);
    Ok(Json(role.ok_or_else(Refusal::unknown_role)?.json()))
}

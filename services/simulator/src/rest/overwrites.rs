//! Permission overwrites. Source: the page Channel, "Edit Channel Permissions".

use axum::{extract::State, http::StatusCode};

use super::{
    allowed, answer::Silence, drafts::check_overwrite, fields::Fields, gate::Bot, route::Route,
};
use crate::{
    simulation::Shared,
    world::{Id, Overwrite, OverwriteTarget, Refusal, permissions as p},
};

/// `PUT /channels/{channel}/permissions/{overwrite}`
pub(super) async fn set(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, id)): Route<(Id, Id)>,
    fields: Fields,
) -> Silence {
    let target = fields
        .number("type", 0..=1)?
        .and_then(OverwriteTarget::of)
        .ok_or_else(|| Refusal::form("type", "BASE_TYPE_REQUIRED", "This field is required"))?;
    let overwrite = Overwrite {
        id,
        target,
        allow: fields.bits("allow")?,
        deny: fields.bits("deny")?,
    };
    simulation.change(|world| {
        let (guild, found) = allowed::channel(world, channel, p::MANAGE_ROLES)?;
        let known = match target {
            OverwriteTarget::Role => guild.roles.contains_key(&id),
            OverwriteTarget::Member => guild.members.contains_key(&id),
        };
        if !known {
            return Err(Refusal::unknown_overwrite());
        }
        let parent = found.parent.and_then(|parent| guild.channels.get(&parent));
        let also = parent.map_or(0, |parent| p::in_channel(guild, parent, world.bot));
        check_overwrite(world, guild.id, &overwrite, also)?;
        world.set_overwrite(channel, overwrite)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `DELETE /channels/{channel}/permissions/{overwrite}`
pub(super) async fn remove(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, id)): Route<(Id, Id)>,
) -> Silence {
    simulation.change(|world| {
        allowed::channel(world, channel, p::MANAGE_ROLES)?;
        world.delete_overwrite(channel, id)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

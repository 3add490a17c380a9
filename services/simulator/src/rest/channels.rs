//! Channels. Source: the pages Channel and Guild, "Create Guild Channel".

use axum::{Json, extract::State, http::StatusCode};
use serde_json::Value;

use super::{allowed, answer::Answer, fields::Fields, gate::Bot, route::Route};
use crate::{
    simulation::Shared,
    world::{Id, Refusal, World, permissions as p},
};

/// `POST /guilds/{guild}/channels`
pub(super) async fn create(
    State(simulation): State<Shared>,
    _: Bot,
    Route(guild): Route<Id>,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    simulation.change(|world| {
        allowed::guild(world, guild, p::MANAGE_CHANNELS)?;
        let draft = fields.channel_draft(world, guild)?;
        let made = world.create_channel(guild, draft)?;
        Ok((StatusCode::CREATED, json(world, made)?))
    })
}

/// `GET /channels/{channel}`
pub(super) async fn read(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
) -> Answer {
    simulation.read(|world| {
        allowed::channel(world, channel, 0)?;
        json(world, channel)
    })
}

/// `PATCH /channels/{channel}`
pub(super) async fn change(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    fields: Fields,
) -> Answer {
    simulation.change(|world| {
        let (_, found) = allowed::channel(world, channel, 0)?;
        let thread = found.thread.is_some();
        let own_thread = found
            .thread
            .as_ref()
            .is_some_and(|thread| thread.owner == world.bot);
        let mut needed = if thread {
            p::MANAGE_THREADS
        } else {
            p::MANAGE_CHANNELS
        };
        if own_thread {
            needed = 0;
        }
        if fields.has("permission_overwrites") {
            needed |= p::MANAGE_ROLES;
        }
        let (guild, found) = allowed::channel(world, channel, needed)?;
        let patch = fields.channel_patch(world, guild.id, found.kind)?;
        world.edit_channel(channel, patch)?;
        json(world, channel)
    })
}

/// `DELETE /channels/{channel}`
pub(super) async fn remove(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
) -> Answer {
    simulation.change(|world| {
        let (_, found) = allowed::channel(world, channel, 0)?;
        let needed = if found.thread.is_some() {
            p::MANAGE_THREADS
        } else {
            p::MANAGE_CHANNELS
        };
        allowed::channel(world, channel, needed)?;
        world.delete_channel(channel).map(Json)
    })
}

fn json(world: &World, channel: Id) -> Answer {
    let (guild, found) = world.channel(channel)?;
    Ok(Json(found.json(guild.id, world.bot)))
}

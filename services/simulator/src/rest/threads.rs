//! Threads. Source: the pages Threads and Channel, "Start Thread without Message".

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{allowed, answer::Answer, fields::Fields, gate::Bot, route::Route};
use crate::{
    simulation::Shared,
    world::{Id, Refusal, kind, permissions as p},
};

/// `POST /channels/{channel}/threads`
pub(super) async fn create(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let name = fields.required_text("name", 1..=100)?;
    let private = fields
        .number("type", 10..=12)?
        .unwrap_or(u64::from(kind::PRIVATE_THREAD))
        == u64::from(kind::PRIVATE_THREAD);
    simulation.change(|world| {
        allowed::channel(world, channel, p::CREATE_PUBLIC_THREADS)?;
        let made = world.create_thread(channel, world.bot, &name, private)?;
        let (guild, thread) = world.channel(made)?;
        Ok((StatusCode::CREATED, Json(thread.json(guild.id, world.bot))))
    })
}

/// `GET /guilds/{guild}/threads/active`
pub(super) async fn active(
    State(simulation): State<Shared>,
    _: Bot,
    Route(guild): Route<Id>,
) -> Answer {
    simulation.read(|world| {
        let guild = allowed::guild(world, guild, 0)?;
        let threads: Vec<Value> = guild
            .channels
            .values()
            .filter(|thread| {
                thread
                    .thread
                    .as_ref()
                    .is_some_and(|thread| !thread.archived)
            })
            .filter(|thread| world.bot_sees(guild, thread))
            .map(|thread| thread.json(guild.id, world.bot))
            .collect();
        Ok(Json(json!({ "threads": threads, "members": [] })))
    })
}

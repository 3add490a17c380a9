//! Threads. Source: the pages Threads and Channel, "Start Thread without Message".

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{
    allowed,
    answer::{Answer, Silence},
    fields::Fields,
    gate::Bot,
    route::Route,
};
use crate::{
    gateway::intents,
    simulation::Shared,
    world::{Id, Refusal, World, kind, permissions as p},
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
        let needed = if private {
            p::CREATE_PRIVATE_THREADS
        } else {
            p::CREATE_PUBLIC_THREADS
        };
        allowed::channel(world, channel, needed)?;
        let made = world.create_thread(channel, world.bot, &name, private, &[])?;
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
            .filter(|thread| thread.is_active() && world.bot_sees(guild, thread))
            .map(|thread| thread.json(guild.id, world.bot))
            .collect();
        Ok(Json(json!({ "threads": threads, "members": [] })))
    })
}

/// `GET /channels/{thread}/thread-members`: needs the intent `GUILD_MEMBERS` switched on.
pub(super) async fn members(
    State(simulation): State<Shared>,
    _: Bot,
    Route(thread): Route<Id>,
) -> Answer {
    if simulation.config.privileged_intents & intents::GUILD_MEMBERS == 0 {
        return Err(Refusal::missing_access());
    }
    simulation.read(|world| {
        allowed::channel(world, thread, 0)?;
        world.thread_members(thread).map(|list| Json(json!(list)))
    })
}

/// `PUT /channels/{thread}/thread-members/{user}`, also `@me`: whoever can write in a thread can
/// bring others into it.
pub(super) async fn add_member(
    State(simulation): State<Shared>,
    _: Bot,
    Route((thread, user)): Route<(Id, String)>,
) -> Silence {
    simulation.change(|world| {
        let user = member(world, &user)?;
        allowed::channel(world, thread, 0)?;
        if user != world.bot {
            allowed::writing(world, thread)?;
        }
        world.set_thread_member(thread, user, true)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `DELETE /channels/{thread}/thread-members/{user}`, also `@me`: of others for those who manage
/// threads, and for whoever made a private one.
pub(super) async fn remove_member(
    State(simulation): State<Shared>,
    _: Bot,
    Route((thread, user)): Route<(Id, String)>,
) -> Silence {
    simulation.change(|world| {
        let user = member(world, &user)?;
        let (_, found) = allowed::channel(world, thread, 0)?;
        let state = found.thread.as_ref();
        let state = state.ok_or_else(Refusal::wrong_channel_kind)?;
        let own = found.kind == kind::PRIVATE_THREAD && state.owner == world.bot;
        if user != world.bot && !own {
            allowed::channel(world, thread, p::MANAGE_THREADS)?;
        }
        world.set_thread_member(thread, user, false)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn member(world: &World, user: &str) -> Result<Id, Refusal> {
    if user == "@me" {
        return Ok(world.bot);
    }
    user.parse()
        .map_err(|_| Refusal::form("user_id", "NUMBER_TYPE_COERCE", "Value is not snowflake."))
}

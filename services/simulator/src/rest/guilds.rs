//! Guilds. Source: the page Guild.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{allowed, answer::Answer, gate::Bot, route::Route};
use crate::{simulation::Shared, world::Id};

/// `GET /guilds/{guild}`
pub(super) async fn read(
    State(simulation): State<Shared>,
    _: Bot,
    Route(guild): Route<Id>,
) -> Answer {
    simulation.read(|world| {
        let guild = allowed::guild(world, guild, 0)?;
        let mut json = guild.json();
        json["approximate_member_count"] = json!(guild.members.len());
        let online = guild
            .presences
            .values()
            .filter(|presence| presence.status != "offline");
        json["approximate_presence_count"] = json!(online.count());
        Ok(Json(json))
    })
}

/// `GET /guilds/{guild}/channels`: no threads, and none that the bot can't view.
pub(super) async fn channels(
    State(simulation): State<Shared>,
    _: Bot,
    Route(guild): Route<Id>,
) -> Answer {
    simulation.read(|world| {
        let guild = allowed::guild(world, guild, 0)?;
        let list: Vec<Value> = guild
            .channels
            .values()
            .filter(|channel| channel.thread.is_none() && world.bot_sees(guild, channel))
            .map(|channel| channel.json(guild.id, world.bot))
            .collect();
        Ok(Json(Value::from(list)))
    })
}

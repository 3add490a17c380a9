//! Voice states and the status of voice channels. Source: the page Voice.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::json;

use super::{
    allowed,
    answer::{Answer, Silence},
    fields::Fields,
    gate::Bot,
    route::Route,
};
use crate::{
    simulation::Shared,
    world::{ChannelPatch, Id, Refusal, permissions as p},
};

/// `GET /guilds/{guild}/voice-states/{user}`, also `@me`.
pub(super) async fn read(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, user)): Route<(Id, String)>,
) -> Answer {
    simulation.read(|world| {
        let state = allowed::guild(world, guild, 0)?;
        let user = if user == "@me" {
            world.bot
        } else {
            user.parse().map_err(|_| {
                Refusal::form("user_id", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
            })?
        };
        let voice = state
            .voice
            .get(&user)
            .ok_or_else(Refusal::unknown_voice_state)?;
        let mut json = voice.json(user);
        json["guild_id"] = json!(guild);
        json["member"] = world.member_json(state, user)?;
        Ok(Json(json))
    })
}

/// `PUT /channels/{channel}/voice-status`
pub(super) async fn status(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    fields: Fields,
) -> Silence {
    let status = fields.field("status", |fields| fields.text("status", 0..=500))?;
    simulation.change(|world| {
        let (_, found) = allowed::channel(world, channel, p::CONNECT)?;
        if !found.is_voice() {
            return Err(Refusal::wrong_channel_kind());
        }
        world.edit_channel(
            channel,
            ChannelPatch {
                status,
                ..ChannelPatch::default()
            },
        )?;
        Ok(StatusCode::NO_CONTENT)
    })
}

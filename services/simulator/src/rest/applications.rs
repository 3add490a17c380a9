//! The bot's application. Source: the page Application.

use axum::{Json, extract::State};
use serde_json::json;

use super::{answer::Answer, gate::Bot};
use crate::{gateway::application_flags, simulation::Shared};

/// `GET /applications/@me` and `/oauth2/applications/@me`
pub(super) async fn read(State(simulation): State<Shared>, _: Bot) -> Answer {
    let flags = application_flags(simulation.config.privileged_intents);
    simulation.read(|world| {
        let bot = world.user(world.bot)?;
        Ok(Json(json!({
            "id": world.application, "name": bot.name, "icon": null, "description": "", "summary": "",
            "bot_public": true, "bot_require_code_grant": false, "verify_key": "0".repeat(64),
            "flags": flags, "bot": bot.json(), "owner": bot.json(), "team": null, "hook": true,
            "approximate_guild_count": world.guilds_of(world.bot).count(), "redirect_uris": [],
        })))
    })
}

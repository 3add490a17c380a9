//! Webhooks. Source: the page Webhook.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    allowed,
    answer::{Answer, Silence},
    fields::Fields,
    gate::Bot,
    messages,
    route::Route,
};
use crate::{
    oauth::random_token,
    simulation::Shared,
    world::{Author, Id, Refusal, Webhook, World, permissions as p},
};

/// The query of Execute Webhook.
#[derive(Deserialize)]
pub(super) struct Execution {
    wait: Option<String>,
    thread_id: Option<Id>,
}

/// `POST /channels/{channel}/webhooks`
pub(super) async fn create(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    fields: Fields,
) -> Answer {
    let name = fields.required_text("name", 1..=80)?;
    allowed_name("name", &name)?;
    simulation.change(|world| {
        allowed::channel(world, channel, p::MANAGE_WEBHOOKS)?;
        let made = world.create_webhook(channel, &name, random_token(68))?;
        Ok(Json(json(world, world.webhook(made)?)?))
    })
}

/// `GET /channels/{channel}/webhooks`
pub(super) async fn list(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
) -> Answer {
    simulation.read(|world| {
        let (guild, _) = allowed::channel(world, channel, p::MANAGE_WEBHOOKS)?;
        let list = guild
            .webhooks
            .values()
            .filter(|webhook| webhook.channel == channel);
        list.map(|webhook| json(world, webhook))
            .collect::<Result<Value, _>>()
            .map(Json)
    })
}

/// `GET /webhooks/{webhook}/{token}`
pub(super) async fn read(
    State(simulation): State<Shared>,
    Route((webhook, token)): Route<(Id, String)>,
) -> Answer {
    simulation.read(|world| {
        let mut answer = json(world, by_token(world, webhook, &token)?)?;
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("user");
        }
        Ok(Json(answer))
    })
}

/// `DELETE /webhooks/{webhook}`
pub(super) async fn remove(
    State(simulation): State<Shared>,
    _: Bot,
    Route(webhook): Route<Id>,
) -> Silence {
    simulation.change(|world| {
        let channel = world.webhook(webhook)?.channel;
        allowed::channel(world, channel, p::MANAGE_WEBHOOKS)?;
        world.delete_webhook(webhook)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `POST /webhooks/{webhook}/{token}`: needs no authorization but the token.
pub(super) async fn execute(
    State(simulation): State<Shared>,
    Route((webhook, token)): Route<(Id, String)>,
    Query(execution): Query<Execution>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let name = fields.text("username", 1..=80)?;
    if let Some(name) = &name {
        allowed_name("username", name)?;
    }
    let picture = fields.picture("avatar_url")?;
    let waits = execution
        .wait
        .is_some_and(|wait| matches!(wait.as_str(), "true" | "True" | "1"));
    simulation.change(|world| {
        let hook = by_token(world, webhook, &token)?;
        let author = Author::Webhook {
            id: hook.id,
            name: name.unwrap_or_else(|| hook.name.clone()),
            avatar: picture,
        };
        let channel = hook.channel;
        let target = match execution.thread_id {
            Some(thread) => world
                .channel(thread)
                .ok()
                .filter(|(_, found)| found.thread.is_some() && found.parent == Some(channel))
                .map(|_| thread)
                .ok_or_else(Refusal::unknown_channel)?,
            None => channel,
        };
        let mut draft = fields.message_draft(author)?;
        // Execute Webhook knows no nonce: the same text twice is two messages.
        (draft.nonce, draft.enforce_nonce) = (None, false);
        let made = world.post(target, draft)?;
        if waits {
            return Ok(messages::json(world, target, made)?.into_response());
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// A refusal of a name that webhooks may not bear.
fn allowed_name(field: &str, name: &str) -> Result<(), Refusal> {
    let name = name.to_lowercase();
    let Some(word) = ["clyde", "discord"]
        .into_iter()
        .find(|word| name.contains(word))
    else {
        return Ok(());
    };
    let message = format!("Username cannot contain \"{word}\"");
    Err(Refusal::form(field, "USERNAME_INVALID_CONTAINS", &message))
}

fn by_token<'a>(world: &'a World, webhook: Id, token: &str) -> Result<&'a Webhook, Refusal> {
    let found = world.webhook(webhook)?;
    if found.token == token {
        Ok(found)
    } else {
        Err(Refusal::new(401, 50_027, "Invalid Webhook Token"))
    }
}

fn json(world: &World, webhook: &Webhook) -> Result<Value, Refusal> {
    let guild = world.guild_of(webhook.channel)?;
    Ok(webhook.json(guild, world.application, &world.user(world.bot)?.json()))
}

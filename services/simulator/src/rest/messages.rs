//! Messages. Source: the page Message.

use std::cmp::Reverse;

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    allowed,
    answer::{Answer, Silence},
    fields::Fields,
    gate::Bot,
    route::Route,
};
use crate::{
    simulation::Shared,
    world::{Author, Id, Message, Refusal, World, permissions as p},
};

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    before: Option<Id>,
    after: Option<Id>,
    around: Option<Id>,
}

/// `GET /channels/{channel}/messages`: newest first.
pub(super) async fn list(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    Query(page): Query<Page>,
) -> Answer {
    let limit = page.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::form(
            "limit",
            "NUMBER_TYPE_MAX",
            "int value should be between 1 and 100.",
        ));
    }
    simulation.read(|world| {
        let (guild, found) = allowed::channel(world, channel, 0)?;
        if p::in_channel(guild, found, world.bot) & p::READ_MESSAGE_HISTORY == 0 {
            // Without the history there is nothing to read, but that is no error.
            return Ok(Json(Value::Array(Vec::new())));
        }
        let messages = &found.messages;
        let of = |(_, message)| message;
        let mut list: Vec<&Message> = if let Some(after) = page.after {
            messages
                .range(Id(after.0.saturating_add(1))..)
                .take(limit)
                .map(of)
                .collect()
        } else if let Some(around) = page.around {
            let half = limit / 2;
            let older = messages.range(..around).rev().take(half).map(of);
            older
                .chain(messages.range(around..).take(limit - half).map(of))
                .collect()
        } else {
            let before = page.before.unwrap_or(Id(u64::MAX));
            messages.range(..before).rev().take(limit).map(of).collect()
        };
        list.sort_unstable_by_key(|message| Reverse(message.id));
        Ok(Json(
            list.iter()
                .map(|message| world.message_json(guild, found, message))
                .collect(),
        ))
    })
}

/// `GET /channels/{channel}/messages/{message}`
pub(super) async fn read(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message)): Route<(Id, Id)>,
) -> Answer {
    simulation.read(|world| {
        allowed::channel(world, channel, p::READ_MESSAGE_HISTORY)?;
        json(world, channel, message)
    })
}

/// `POST /channels/{channel}/messages`
pub(super) async fn create(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    fields: Fields,
) -> Answer {
    simulation.change(|world| {
        let (_, found) = allowed::channel(world, channel, 0)?;
        if !found.has_text() {
            return Err(Refusal::non_text_channel());
        }
        allowed::writing(world, channel)?;
        let draft = fields.message_draft(Author::User(world.bot))?;
        let made = world.post(channel, draft)?;
        json(world, channel, made)
    })
}

/// `PATCH /channels/{channel}/messages/{message}`: own ones only.
pub(super) async fn change(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message)): Route<(Id, Id)>,
    fields: Fields,
) -> Answer {
    let (content, embeds) = (fields.text("content", 0..=2_000)?, fields.embeds()?);
    simulation.change(|world| {
        allowed::channel(world, channel, 0)?;
        if world.message(channel, message)?.2.author != Author::User(world.bot) {
            return Err(Refusal::not_the_author());
        }
        world.edit_message(channel, message, content, embeds)?;
        json(world, channel, message)
    })
}

/// `DELETE /channels/{channel}/messages/{message}`
pub(super) async fn remove(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message)): Route<(Id, Id)>,
) -> Silence {
    simulation.change(|world| {
        allowed::channel(world, channel, 0)?;
        let own = world.message(channel, message)?.2.author == Author::User(world.bot);
        allowed::channel(world, channel, if own { 0 } else { p::MANAGE_MESSAGES })?;
        world.delete_message(channel, message)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `POST /channels/{channel}/messages/bulk-delete`
pub(super) async fn remove_many(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    fields: Fields,
) -> Silence {
    let ids = fields.ids("messages")?.unwrap_or_default();
    if !(2..=100).contains(&ids.len()) {
        let message = "Must be between 2 and 100 in length.";
        return Err(Refusal::form("messages", "BASE_TYPE_BAD_LENGTH", message));
    }
    simulation.change(|world| {
        allowed::channel(world, channel, p::MANAGE_MESSAGES)?;
        world.delete_messages(channel, &ids)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `POST /channels/{channel}/typing`
pub(super) async fn typing(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
) -> Silence {
    simulation.change(|world| {
        allowed::writing(world, channel)?;
        world.start_typing(channel, world.bot)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

pub(super) fn json(world: &World, channel: Id, message: Id) -> Answer {
    let (guild, found, message) = world.message(channel, message)?;
    Ok(Json(world.message_json(guild, found, message)))
}

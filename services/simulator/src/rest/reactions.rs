//! Reactions. Source: the page Message, "Create Reaction" and its neighbours.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::Deserialize;

use super::{
    allowed,
    answer::{Answer, Silence},
    gate::Bot,
    route::Route,
};
use crate::{
    simulation::Shared,
    world::{Author, Emoji, Id, Refusal, User, permissions as p},
};

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    after: Option<Id>,
}

/// `PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me`
pub(super) async fn add(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message, emoji, user)): Route<(Id, Id, String, String)>,
) -> Silence {
    if user != "@me" {
        return Err(Refusal::new(405, 0, "405: Method Not Allowed"));
    }
    let emoji = Emoji::parse(&emoji)?;
    simulation.change(|world| {
        allowed::channel(world, channel, p::READ_MESSAGE_HISTORY)?;
        if !world.has_reaction(channel, message, &emoji)? {
            allowed::channel(world, channel, p::ADD_REACTIONS)?;
        }
        if let Author::User(author) = world.message(channel, message)?.2.author
            && world.user(author)?.blocks_bot
        {
            return Err(Refusal::reaction_blocked());
        }
        world.react(channel, message, world.bot, &emoji)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/{user}`, also `@me`.
pub(super) async fn remove(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message, emoji, user)): Route<(Id, Id, String, String)>,
) -> Silence {
    let emoji = Emoji::parse(&emoji)?;
    simulation.change(|world| {
        let (user, needed) = if user == "@me" {
            (world.bot, 0)
        } else {
            let id = user.parse().map_err(|_| Refusal::unknown_user())?;
            (id, p::MANAGE_MESSAGES)
        };
        allowed::channel(world, channel, needed)?;
        world.unreact(channel, message, user, &emoji)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `GET /channels/{channel}/messages/{message}/reactions/{emoji}`
pub(super) async fn list(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message, emoji)): Route<(Id, Id, String)>,
    Query(page): Query<Page>,
) -> Answer {
    let emoji = Emoji::parse(&emoji)?;
    let limit = page.limit.unwrap_or(25).clamp(1, 100);
    simulation.read(|world| {
        allowed::channel(world, channel, p::READ_MESSAGE_HISTORY)?;
        let mut users = world.reacted(channel, message, &emoji)?;
        users.sort_unstable();
        let after = page.after.unwrap_or(Id(0));
        let users = users.iter().filter(|user| **user > after).take(limit);
        Ok(Json(
            users
                .filter_map(|user| world.users.get(user))
                .map(User::json)
                .collect(),
        ))
    })
}

/// `DELETE /channels/{channel}/messages/{message}/reactions`
pub(super) async fn clear(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message)): Route<(Id, Id)>,
) -> Silence {
    simulation.change(|world| {
        allowed::channel(world, channel, p::MANAGE_MESSAGES)?;
        world.clear_reactions(channel, message, None)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `DELETE /channels/{channel}/messages/{message}/reactions/{emoji}`
pub(super) async fn clear_emoji(
    State(simulation): State<Shared>,
    _: Bot,
    Route((channel, message, emoji)): Route<(Id, Id, String)>,
) -> Silence {
    let emoji = Emoji::parse(&emoji)?;
    simulation.change(|world| {
        allowed::channel(world, channel, p::MANAGE_MESSAGES)?;
        world.clear_reactions(channel, message, Some(&emoji))?;
        Ok(StatusCode::NO_CONTENT)
    })
}

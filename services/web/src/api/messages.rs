use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use contracts::{
    ChannelId, MessageId,
    command::{Act, Messages, ReadMessages},
    problem::FieldProblem,
    rpc::ChannelMessages,
};
use uuid::Uuid;

use crate::{
    error::ApiError,
    rpc::{allowance, ask, place},
    session::SignedIn,
    state::AppState,
};

/// Messages of an answer where nothing is asked for, and the most that may be asked for (Discord, "Get Channel Messages").
const LIMIT: (u16, u16) = (50, 100);

/// `GET /api/channels/{channel}/messages?before=&limit=`: what was written in a channel that the user may read, by Discord.
pub(crate) async fn messages(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(channel): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<ChannelMessages>, ApiError> {
    allowance::take(&state, &allowance::READS, signed_in.user.id).await?;
    let (channel_id, before, limit) = read(&channel, &query.unwrap_or_default())?;
    let guild_id = place::of_channel(&state, &signed_in, channel_id).await?;
    let act = Act::ReadMessages(ReadMessages {
        guild_id,
        channel_id,
        before,
        limit,
    });
    let key = Uuid::new_v4().to_string();
    let Messages { messages } = ask(&state, &signed_in, &act, key).await?;
    Ok(Json(ChannelMessages { messages }))
}

fn read(channel: &str, query: &str) -> Result<(ChannelId, Option<MessageId>, u16), ApiError> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String| {
        problems.push(FieldProblem {
            field: field.to_owned(),
            code: "invalid".to_owned(),
            message,
        });
    };
    let channel = channel.parse().ok();
    if channel.is_none() {
        wrong("channel", "has to be a channel's id".to_owned());
    }
    let (mut before, mut limit) = (None, LIMIT.0);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "before" => match value.parse() {
                Ok(message) => before = Some(message),
                Err(_) => wrong("before", "has to be a message's id".to_owned()),
            },
            "limit" => match value.parse() {
                Ok(wanted) if (1..=LIMIT.1).contains(&wanted) => limit = wanted,
                _ => wrong("limit", format!("has to be a number from 1 to {}", LIMIT.1)),
            },
            _ => {}
        }
    }
    match channel {
        Some(channel) if problems.is_empty() => Ok((channel, before, limit)),
        _ => Err(ApiError::Invalid(problems)),
    }
}

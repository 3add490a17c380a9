//! How a stream is opened, whatever it is written to.

use std::sync::Arc;

use contracts::event::UnavailableReason;
use tracing::{debug, info};

use super::{
    choice::Choice,
    flow::{Flow, Recheck},
};
use crate::{
    api::standings,
    error::ApiError,
    hub::{Chunk, Transport, Wish},
    patience::Patience,
    session::SignedIn,
    state::AppState,
    streams::NoPlace,
};

/// Why a stream can't be opened.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Later it can.
    Passing(UnavailableReason),
    /// It never can.
    Final(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Unavailable | ApiError::Discord => Self::Passing(UnavailableReason::Bus),
            other => Self::Final(other),
        }
    }
}

/// Opens a stream of somebody who is signed in: the stream, and what it says first. Its alarm changes `patience`.
pub(super) async fn open(
    state: &AppState,
    signed_in: SignedIn,
    choice: Choice,
    transport: Transport,
    patience: Patience,
) -> Result<(Flow, Option<Chunk>), Refusal> {
    let user = signed_in.user.id;
    let mut guilds = standings(state, &signed_in).await?;
    if let Some(wanted) = &choice.guilds {
        guilds.retain(|standing| wanted.contains(&standing.guild));
        let shared = |guild| guilds.iter().any(|standing| standing.guild == guild);
        if !wanted.iter().all(|guild| shared(*guild)) {
            return Err(
                ApiError::Forbidden("You and the bot do not share all of these guilds.").into(),
            );
        }
    }
    let place = state.streams.open(&signed_in, transport, patience);
    let slot = match place.await {
        Ok(slot) => slot,
        Err(NoPlace::TooMany) => {
            debug!(component = "WS", user_id = %user, "a user has too many streams");
            return Err(Refusal::Passing(UnavailableReason::Overload));
        }
        Err(NoPlace::Unknown) => return Err(Refusal::Passing(UnavailableReason::Bus)),
    };
    let wish = Wish {
        user,
        guilds,
        mask: choice.mask,
        cursor: choice.cursor,
        snapshot: choice.snapshot,
        transport,
    };
    let joined = state.hub.join(wish, Arc::clone(&slot.alarm)).await;
    let Ok((viewer, first)) = joined else {
        return Err(Refusal::Passing(UnavailableReason::Bus));
    };
    info!(component = "WS", user_id = %user, guilds = viewer.guilds().len(), "Client authenticated: {user}");
    let has_guilds = !viewer.guilds().is_empty();
    let recheck = Recheck::new(state.clone(), signed_in, choice.guilds, has_guilds);
    Ok((Flow::new(state, viewer, slot, recheck), first))
}

/// The name of a reason, as in the event.
pub(super) fn name(reason: UnavailableReason) -> &'static str {
    match reason {
        UnavailableReason::Draining => "draining",
        UnavailableReason::Overload => "overload",
        UnavailableReason::Bus => "bus",
    }
}

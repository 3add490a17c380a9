//! What was written in channels, as Discord tells it: kept for a moment, for all who look at the same place.

use std::{sync::Arc, time::Duration};

use contracts::{ChannelId, MessageId};
use discord::{Rest, RestError, model::Message};
use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::Instant};

use crate::state::Recent;

/// How long an answer about older messages is good. The latest are as they were when somebody asked: whoever begins to follow
/// a channel at that moment learns the rest from events.
const TTL: Duration = Duration::from_secs(2);
/// Answers that are remembered; beyond it the oldest are forgotten.
const LIMIT: usize = 100;
/// Questions to Discord at the same time; more wait for their turn.
const AT_ONCE: usize = 4;

/// Channel, before which message, how many.
type Place = (ChannelId, Option<MessageId>, u16);

/// When it was asked, and what came.
type Found = (Instant, Arc<[Message]>);

/// Reads channels.
pub(super) struct History {
    rest: Arc<Rest>,
    known: Mutex<Recent<Place, Found>>,
    turns: Semaphore,
}

impl History {
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self {
            rest,
            known: Mutex::new(Recent::new(LIMIT)),
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// The messages before one, or the latest; the newest first.
    pub(super) async fn before(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
        limit: u16,
    ) -> Result<Arc<[Message]>, RestError> {
        let place = (channel, before, limit.clamp(1, 100));
        let now = Instant::now();
        let since = match before {
            Some(_) => now.checked_sub(TTL).unwrap_or(now),
            None => now,
        };
        if let Some(messages) = self.asked_since(since, place) {
            return Ok(messages);
        }
        let _turn = self.turns.acquire().await;
        // Whoever had the turn before may have asked the same.
        if let Some(messages) = self.asked_since(since, place) {
            return Ok(messages);
        }
        let (channel, before, limit) = place;
        let asked = Instant::now();
        let messages = self.rest.messages_before(channel, before, limit).await?;
        let messages: Arc<[Message]> = messages.into();
        let mut known = self.known.lock();
        known.remove(place);
        known.insert(place, (asked, Arc::clone(&messages)));
        Ok(messages)
    }

    fn asked_since(&self, since: Instant, place: Place) -> Option<Arc<[Message]>> {
        let known = self.known.lock();
        let (asked, messages) = known.value(place)?;
        (*asked >= since).then(|| Arc::clone(messages))
    }
}

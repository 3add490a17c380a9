//! In whose name Fanfare posted a message.
//!
//! A message of a webhook says nothing of the user. So the book of rooms is told before a message is posted, and asked when
//! Discord tells of one: that may be before Discord has answered the post, and on another instance than the one that posts.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use contracts::{MessageId, UserId};
use discord::{
    Dispatch, Event,
    model::{Message, User},
};
use room_book::{Behalf, BookError, RoomBook};
use tokio::time::{Instant, sleep};
use tracing::warn;

/// How long a posting is known to be under way; longer than a request takes, a hand-over included.
pub(crate) const POSTING: Duration = Duration::from_mins(2);
/// How long it is known in whose name a message was posted.
pub(crate) const POSTED: Duration = Duration::from_hours(7 * 24);
/// How long a dispatch waits for the answer to its post where several users' look the same. Events wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Finds out in whose name messages were posted.
#[derive(Clone)]
pub(crate) struct Behalves {
    book: Arc<dyn RoomBook>,
}

impl Behalves {
    pub(crate) fn new(book: Arc<dyn RoomBook>) -> Self {
        Self { book }
    }

    /// Of the message that a dispatch tells of, if it may be one of ours.
    pub(crate) async fn of(&self, dispatch: &Dispatch) -> BTreeMap<MessageId, UserId> {
        match &dispatch.event {
            Event::MessageCreate(message) => match mark(message) {
                Some(mark) => self.of_new(message, &mark).await.into_iter().collect(),
                None => BTreeMap::new(),
            },
            Event::MessageUpdate(message) => self.of_all(std::slice::from_ref(message)).await,
            _ => BTreeMap::new(),
        }
    }

    /// Of messages that nobody has told of yet, though they are older.
    pub(crate) async fn of_missed(&self, messages: &[Message]) -> BTreeMap<MessageId, UserId> {
        let mut known = self.of_all(messages).await;
        for message in messages {
            if let Some(mark) = mark(message).filter(|_| !known.contains_key(&message.id)) {
                known.extend(self.of_new(message, &mark).await);
            }
        }
        known
    }

    /// Of messages that were posted a while ago.
    pub(crate) async fn of_all(&self, messages: &[Message]) -> BTreeMap<MessageId, UserId> {
        let ours = messages.iter().filter(|message| {
            let by_bot = message.author.as_ref().is_some_and(|author| author.bot);
            message.webhook_id.is_some() || by_bot
        });
        let ids: Vec<MessageId> = ours.map(|message| message.id).collect();
        if ids.is_empty() {
            return BTreeMap::new();
        }
        self.book
            .behalves(&ids)
            .await
            .inspect_err(not_asked)
            .unwrap_or_default()
    }

    async fn of_new(&self, message: &Message, mark: &str) -> Option<(MessageId, UserId)> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let asked = self
                .book
                .behalf(message.channel_id, message.id, mark, POSTED)
                .await;
            match asked {
                Ok(Behalf::Of(user)) => return Some((message.id, user)),
                Ok(Behalf::Unclear) if Instant::now() < deadline => sleep(LOOK_EVERY).await,
                Ok(Behalf::Unclear | Behalf::Nobody) => return None,
                Err(error) => {
                    not_asked(&error);
                    return None;
                }
            }
        }
    }
}

fn not_asked(error: &BookError) {
    warn!(component = "Gateway", %error, "in whose name a message was posted can't be asked");
}

/// By what a message is known that was posted through a webhook under a name.
pub(crate) fn of_webhook(webhook: UserId, name: &str) -> String {
    format!("webhook {webhook} {name}")
}

/// By what a message is known that the bot wrote with a nonce.
pub(crate) fn of_bot(bot: UserId, nonce: &str) -> String {
    format!("bot {bot} {nonce}")
}

fn mark(message: &Message) -> Option<String> {
    let User {
        id, username, bot, ..
    } = message.author.as_ref()?;
    match (message.webhook_id, &message.nonce) {
        (Some(webhook), _) => Some(of_webhook(UserId::new(webhook), username)),
        (None, Some(nonce)) if *bot => Some(of_bot(*id, nonce)),
        _ => None,
    }
}

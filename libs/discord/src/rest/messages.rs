//! Messages and reactions.

use contracts::{ChannelId, MessageId};
use percent_encoding::utf8_percent_encode;
use serde_json::json;
use twilight_http::request::Method;

use super::{
    Rest, RestError,
    send::{Change, PLAIN},
};
use crate::model::Message;

/// A message to be written by the bot itself. It mentions nobody.
#[derive(Clone, Copy)]
pub struct NewMessage<'a> {
    /// 1 to 2000 characters.
    pub content: &'a str,
    /// 25 characters at most. Within a few minutes the same one finds the message that was written with it.
    pub nonce: &'a str,
}

impl Rest {
    /// Writes a message (Message, "Create Message").
    pub async fn create_message(
        &self,
        channel: ChannelId,
        message: NewMessage<'_>,
    ) -> Result<Message, RestError> {
        let body = json!({
            "content": message.content,
            "nonce": message.nonce,
            "enforce_nonce": true,
            "allowed_mentions": { "parse": [] },
        });
        let path = format!("channels/{channel}/messages");
        self.change(Change::new(Method::Post, path).json(&body))
            .await
    }

    /// Adds the bot's reaction: a character, or `name:id` (Message, "Create Reaction").
    pub async fn add_reaction(
        &self,
        channel: ChannelId,
        message: MessageId,
        emoji: &str,
    ) -> Result<(), RestError> {
        let emoji = utf8_percent_encode(emoji, PLAIN);
        let path = format!("channels/{channel}/messages/{message}/reactions/{emoji}/@me");
        self.send(Change::new(Method::Put, path)).await.map(drop)
    }

    /// The messages of a channel before one, or the latest: `limit` (100) at most, the newest first.
    pub async fn messages_before(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
        limit: u16,
    ) -> Result<Vec<Message>, RestError> {
        let before = before.map(|message| format!("&before={message}"));
        let before = before.unwrap_or_default();
        self.read(format!("channels/{channel}/messages?limit={limit}{before}"))
            .await
    }
}

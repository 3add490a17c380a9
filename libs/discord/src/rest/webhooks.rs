//! Webhooks: the names under which the bot writes for others.

use contracts::{ChannelId, UserId};
use environment::Secret;
use serde_json::{Value, json};
use twilight_http::request::Method;

use super::{AuditReason, Rest, RestError, send::Change};
use crate::model::{Message, Webhook};

/// A message to be written through a webhook. It mentions nobody. `Debug` is left out: it holds token and text.
#[derive(Clone, Copy)]
pub struct Execution<'a> {
    /// The webhook.
    pub webhook: UserId,
    /// Its token.
    pub token: &'a Secret,
    /// The thread of the webhook's channel, if it goes into one.
    pub thread: Option<ChannelId>,
    /// 1 to 2000 characters.
    pub content: &'a str,
    /// Whose name it shows: 1 to 80 characters, without `discord` and `clyde`.
    pub username: &'a str,
    /// Address of the image that it shows.
    pub avatar_url: &'a str,
}

impl Rest {
    /// The webhooks of a channel; their tokens are told where the bot's application made them.
    pub async fn channel_webhooks(&self, channel: ChannelId) -> Result<Vec<Webhook>, RestError> {
        self.read(format!("channels/{channel}/webhooks")).await
    }

    /// Makes a webhook.
    pub async fn create_webhook(
        &self,
        channel: ChannelId,
        name: &str,
        reason: &AuditReason,
    ) -> Result<Webhook, RestError> {
        let path = format!("channels/{channel}/webhooks");
        let change = Change::new(Method::Post, path)
            .json(&json!({ "name": name }))
            .reason(reason);
        self.change(change).await
    }

    /// Writes through a webhook and waits for the message (Webhook, "Execute Webhook").
    pub async fn execute_webhook(&self, execution: Execution<'_>) -> Result<Message, RestError> {
        let Execution { webhook, token, .. } = execution;
        let thread = execution
            .thread
            .map(|thread| format!("&thread_id={thread}"));
        let path = format!(
            "webhooks/{webhook}/{}?wait=true{}",
            token.expose(),
            thread.unwrap_or_default()
        );
        let mut body = json!({
            "content": execution.content,
            "username": execution.username,
            "allowed_mentions": { "parse": [] },
        });
        if execution.avatar_url.starts_with("http") {
            body["avatar_url"] = Value::from(execution.avatar_url);
        }
        self.change(Change::new(Method::Post, path).json(&body).by_path())
            .await
    }
}

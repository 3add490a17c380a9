//! Reading what a message is to be. Source: the page Message, "Create Message".

use serde_json::Value;

use super::fields::Fields;
use crate::world::{AllowedMentions, Author, Draft, Refusal};

/// Most characters of a message.
const CONTENT: usize = 2_000;

/// Most embeds of a message, and most characters of all of them.
const EMBEDS: usize = 10;
const EMBED_TEXT: usize = 6_000;

/// Most characters of a nonce.
const NONCE: usize = 25;

/// The flags that a sender may set: `SUPPRESS_EMBEDS` and `SUPPRESS_NOTIFICATIONS`.
const FLAGS: u64 = 1 << 2 | 1 << 12;

impl Fields {
    /// The body of Create Message or Execute Webhook.
    pub(super) fn message_draft(&self, author: Author) -> Result<Draft, Refusal> {
        let mut draft = Draft::text(
            author,
            self.text("content", 0..=CONTENT)?.unwrap_or_default(),
        );
        draft.embeds = self.embeds()?.unwrap_or_default();
        draft.nonce = self.nonce()?;
        draft.enforce_nonce = self.flag("enforce_nonce")?.unwrap_or(false);
        draft.flags = self.number("flags", 0..=u64::MAX)?.unwrap_or(0) & FLAGS;
        if let Some(mentions) = self.value("allowed_mentions").and_then(Value::as_object) {
            let mentions = Self(mentions.clone());
            let parses = |kind: &str| {
                let list = mentions.value("parse").and_then(Value::as_array);
                list.is_some_and(|list| list.iter().any(|entry| entry == kind))
            };
            draft.mentions = AllowedMentions {
                all_users: parses("users"),
                all_roles: parses("roles"),
                everyone: parses("everyone"),
                users: mentions.ids("users")?.unwrap_or_default(),
                roles: mentions.ids("roles")?.unwrap_or_default(),
            };
        }
        if let Some(reference) = self.value("message_reference").and_then(Value::as_object) {
            draft.reference = Self(reference.clone()).id("message_id")?;
        }
        if draft.content.trim().is_empty() && draft.embeds.is_empty() {
            return Err(Refusal::empty_message());
        }
        Ok(draft)
    }

    /// The field `embeds`.
    pub(super) fn embeds(&self) -> Result<Option<Vec<Value>>, Refusal> {
        let Some(value) = self.value("embeds") else {
            return Ok(None);
        };
        let list = value.as_array().cloned().unwrap_or_default();
        if list.len() > EMBEDS {
            return Err(Refusal::form(
                "embeds",
                "BASE_TYPE_MAX_LENGTH",
                "Must be 10 or fewer in length.",
            ));
        }
        let text: usize = list
            .iter()
            .flat_map(|embed| ["title", "description"].map(|part| embed.get(part)))
            .flatten()
            .filter_map(Value::as_str)
            .map(|text| text.chars().count())
            .sum();
        if text > EMBED_TEXT {
            let message = "Embed size exceeds maximum size of 6000";
            return Err(Refusal::form("embeds", "MAX_EMBED_SIZE_EXCEEDED", message));
        }
        Ok(Some(list))
    }

    fn nonce(&self) -> Result<Option<Value>, Refusal> {
        match self.value("nonce") {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(Value::Number(number.clone()))),
            Some(_) => Ok(self.text("nonce", 0..=NONCE)?.map(Value::String)),
        }
    }
}

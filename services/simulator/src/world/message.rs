//! Messages. Source: the page Message.

use serde_json::{Value, json};

use super::{Body, Channel, Guild, Id, Refusal, World, reaction::Reaction};
use crate::{clock, gateway::intents};

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Author {
    User(Id),
    /// A webhook, under the name and picture it was given for this message.
    Webhook {
        id: Id,
        name: String,
        avatar: Option<String>,
    },
}

/// A message in a channel.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: Id,
    pub(crate) author: Author,
    pub(crate) content: String,
    /// Unix ms.
    pub(crate) edited: Option<u64>,
    pub(crate) nonce: Option<Value>,
    pub(crate) mentions: Vec<Id>,
    pub(crate) mention_roles: Vec<Id>,
    pub(crate) mention_everyone: bool,
    pub(crate) attachments: Vec<Value>,
    pub(crate) embeds: Vec<Value>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) reference: Option<Id>,
    pub(crate) flags: u64,
    pub(crate) pinned: bool,
}

impl World {
    /// A message as REST shows it to the bot.
    pub(crate) fn message_json(
        &self,
        guild: &Guild,
        channel: &Channel,
        message: &Message,
    ) -> Value {
        let person = |id: &Id| {
            let mut user = self.users.get(id)?.json();
            if let Some(member) = guild.members.get(id) {
                user["member"] = member.partial_json();
            }
            Some(user)
        };
        let mut json = json!({
            "id": message.id, "channel_id": channel.id, "author": self.author_json(&message.author),
            "content": message.content, "timestamp": clock::iso8601(message.id.unix_millis()),
            "edited_timestamp": message.edited.map(clock::iso8601), "tts": false,
            "mention_everyone": message.mention_everyone,
            "mentions": message.mentions.iter().filter_map(person).collect::<Vec<_>>(),
            "mention_roles": message.mention_roles, "attachments": message.attachments,
            "embeds": message.embeds, "components": [], "pinned": message.pinned,
            "flags": message.flags, "type": if message.reference.is_some() { 19 } else { 0 },
            "channel_type": channel.kind,
        });
        if !message.reactions.is_empty() {
            json["reactions"] = message
                .reactions
                .iter()
                .map(|reaction| reaction.json(self.bot))
                .collect();
        }
        if let Some(nonce) = &message.nonce {
            json["nonce"] = nonce.clone();
        }
        if let Author::Webhook { id, .. } = &message.author {
            json["webhook_id"] = json!(id);
        }
        if let Some(reference) = message.reference {
            json["message_reference"] = json!({
                "type": 0, "message_id": reference, "channel_id": channel.id, "guild_id": guild.id,
            });
            json["referenced_message"] = channel
                .messages
                .get(&reference)
                .map(|original| {
                    self.message_json(
                        guild,
                        channel,
                        &Message {
                            reference: None,
                            ..original.clone()
                        },
                    )
                })
                .unwrap_or_default();
        }
        json
    }

    /// A message of a channel, by ids.
    pub(crate) fn message(
        &self,
        channel: Id,
        message: Id,
    ) -> Result<(&Guild, &Channel, &Message), Refusal> {
        let (guild, found) = self.channel(channel)?;
        let message = found
            .messages
            .get(&message)
            .ok_or_else(Refusal::unknown_message)?;
        Ok((guild, found, message))
    }

    /// `MESSAGE_CREATE` or `MESSAGE_UPDATE`.
    pub(super) fn tell_message(
        &mut self,
        kind: &'static str,
        channel: Id,
        message: Id,
    ) -> Result<(), Refusal> {
        let (guild, found, message) = self.message(channel, message)?;
        let guild_id = guild.id;
        if !self.bot_sees(guild, found) {
            return Ok(());
        }
        let mut full = self.message_json(guild, found, message);
        full["guild_id"] = json!(guild_id);
        let own = message.author == Author::User(self.bot) || message.mentions.contains(&self.bot);
        if let Author::User(user) = message.author
            && let Some(member) = guild.members.get(&user)
        {
            full["member"] = member.partial_json();
        }
        let body = if own {
            Body::Plain(full)
        } else {
            let mut blank = full.clone();
            blank["content"] = json!("");
            for list in ["embeds", "attachments", "components"] {
                blank[list] = json!([]);
            }
            if let Some(fields) = blank.as_object_mut() {
                fields.remove("referenced_message");
            }
            Body::Message { full, blank }
        };
        self.tell_as(kind, guild_id, intents::of(kind), body);
        Ok(())
    }

    fn author_json(&self, author: &Author) -> Value {
        match author {
            Author::User(id) => self
                .users
                .get(id)
                .map(super::User::json)
                .unwrap_or_default(),
            Author::Webhook { id, name, avatar } => json!({
                "id": id, "username": name, "global_name": null, "discriminator": "0000",
                "avatar": avatar, "bot": true, "public_flags": 0, "flags": 0,
            }),
        }
    }
}

//! Reactions. Source: the pages Message, "Create Reaction", and Gateway Events.

use serde_json::{Value, json};

use super::{Author, Id, Refusal, World};

/// Most kinds of reactions on one message.
const KINDS_PER_MESSAGE: usize = 20;

/// A Unicode emoji, or a guild's own with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Emoji {
    pub(crate) id: Option<Id>,
    pub(crate) name: String,
}

impl Emoji {
    /// From its form in a path: the character itself, or `name:id`.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some((name, id)) = text.rsplit_once(':') {
            let id = id.parse().map_err(|_| Refusal::unknown_emoji())?;
            return Ok(Self {
                id: Some(id),
                name: name.trim_start_matches("a:").to_owned(),
            });
        }
        let is_emoji = !text.is_empty()
            && text.chars().count() <= 16
            && text
                .chars()
                .any(|c| !c.is_ascii() || matches!(c, '#' | '*' | '0'..='9'))
            && !text.chars().any(|c| c.is_ascii_alphabetic() || c == '%');
        if is_emoji {
            Ok(Self {
                id: None,
                name: text.to_owned(),
            })
        } else {
            Err(Refusal::unknown_emoji())
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "id": self.id, "name": self.name })
    }

    /// U+FE0F after an emoji makes no difference.
    fn same(&self, other: &Self) -> bool {
        let plain = |name: &str| name.replace('\u{fe0f}', "");
        if self.id.is_some() {
            self.id == other.id
        } else {
            plain(&self.name) == plain(&other.name)
        }
    }
}

/// Everybody who reacted to a message with one emoji.
#[derive(Debug, Clone)]
pub(crate) struct Reaction {
    pub(crate) emoji: Emoji,
    pub(crate) users: Vec<Id>,
}

impl Reaction {
    pub(crate) fn json(&self, viewer: Id) -> Value {
        json!({
            "emoji": self.emoji.json(), "count": self.users.len(),
            "count_details": { "normal": self.users.len(), "burst": 0 },
            "me": self.users.contains(&viewer), "me_burst": false, "burst_colors": [],
        })
    }
}

impl World {
    /// Whether anybody has reacted to a message with an emoji.
    pub(crate) fn has_reaction(
        &self,
        channel: Id,
        message: Id,
        emoji: &Emoji,
    ) -> Result<bool, Refusal> {
        let message = self.message(channel, message)?.2;
        Ok(message
            .reactions
            .iter()
            .any(|reaction| reaction.emoji.same(emoji)))
    }

    /// Those who reacted to a message with an emoji.
    pub(crate) fn reacted(
        &self,
        channel: Id,
        message: Id,
        emoji: &Emoji,
    ) -> Result<Vec<Id>, Refusal> {
        let message = self.message(channel, message)?.2;
        let found = message
            .reactions
            .iter()
            .find(|reaction| reaction.emoji.same(emoji));
        Ok(found
            .map(|reaction| reaction.users.clone())
            .unwrap_or_default())
    }

    /// Adds a reaction; one that is there already causes no event.
    pub(crate) fn react(
        &mut self,
        channel: Id,
        message: Id,
        user: Id,
        emoji: &Emoji,
    ) -> Result<(), Refusal> {
        let guild = self.guild_of(channel)?;
        let member = self.member_json(self.guild(guild)?, user)?;
        let state = self.channel_mut(channel)?;
        let found = state
            .messages
            .get_mut(&message)
            .ok_or_else(Refusal::unknown_message)?;
        let full = found.reactions.len() >= KINDS_PER_MESSAGE;
        match found
            .reactions
            .iter_mut()
            .find(|reaction| reaction.emoji.same(emoji))
        {
            Some(reaction) if reaction.users.contains(&user) => return Ok(()),
            Some(reaction) => reaction.users.push(user),
            None if full => return Err(Refusal::too_many_reactions()),
            None => found.reactions.push(Reaction {
                emoji: emoji.clone(),
                users: vec![user],
            }),
        }
        let mut data = json!({
            "user_id": user, "channel_id": channel, "message_id": message, "guild_id": guild,
            "member": member, "emoji": emoji.json(), "burst": false, "type": 0,
        });
        if let Author::User(author) = &found.author {
            data["message_author_id"] = json!(author);
        }
        self.tell_in("MESSAGE_REACTION_ADD", guild, channel, data);
        Ok(())
    }

    /// Takes a reaction away; one that isn't there causes no event.
    pub(crate) fn unreact(
        &mut self,
        channel: Id,
        message: Id,
        user: Id,
        emoji: &Emoji,
    ) -> Result<(), Refusal> {
        let guild = self.guild_of(channel)?;
        let state = self.channel_mut(channel)?;
        let found = state
            .messages
            .get_mut(&message)
            .ok_or_else(Refusal::unknown_message)?;
        let Some(reaction) = found
            .reactions
            .iter_mut()
            .find(|reaction| reaction.emoji.same(emoji))
        else {
            return Ok(());
        };
        let before = reaction.users.len();
        reaction.users.retain(|id| *id != user);
        if reaction.users.len() == before {
            return Ok(());
        }
        found
            .reactions
            .retain(|reaction| !reaction.users.is_empty());
        let data = json!({
            "user_id": user, "channel_id": channel, "message_id": message, "guild_id": guild,
            "emoji": emoji.json(), "burst": false, "type": 0,
        });
        self.tell_in("MESSAGE_REACTION_REMOVE", guild, channel, data);
        Ok(())
    }

    /// Takes all reactions of one emoji, or of all, away.
    pub(crate) fn clear_reactions(
        &mut self,
        channel: Id,
        message: Id,
        emoji: Option<&Emoji>,
    ) -> Result<(), Refusal> {
        let guild = self.guild_of(channel)?;
        let state = self.channel_mut(channel)?;
        let found = state
            .messages
            .get_mut(&message)
            .ok_or_else(Refusal::unknown_message)?;
        let mut data = json!({ "channel_id": channel, "message_id": message, "guild_id": guild });
        if let Some(emoji) = emoji {
            found
                .reactions
                .retain(|reaction| !reaction.emoji.same(emoji));
            data["emoji"] = emoji.json();
            self.tell_in("MESSAGE_REACTION_REMOVE_EMOJI", guild, channel, data);
        } else {
            found.reactions.clear();
            self.tell_in("MESSAGE_REACTION_REMOVE_ALL", guild, channel, data);
        }
        Ok(())
    }
}

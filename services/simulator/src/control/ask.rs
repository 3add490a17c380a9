//! Reading what an act is about: things named by id or by name.

use serde_json::{Map, Value};

use super::ControlError;
use crate::world::{Author, Id, Message, World, permissions as p};

/// Names of permissions that may stand instead of bits.
const PERMISSIONS: [(&str, u64); 19] = [
    ("ADMINISTRATOR", p::ADMINISTRATOR),
    ("KICK_MEMBERS", p::KICK_MEMBERS),
    ("MODERATE_MEMBERS", p::MODERATE_MEMBERS),
    ("SEND_MESSAGES_IN_THREADS", p::SEND_MESSAGES_IN_THREADS),
    ("MANAGE_CHANNELS", p::MANAGE_CHANNELS),
    ("ADD_REACTIONS", p::ADD_REACTIONS),
    ("VIEW_CHANNEL", p::VIEW_CHANNEL),
    ("SEND_MESSAGES", p::SEND_MESSAGES),
    ("MANAGE_MESSAGES", p::MANAGE_MESSAGES),
    ("READ_MESSAGE_HISTORY", p::READ_MESSAGE_HISTORY),
    ("CONNECT", p::CONNECT),
    ("SPEAK", p::SPEAK),
    ("STREAM", p::STREAM),
    ("MUTE_MEMBERS", p::MUTE_MEMBERS),
    ("DEAFEN_MEMBERS", p::DEAFEN_MEMBERS),
    ("MOVE_MEMBERS", p::MOVE_MEMBERS),
    ("MANAGE_ROLES", p::MANAGE_ROLES),
    ("MANAGE_WEBHOOKS", p::MANAGE_WEBHOOKS),
    ("MANAGE_THREADS", p::MANAGE_THREADS),
];

/// The fields of an act.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Ask<'a> {
    /// A field as text; numbers (ids) too.
    pub(super) fn text(self, field: &str) -> Result<Option<String>, ControlError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(ControlError::invalid(
                field,
                format!("`{field}` has to be a text"),
            )),
        }
    }

    pub(super) fn required(self, field: &str) -> Result<String, ControlError> {
        self.text(field)?
            .ok_or_else(|| ControlError::invalid(field, format!("`{field}` is missing")))
    }

    pub(super) fn number(self, field: &str) -> Result<Option<u64>, ControlError> {
        let wrong = || ControlError::invalid(field, format!("`{field}` has to be a whole number"));
        self.text(field)?
            .map(|text| text.parse().map_err(|_| wrong()))
            .transpose()
    }

    pub(super) fn flag(self, field: &str) -> Result<Option<bool>, ControlError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(ControlError::invalid(
                field,
                format!("`{field}` has to be true or false"),
            )),
        }
    }

    /// A list; nothing is an empty one.
    fn list(self, field: &str) -> Result<&'a [Value], ControlError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(ControlError::invalid(
                field,
                format!("`{field}` has to be a list"),
            )),
        }
    }

    /// A list of texts; numbers (ids) too.
    pub(super) fn texts(self, field: &str) -> Result<Vec<String>, ControlError> {
        let wrong = || ControlError::invalid(field, format!("`{field}` has to be a list of texts"));
        self.list(field)?
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.clone()),
                Value::Number(number) => Ok(number.to_string()),
                _ => Err(wrong()),
            })
            .collect()
    }

    /// A list of objects.
    pub(super) fn objects(self, field: &str) -> Result<Vec<&'a Map<String, Value>>, ControlError> {
        let wrong =
            || ControlError::invalid(field, format!("`{field}` has to be a list of objects"));
        self.list(field)?
            .iter()
            .map(|item| item.as_object().ok_or_else(wrong))
            .collect()
    }

    /// A positive number of events a second.
    pub(super) fn rate(self) -> Result<Option<f64>, ControlError> {
        match self.0.get("rate") {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let rate = value.as_f64().filter(|rate| (0.001..=1e6).contains(rate));
                rate.map(Some).ok_or_else(|| {
                    ControlError::invalid("rate", "`rate` has to be 0.001 to 1000000")
                })
            }
        }
    }

    /// Permissions: a number, or names with `|`, `,` or spaces between.
    pub(super) fn bits(self, field: &str) -> Result<u64, ControlError> {
        let Some(text) = self.text(field)? else {
            return Ok(0);
        };
        if let Ok(bits) = text.parse() {
            return Ok(bits);
        }
        text.split(['|', ',', ' '])
            .filter(|name| !name.is_empty())
            .try_fold(0, |bits, name| {
                let known = PERMISSIONS
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name));
                let known = known.ok_or_else(|| {
                    ControlError::unknown(field, format!("there is no permission `{name}`"))
                })?;
                Ok(bits | known.1)
            })
    }

    /// The guild: the one named, or that of a channel named by id, or the default one.
    pub(super) fn guild(self, world: &World) -> Result<Id, ControlError> {
        if let Some(name) = self.text("guild")? {
            let found = world.find_guild(&name).map(|guild| guild.id);
            return found.ok_or_else(|| {
                ControlError::unknown("guild", format!("there is no guild `{name}`"))
            });
        }
        let channel = self
            .text("channel")?
            .or(self.text("thread")?)
            .and_then(|id| id.parse().ok());
        Ok(channel
            .and_then(|channel| world.guild_of(channel).ok())
            .unwrap_or(world.home))
    }

    /// The channel of the guild that a field names.
    pub(super) fn channel_in(
        self,
        world: &World,
        guild: Id,
        field: &str,
        voice: bool,
    ) -> Result<Id, ControlError> {
        let name = self.required(field)?;
        let guild = world.guild(guild)?;
        World::find_channel(guild, &name, voice)
            .map(|channel| channel.id)
            .ok_or_else(|| {
                ControlError::unknown(
                    field,
                    format!("there is no channel `{name}` in {}", guild.name),
                )
            })
    }

    pub(super) fn user(self, world: &World) -> Result<Id, ControlError> {
        let name = self.required("user")?;
        world
            .find_user(&name)
            .ok_or_else(|| ControlError::unknown("user", format!("there is no user `{name}`")))
    }

    pub(super) fn role(self, world: &World, guild: Id) -> Result<Id, ControlError> {
        let name = self.required("role")?;
        let guild = world.guild(guild)?;
        World::find_role(guild, &name).ok_or_else(|| {
            ControlError::unknown(
                "role",
                format!("there is no role `{name}` in {}", guild.name),
            )
        })
    }

    /// The message that `message` names by id, or the newest one of the channel.
    pub(super) fn message(self, world: &World, channel: Id) -> Result<Id, ControlError> {
        let messages = &world.channel(channel)?.1.messages;
        let Some(name) = self.text("message")?.filter(|name| name != "last") else {
            let newest = messages.keys().next_back().copied();
            return newest.ok_or_else(|| {
                ControlError::unknown("message", "there is no message in this channel".to_owned())
            });
        };
        name.parse()
            .ok()
            .filter(|id| messages.contains_key(id))
            .ok_or_else(|| {
                ControlError::unknown("message", format!("there is no message `{name}`"))
            })
    }

    /// The text of a message with its mark.
    pub(super) fn content(self) -> Result<String, ControlError> {
        let mark = self.text("mark")?.or(self.text("nonce")?);
        match (self.text("content")?, mark) {
            (Some(content), Some(mark)) => Ok(format!("{content} {mark}")),
            (Some(text), None) | (None, Some(text)) => Ok(text),
            (None, None) => Err(ControlError::invalid("content", "`content` is missing")),
        }
    }
}

/// Who wrote a message, if it was a user.
pub(super) fn author(message: &Message) -> Option<Id> {
    match message.author {
        Author::User(user) => Some(user),
        Author::Webhook { .. } => None,
    }
}

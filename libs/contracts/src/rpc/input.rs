//! Reads what browsers send, and names everything that is wrong with it at once.

use serde_json::{Map, Value};

use super::{
    AddReaction, ConnectUserToVoiceChannel, CreateInvite, CreateRoom, DeleteRoom, IssueStreamToken,
    JoinRoom, RevokeInvite, SendMessage,
    rules::{self, Fault},
};
use crate::{
    invite::{InviteId, InviteToken},
    problem::FieldProblem,
};

/// The input of a function. Fields that it does not know are ignored, so that newer pages may speak to older replicas.
pub trait Input: Sized {
    /// Takes its fields; `None` if something is wrong with one of them.
    fn take(fields: &mut Fields<'_>) -> Option<Self>;

    /// Reads the object that was sent.
    fn read(object: &Map<String, Value>) -> Result<Self, Vec<FieldProblem>> {
        let mut fields = Fields {
            object,
            problems: Vec::new(),
        };
        match Self::take(&mut fields) {
            Some(input) if fields.problems.is_empty() => Ok(input),
            _ => Err(fields.problems),
        }
    }
}

/// The fields of an object, and what was found to be wrong with them.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<FieldProblem>,
}

impl Fields<'_> {
    fn required<T>(
        &mut self,
        field: &str,
        rule: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        match self.object.get(field) {
            None | Some(Value::Null) => {
                self.wrong(field, Fault::new("required", "is missing"));
                None
            }
            Some(value) => rule(value).map_err(|fault| self.wrong(field, fault)).ok(),
        }
    }

    /// Null is as good as absent.
    fn optional<T>(
        &mut self,
        field: &str,
        rule: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = self.object.get(field).filter(|value| !value.is_null())?;
        rule(value).map_err(|fault| self.wrong(field, fault)).ok()
    }

    fn wrong(&mut self, field: &str, fault: Fault) {
        self.problems.push(FieldProblem {
            field: field.to_owned(),
            code: fault.code.to_owned(),
            message: fault.message,
        });
    }
}

fn text<T>(rule: impl FnOnce(&str) -> Result<T, Fault>) -> impl FnOnce(&Value) -> Result<T, Fault> {
    move |value| match value.as_str() {
        Some(text) => rule(text),
        None => Err(Fault::new("type", "has to be a string")),
    }
}

/// Ids are strings here: a number that a browser once held as a double may be another id.
fn id<T: std::str::FromStr>(value: &Value) -> Result<T, Fault> {
    text(|text| {
        text.parse()
            .map_err(|_| Fault::new("invalid", "has to be a Discord id: 1 to 20 digits"))
    })(value)
}

fn number(least: u32, most: u32) -> impl FnOnce(&Value) -> Result<u32, Fault> {
    move |value| {
        let whole = match value.as_u64() {
            Some(whole) => Some(whole),
            // JSON knows one kind of number: 5.0 is 5, 1e2 is 100.
            None => value.as_f64().and_then(|number| {
                (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number))
                    .then_some(number as u64)
            }),
        };
        if value.as_f64().is_none() {
            return Err(Fault::new("type", "has to be a whole number"));
        }
        whole
            .and_then(|whole| u32::try_from(whole).ok())
            .filter(|whole| (least..=most).contains(whole))
            .ok_or_else(|| {
                let message = format!("has to be a whole number from {least} to {most}");
                Fault::new("out-of-range", message)
            })
    }
}

fn invite_token(text: &str) -> Result<String, Fault> {
    match text.parse::<InviteToken>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(Fault::new("invalid", "is not the token of an invite")),
    }
}

fn invite_id(text: &str) -> Result<String, Fault> {
    match text.parse::<InviteId>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(Fault::new("invalid", "is not the id of an invite")),
    }
}

// Every field is looked at before any is missed: the `?` stand at the end.

impl Input for CreateRoom {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", text(rules::room_name));
        let user_limit = fields.optional("userLimit", number(0, rules::MOST_USERS));
        let guild_id = fields.optional("guildId", id);
        Some(Self {
            name: name?,
            user_limit,
            guild_id,
        })
    }
}

impl Input for JoinRoom {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.required("token", text(invite_token))?;
        Some(Self { token })
    }
}

impl Input for ConnectUserToVoiceChannel {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let guild_id = fields.required("guildId", id);
        let channel_id = fields.required("channelId", id);
        let user_id = fields.required("userId", id);
        Some(Self {
            guild_id: guild_id?,
            channel_id: channel_id?,
            user_id: user_id?,
        })
    }
}

impl Input for DeleteRoom {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let channel_id = fields.required("channelId", id)?;
        Some(Self { channel_id })
    }
}

impl Input for CreateInvite {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let (shortest, longest) = rules::INVITE_SECONDS;
        let (fewest, most) = rules::INVITE_USES;
        let channel_id = fields.required("channelId", id);
        let expires_in = fields.optional("expiresIn", number(shortest, longest));
        let max_uses = fields.optional("maxUses", number(fewest, most));
        Some(Self {
            channel_id: channel_id?,
            expires_in,
            max_uses,
        })
    }
}

impl Input for RevokeInvite {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let invite_id = fields.required("inviteId", text(invite_id))?;
        Some(Self { invite_id })
    }
}

impl Input for SendMessage {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let channel_id = fields.required("channelId", id);
        let content = fields.required("content", text(rules::content));
        Some(Self {
            channel_id: channel_id?,
            content: content?,
        })
    }
}

impl Input for AddReaction {
    fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let channel_id = fields.required("channelId", id);
        let message_id = fields.required("messageId", id);
        let emoji = fields.required("emoji", text(rules::emoji));
        Some(Self {
            channel_id: channel_id?,
            message_id: message_id?,
            emoji: emoji?,
        })
    }
}

impl Input for IssueStreamToken {
    fn take(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self {})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ChannelId, GuildId};

    fn read<T: Input>(value: &Value) -> Result<T, Vec<(String, String)>> {
        T::read(value.as_object().unwrap()).map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| (problem.field, problem.code))
                .collect()
        })
    }

    fn wrong(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(field, code): &(&str, &str)| ((*field).to_owned(), (*code).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_good_input_is_normalized_and_what_is_unknown_is_ignored() {
        let room = json!({"name": " Lounge ", "userLimit": 5.0, "guildId": null, "color": "red"});
        assert_eq!(
            read::<CreateRoom>(&room),
            Ok(CreateRoom {
                name: "Lounge".into(),
                user_limit: Some(5),
                guild_id: None
            })
        );
        let invite = json!({"channelId": "7", "expiresIn": 60, "maxUses": 100});
        assert_eq!(
            read::<CreateInvite>(&invite),
            Ok(CreateInvite {
                channel_id: ChannelId::new(7),
                expires_in: Some(60),
                max_uses: Some(100)
            })
        );
        let token = InviteToken::new(GuildId::new(1), [7; 24]).to_string();
        assert!(read::<JoinRoom>(&json!({ "token": token })).is_ok());
    }

    #[test]
    fn all_fields_that_are_wrong_are_named_at_once() {
        let room = json!({"name": "x".repeat(101), "userLimit": 100, "guildId": 7});
        assert_eq!(
            read::<CreateRoom>(&room),
            Err(wrong(&[
                ("name", "too-long"),
                ("userLimit", "out-of-range"),
                ("guildId", "type")
            ]))
        );
        let room = json!({"name": ["x"], "userLimit": "5", "guildId": "-7"});
        assert_eq!(
            read::<CreateRoom>(&room),
            Err(wrong(&[
                ("name", "type"),
                ("userLimit", "type"),
                ("guildId", "invalid")
            ]))
        );
        let missing = wrong(&[
            ("channelId", "required"),
            ("messageId", "required"),
            ("emoji", "required"),
        ]);
        assert_eq!(read::<AddReaction>(&json!({})), Err(missing));
        let invite = json!({"channelId": "7", "expiresIn": 59, "maxUses": 0});
        assert_eq!(
            read::<CreateInvite>(&invite),
            Err(wrong(&[
                ("expiresIn", "out-of-range"),
                ("maxUses", "out-of-range")
            ]))
        );
        for number in [
            json!(-1),
            json!(0.5),
            json!(1e300),
            json!(-0.5),
            json!(100.0),
        ] {
            let room = json!({"name": "x", "userLimit": number});
            assert_eq!(
                read::<CreateRoom>(&room),
                Err(wrong(&[("userLimit", "out-of-range")]))
            );
        }
        for token in [json!(""), json!("x".repeat(64)), json!("A".repeat(64))] {
            let wrong = wrong(&[("token", "invalid")]);
            assert_eq!(read::<JoinRoom>(&json!({ "token": token })), Err(wrong));
        }
        assert!(read::<RevokeInvite>(&json!({"inviteId": "1"})).is_err());
    }
}

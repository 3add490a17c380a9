//! Who is online. Source: the page Gateway Events, "Presence Update".

use serde_json::{Value, json};

use super::{Id, Refusal, World};

/// A user's presence in a guild.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Presence {
    /// online, idle, dnd or offline.
    pub(crate) status: String,
    pub(crate) activities: Vec<Value>,
}

impl Presence {
    pub(crate) fn online() -> Self {
        Self {
            status: "online".to_owned(),
            activities: Vec::new(),
        }
    }

    pub(crate) fn json(&self, guild: Id, user: Id) -> Value {
        let mut clients = json!({});
        if self.status != "offline" {
            clients["desktop"] = json!(self.status);
        }
        json!({
            "user": { "id": user }, "guild_id": guild, "status": self.status,
            "activities": self.activities, "client_status": clients,
        })
    }
}

impl World {
    /// Sets a user's presence; every guild that shares the user with the bot hears of it.
    pub(crate) fn set_presence(&mut self, user: Id, presence: &Presence) -> Result<(), Refusal> {
        self.user(user)?;
        let guilds: Vec<Id> = self.guilds_of(user).map(|guild| guild.id).collect();
        for guild in guilds {
            let known = self
                .guild_mut(guild)?
                .presences
                .insert(user, presence.clone());
            if known.as_ref() != Some(presence) {
                self.tell("PRESENCE_UPDATE", guild, presence.json(guild, user));
            }
        }
        Ok(())
    }
}

/// Whether a status is one of Discord's.
pub(crate) fn is_status(status: &str) -> bool {
    matches!(status, "online" | "idle" | "dnd" | "offline")
}

/// A game being played, as an activity.
pub(crate) fn playing(name: &str) -> Value {
    json!({ "id": "ec0b28a579ecb4bd", "name": name, "type": 0, "created_at": 1_714_557_600_000_u64 })
}

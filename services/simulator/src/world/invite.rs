//! Invites to channels. Source: the page Invite.

use serde_json::{Value, json};

use super::{Id, Refusal, World};
use crate::clock;

/// What an invite was made with; invites are told and answered, not kept.
#[derive(Debug, Clone)]
pub(crate) struct Invite {
    pub(crate) code: String,
    /// Seconds; 0 = for ever.
    pub(crate) max_age: u64,
    /// 0 = any number.
    pub(crate) max_uses: u64,
    pub(crate) temporary: bool,
}

impl World {
    /// Makes an invite and returns it as REST answers it.
    pub(crate) fn create_invite(&mut self, channel: Id, invite: &Invite) -> Result<Value, Refusal> {
        let (guild, found) = self.channel(channel)?;
        let (guild_id, guild_name) = (guild.id, guild.name.clone());
        let (kind, name) = (found.kind, found.name.clone());
        let now = clock::unix_millis();
        let expires = (invite.max_age > 0)
            .then(|| clock::iso8601(now.saturating_add(invite.max_age * 1_000)));
        let mut json = json!({
            "code": invite.code, "created_at": clock::iso8601(now), "expires_at": expires,
            "inviter": self.user(self.bot)?.json(), "max_age": invite.max_age,
            "max_uses": invite.max_uses, "temporary": invite.temporary, "uses": 0, "type": 0,
        });
        let mut data = json.clone();
        data["channel_id"] = json!(channel);
        data["guild_id"] = json!(guild_id);
        self.tell_in("INVITE_CREATE", guild_id, channel, data);
        json["channel"] = json!({ "id": channel, "name": name, "type": kind });
        json["guild"] = json!({ "id": guild_id, "name": guild_name });
        Ok(json)
    }
}

//! Who is writing. Source: the page Gateway Events, "Typing Start".

use serde_json::json;

use super::{Id, Refusal, World};
use crate::clock;

impl World {
    pub(crate) fn start_typing(&mut self, channel: Id, user: Id) -> Result<(), Refusal> {
        let (guild, found) = self.channel(channel)?;
        if !found.has_text() {
            return Err(Refusal::non_text_channel());
        }
        let id = guild.id;
        let data = json!({
            "channel_id": channel, "guild_id": id, "user_id": user,
            "timestamp": clock::unix_millis() / 1_000, "member": self.member_json(guild, user)?,
        });
        self.tell_in("TYPING_START", id, channel, data);
        Ok(())
    }
}

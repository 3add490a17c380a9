//! Changing and deleting messages. Source: the page Message, "Edit Message", "Bulk Delete Messages".

use serde_json::{Value, json};

use super::{Id, Refusal, World};
use crate::clock;

impl World {
    pub(crate) fn edit_message(
        &mut self,
        channel: Id,
        message: Id,
        content: Option<String>,
        embeds: Option<Vec<Value>>,
    ) -> Result<(), Refusal> {
        let state = self.channel_mut(channel)?;
        let found = state
            .messages
            .get_mut(&message)
            .ok_or_else(Refusal::unknown_message)?;
        found.content = content.unwrap_or_else(|| found.content.clone());
        found.embeds = embeds.unwrap_or_else(|| found.embeds.clone());
        found.edited = Some(clock::unix_millis());
        self.tell_message("MESSAGE_UPDATE", channel, message)
    }

    pub(crate) fn delete_message(&mut self, channel: Id, message: Id) -> Result<(), Refusal> {
        let guild = self.guild_of(channel)?;
        let state = self.channel_mut(channel)?;
        state
            .messages
            .remove(&message)
            .ok_or_else(Refusal::unknown_message)?;
        let data = json!({ "id": message, "channel_id": channel, "guild_id": guild });
        self.tell_in("MESSAGE_DELETE", guild, channel, data);
        Ok(())
    }

    /// Deletes several messages with one event; unknown ones are left out.
    pub(crate) fn delete_messages(
        &mut self,
        channel: Id,
        messages: &[Id],
    ) -> Result<usize, Refusal> {
        let guild = self.guild_of(channel)?;
        let state = self.channel_mut(channel)?;
        let gone: Vec<Id> = messages
            .iter()
            .copied()
            .filter(|id| state.messages.remove(id).is_some())
            .collect();
        if !gone.is_empty() {
            let data = json!({ "ids": gone, "channel_id": channel, "guild_id": guild });
            self.tell_in("MESSAGE_DELETE_BULK", guild, channel, data);
        }
        Ok(gone.len())
    }

    /// Pins or unpins a message: `MESSAGE_UPDATE` and `CHANNEL_PINS_UPDATE`.
    pub(crate) fn pin_message(
        &mut self,
        channel: Id,
        message: Id,
        pinned: bool,
    ) -> Result<(), Refusal> {
        let guild = self.guild_of(channel)?;
        let state = self.channel_mut(channel)?;
        let found = state
            .messages
            .get_mut(&message)
            .ok_or_else(Refusal::unknown_message)?;
        found.pinned = pinned;
        if pinned {
            state.last_pin = Some(clock::unix_millis());
        }
        let last = state.last_pin.map(clock::iso8601);
        let data = json!({ "guild_id": guild, "channel_id": channel, "last_pin_timestamp": last });
        self.tell_in("CHANNEL_PINS_UPDATE", guild, channel, data);
        self.tell_message("MESSAGE_UPDATE", channel, message)
    }
}

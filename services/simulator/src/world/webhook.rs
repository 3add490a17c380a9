//! Webhooks of channels. Source: the page Webhook.

use serde_json::{Value, json};

use super::{Id, Refusal, World, kind};

/// Most webhooks of a channel.
const WEBHOOKS_PER_CHANNEL: usize = 15;

/// A webhook: a name under which an application may write in a channel.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) id: Id,
    pub(crate) channel: Id,
    pub(crate) name: String,
    pub(crate) token: String,
}

impl Webhook {
    pub(crate) fn json(&self, guild: Id, application: Id, maker: &Value) -> Value {
        json!({
            "id": self.id, "type": 1, "guild_id": guild, "channel_id": self.channel, "name": self.name,
            "avatar": null, "token": self.token, "application_id": application, "user": maker,
        })
    }
}

impl World {
    pub(crate) fn create_webhook(
        &mut self,
        channel: Id,
        name: &str,
        token: String,
    ) -> Result<Id, Refusal> {
        let guild = self.guild_of(channel)?;
        let found = self.channel(channel)?.1;
        if found.kind == kind::CATEGORY || found.thread.is_some() {
            return Err(Refusal::wrong_channel_kind());
        }
        let webhooks = self.guild(guild)?.webhooks.values();
        if webhooks.filter(|known| known.channel == channel).count() >= WEBHOOKS_PER_CHANNEL {
            return Err(Refusal::too_many_webhooks());
        }
        let id = self.next_id();
        let webhook = Webhook {
            id,
            channel,
            name: name.to_owned(),
            token,
        };
        self.guild_mut(guild)?.webhooks.insert(id, webhook);
        self.tell_webhooks(guild, channel);
        Ok(id)
    }

    pub(crate) fn webhook(&self, id: Id) -> Result<&Webhook, Refusal> {
        self.guilds
            .values()
            .find_map(|guild| guild.webhooks.get(&id))
            .ok_or_else(Refusal::unknown_webhook)
    }

    pub(crate) fn delete_webhook(&mut self, id: Id) -> Result<(), Refusal> {
        let channel = self.webhook(id)?.channel;
        let guild = self.guild_of(channel)?;
        self.guild_mut(guild)?.webhooks.remove(&id);
        self.tell_webhooks(guild, channel);
        Ok(())
    }

    fn tell_webhooks(&mut self, guild: Id, channel: Id) {
        let data = json!({ "guild_id": guild, "channel_id": channel });
        self.tell_in("WEBHOOKS_UPDATE", guild, channel, data);
    }
}

//! What the bot can view, and what the Gateway says of channels that it can't.
//! Source: change log of August 2026, "Channel Obfuscation".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Channel, Guild, Id, World, kind, permissions};

/// `CHANNEL_OBFUSCATED` among a channel's flags.
pub(crate) const OBFUSCATED: u64 = 1 << 17;

/// The name that stands for the name of an obfuscated channel.
pub(crate) const HIDDEN_NAME: &str = "___hidden___";

impl World {
    /// Whether the bot can view a channel: by `VIEW_CHANNEL` or by being connected to it; a category, if it
    /// can view any channel in it.
    pub(crate) fn bot_sees(&self, guild: &Guild, channel: &Channel) -> bool {
        let views = |channel: &Channel| {
            permissions::in_channel(guild, channel, self.bot) & permissions::VIEW_CHANNEL != 0
                || guild
                    .voice
                    .get(&self.bot)
                    .is_some_and(|voice| voice.channel == channel.id)
        };
        views(channel)
            || (channel.kind == kind::CATEGORY
                && guild
                    .channels
                    .values()
                    .any(|child| child.parent == Some(channel.id) && views(child)))
    }

    /// [`World::bot_sees`] by ids; false for what doesn't exist.
    pub(crate) fn bot_views(&self, guild: Id, channel: Id) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| {
            guild
                .channels
                .get(&channel)
                .is_some_and(|channel| self.bot_sees(guild, channel))
        })
    }

    /// A channel as the Gateway shows it to the bot.
    pub(crate) fn channel_json(&self, guild: &Guild, channel: &Channel) -> Value {
        if !self.obfuscates || self.bot_sees(guild, channel) {
            return channel.json(guild.id, self.bot);
        }
        let shut = json!([{
            "id": guild.id, "type": 0, "allow": "0", "deny": permissions::VIEW_CHANNEL.to_string(),
        }]);
        json!({
            "id": channel.id, "type": channel.kind, "guild_id": guild.id, "position": channel.position,
            "parent_id": channel.parent, "name": HIDDEN_NAME, "flags": OBFUSCATED,
            "permission_overwrites": shut, "topic": null, "last_message_id": null, "nsfw": false,
        })
    }

    /// The channels of a guild that the bot can view now; to be compared after a change.
    pub(super) fn visible_channels(&self, guild: Id) -> BTreeSet<Id> {
        let Some(guild) = self.guilds.get(&guild) else {
            return BTreeSet::new();
        };
        let sees = |channel: &&Channel| channel.thread.is_none() && self.bot_sees(guild, channel);
        guild
            .channels
            .values()
            .filter(sees)
            .map(|channel| channel.id)
            .collect()
    }

    /// `CHANNEL_UPDATE` for every channel that the bot has come to see or lost sight of.
    pub(super) fn tell_visibility(&mut self, guild: Id, seen: &BTreeSet<Id>) {
        let sees = self.visible_channels(guild);
        let changed: Vec<Id> = seen.symmetric_difference(&sees).copied().collect();
        for channel in changed {
            self.tell_channel(guild, channel);
            if sees.contains(&channel) {
                self.tell_threads(guild, channel);
            }
        }
    }

    /// `CHANNEL_UPDATE` for one channel that changed, and for others whose visibility changed by it.
    pub(super) fn tell_channel_update(&mut self, guild: Id, channel: Id, seen: &BTreeSet<Id>) {
        let mut seen = seen.clone();
        let sees = self.bot_views(guild, channel);
        let saw = if sees {
            !seen.insert(channel)
        } else {
            seen.remove(&channel)
        };
        if sees || saw || !self.obfuscates {
            self.tell_channel(guild, channel);
        }
        if sees && !saw {
            self.tell_threads(guild, channel);
        }
        self.tell_visibility(guild, &seen);
    }

    fn tell_channel(&mut self, guild: Id, channel: Id) {
        let Some(state) = self.guilds.get(&guild) else {
            return;
        };
        let Some(data) = state
            .channels
            .get(&channel)
            .map(|channel| self.channel_json(state, channel))
        else {
            return;
        };
        self.tell("CHANNEL_UPDATE", guild, data);
    }

    /// `THREAD_LIST_SYNC` when the bot gains a channel that has threads.
    fn tell_threads(&mut self, guild: Id, parent: Id) {
        let Some(state) = self.guilds.get(&guild) else {
            return;
        };
        let threads: Vec<Value> = state
            .channels
            .values()
            .filter(|thread| thread.is_active() && thread.parent == Some(parent))
            .filter(|thread| self.bot_sees(state, thread))
            .map(|thread| self.channel_json(state, thread))
            .collect();
        if !threads.is_empty() {
            let data = json!({
                "guild_id": guild, "channel_ids": [parent], "threads": threads, "members": [],
            });
            self.tell("THREAD_LIST_SYNC", guild, data);
        }
    }
}

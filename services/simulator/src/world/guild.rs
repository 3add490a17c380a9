//! Guilds. Source: the pages Guild and Gateway Events, "Guild Create", "Guild Delete".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Body, Channel, Id, Member, Presence, Refusal, Role, VoiceState, Webhook, World};
use crate::{clock, gateway::intents};

/// A guild and all that is in it.
#[derive(Debug, Clone)]
pub(crate) struct Guild {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) owner: Id,
    pub(crate) icon: Option<String>,
    /// False during an outage.
    pub(crate) available: bool,
    pub(crate) roles: BTreeMap<Id, Role>,
    /// Channels and threads.
    pub(crate) channels: BTreeMap<Id, Channel>,
    pub(crate) members: BTreeMap<Id, Member>,
    pub(crate) voice: BTreeMap<Id, VoiceState>,
    pub(crate) presences: BTreeMap<Id, Presence>,
    pub(crate) webhooks: BTreeMap<Id, Webhook>,
}

impl Guild {
    /// The guild without what only `GUILD_CREATE` carries.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "icon": self.icon, "owner_id": self.owner,
            "roles": self.roles.values().map(Role::json).collect::<Vec<_>>(),
            "afk_channel_id": null, "afk_timeout": 300, "application_id": null, "banner": null,
            "default_message_notifications": 1, "description": null, "discovery_splash": null,
            "emojis": [], "explicit_content_filter": 0, "features": [], "home_header": null,
            "incidents_data": null, "max_members": 500_000, "max_presences": null,
            "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "mfa_level": 0,
            "nsfw": false, "nsfw_level": 0, "preferred_locale": "en-GB",
            "premium_progress_bar_enabled": false, "premium_subscription_count": 0,
            "premium_tier": 0, "public_updates_channel_id": null, "region": "rotterdam",
            "rules_channel_id": null, "safety_alerts_channel_id": null, "splash": null,
            "stickers": [], "system_channel_flags": 0, "system_channel_id": null,
            "vanity_url_code": null, "verification_level": 0, "widget_channel_id": null,
            "widget_enabled": false,
        })
    }
}

impl World {
    /// `GUILD_CREATE`'s data for a session with these intents.
    pub(crate) fn guild_create(
        &self,
        guild: Id,
        session_intents: u64,
        large_threshold: u64,
    ) -> Option<Value> {
        let guild = self.guilds.get(&guild)?;
        if !guild.available {
            return Some(json!({ "id": guild.id, "unavailable": true }));
        }
        let with_presences = session_intents & intents::GUILD_PRESENCES != 0;
        let with_voice = session_intents & intents::GUILD_VOICE_STATES != 0;
        let large = guild.members.len() as u64 > large_threshold;
        let listed = |user: Id, member: &Member| {
            user == self.bot
                || guild.voice.contains_key(&user)
                || (with_presences
                    && (!large
                        || !member.roles.is_empty()
                        || member.nick.is_some()
                        || guild
                            .presences
                            .get(&user)
                            .is_some_and(|presence| presence.status != "offline")))
        };
        let members: Vec<Value> = guild
            .members
            .iter()
            .filter(|(user, member)| listed(**user, member))
            .filter_map(|(user, _)| self.member_json(guild, *user).ok())
            .collect();
        let (threads, channels): (Vec<&Channel>, Vec<&Channel>) = guild
            .channels
            .values()
            .partition(|channel| channel.thread.is_some());
        let presences = guild
            .presences
            .iter()
            .filter(|(_, presence)| presence.status != "offline");
        let mut json = guild.json();
        let joined_at = guild
            .members
            .get(&self.bot)
            .map(|bot| clock::iso8601(bot.joined_at));
        json["joined_at"] = json!(joined_at);
        json["large"] = json!(large);
        json["unavailable"] = json!(false);
        json["member_count"] = json!(guild.members.len());
        json["members"] = json!(members);
        json["channels"] = channels
            .iter()
            .map(|channel| self.channel_json(guild, channel))
            .collect();
        json["threads"] = threads
            .iter()
            .filter(|thread| thread.is_active() && self.bot_sees(guild, thread))
            .map(|thread| self.channel_json(guild, thread))
            .collect();
        json["voice_states"] = guild
            .voice
            .iter()
            .filter(|_| with_voice)
            .map(|(user, voice)| voice.json(*user))
            .collect();
        json["presences"] = presences
            .filter(|_| with_presences)
            .map(|(user, presence)| presence.json(guild.id, *user))
            .collect();
        for list in [
            "stage_instances",
            "guild_scheduled_events",
            "soundboard_sounds",
        ] {
            json[list] = json!([]);
        }
        Some(json)
    }

    /// The bot is brought into a guild.
    pub(crate) fn add_bot(&mut self, guild: Id) -> Result<(), Refusal> {
        let (bot, state) = (self.bot, self.guild_mut(guild)?);
        if state.members.contains_key(&bot) {
            return Ok(());
        }
        state
            .members
            .insert(bot, Member::new(bot, clock::unix_millis()));
        state.presences.insert(bot, Presence::online());
        if let Some(role) = state
            .roles
            .values()
            .find(|role| role.managed)
            .map(|role| role.id)
        {
            state
                .members
                .entry(bot)
                .and_modify(|member| member.roles.push(role));
        }
        self.tell_always("GUILD_CREATE", Some(guild), Body::Guild(guild));
        Ok(())
    }

    /// The bot is removed from a guild: `GUILD_DELETE` without `unavailable`.
    pub(crate) fn remove_bot(&mut self, guild: Id) -> Result<(), Refusal> {
        let (bot, state) = (self.bot, self.guild_mut(guild)?);
        state
            .members
            .remove(&bot)
            .ok_or_else(Refusal::unknown_member)?;
        state.presences.remove(&bot);
        state.voice.remove(&bot);
        self.tell_always(
            "GUILD_DELETE",
            Some(guild),
            Body::Plain(json!({ "id": guild })),
        );
        Ok(())
    }

    /// A guild goes out of reach or comes back.
    pub(crate) fn set_available(&mut self, guild: Id, available: bool) -> Result<(), Refusal> {
        self.bot_guild(guild)?;
        let state = self.guild_mut(guild)?;
        if std::mem::replace(&mut state.available, available) == available {
            return Ok(());
        }
        if available {
            self.tell_always("GUILD_CREATE", Some(guild), Body::Guild(guild));
        } else {
            let data = json!({ "id": guild, "unavailable": true });
            self.tell_always("GUILD_DELETE", Some(guild), Body::Plain(data));
        }
        Ok(())
    }

    /// Renames a guild.
    pub(crate) fn rename_guild(&mut self, guild: Id, name: &str) -> Result<(), Refusal> {
        name.clone_into(&mut self.guild_mut(guild)?.name);
        let data = self.guild(guild)?.json();
        self.tell("GUILD_UPDATE", guild, data);
        Ok(())
    }

    /// Somebody else owns a guild from now on.
    pub(crate) fn set_owner(&mut self, guild: Id, owner: Id) -> Result<(), Refusal> {
        let seen = self.visible_channels(guild);
        let state = self.guild_mut(guild)?;
        if !state.members.contains_key(&owner) {
            return Err(Refusal::unknown_member());
        }
        if std::mem::replace(&mut state.owner, owner) != owner {
            let data = self.guild(guild)?.json();
            self.tell("GUILD_UPDATE", guild, data);
            self.tell_visibility(guild, &seen);
        }
        Ok(())
    }

    /// A new guild of a shard, with the bot's role, one text channel and one voice channel. The bot isn't in it yet.
    pub(crate) fn found_guild(
        &mut self,
        name: &str,
        owner: Id,
        shard: Option<u64>,
    ) -> Result<Id, Refusal> {
        self.user(owner)?;
        let id = match shard {
            Some(shard) => self.next_id_on(shard),
            None => self.next_id(),
        };
        let bots = Role {
            permissions: super::seed::BOT,
            position: 1,
            managed: true,
            name: "Fanfare".to_owned(),
            ..Role::everyone(self.next_id())
        };
        let (text, voice) = (self.next_id(), self.next_id());
        let now = clock::unix_millis();
        let mut guild = Guild {
            id,
            name: name.to_owned(),
            owner,
            icon: None,
            available: true,
            roles: BTreeMap::from([(id, Role::everyone(id)), (bots.id, bots)]),
            channels: BTreeMap::new(),
            members: BTreeMap::from([(owner, Member::new(owner, now))]),
            voice: BTreeMap::new(),
            presences: BTreeMap::from([(owner, Presence::online())]),
            webhooks: BTreeMap::new(),
        };
        guild
            .channels
            .insert(text, Channel::new(text, super::kind::TEXT, "general"));
        guild
            .channels
            .insert(voice, Channel::new(voice, super::kind::VOICE, "General"));
        self.guilds.insert(id, guild);
        Ok(id)
    }
}

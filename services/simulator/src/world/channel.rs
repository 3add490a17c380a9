//! Channels. Source: the page Channel.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Guild, Id, Message, Overwrite, Refusal, World, thread::Thread};
use crate::clock;

/// The kinds of channels, by Discord's numbers.
pub(crate) mod kind {
    pub(crate) const TEXT: u8 = 0;
    pub(crate) const VOICE: u8 = 2;
    pub(crate) const CATEGORY: u8 = 4;
    pub(crate) const ANNOUNCEMENT: u8 = 5;
    pub(crate) const PUBLIC_THREAD: u8 = 11;
    pub(crate) const PRIVATE_THREAD: u8 = 12;
    pub(crate) const STAGE: u8 = 13;
    pub(crate) const FORUM: u8 = 15;
}

/// Most channels a guild may have, without threads.
const CHANNELS_PER_GUILD: usize = 500;

/// Most channels a category may have.
const CHANNELS_PER_CATEGORY: usize = 50;

/// A channel or a thread of a guild.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: Id,
    pub(crate) kind: u8,
    pub(crate) name: String,
    pub(crate) position: u64,
    pub(crate) parent: Option<Id>,
    pub(crate) topic: Option<String>,
    pub(crate) nsfw: bool,
    pub(crate) overwrites: Vec<Overwrite>,
    /// 0 = no limit.
    pub(crate) user_limit: u64,
    pub(crate) bitrate: u64,
    /// Seconds.
    pub(crate) rate_limit_per_user: u64,
    pub(crate) status: Option<String>,
    pub(crate) last_message: Option<Id>,
    /// Unix ms.
    pub(crate) last_pin: Option<u64>,
    pub(crate) messages: BTreeMap<Id, Message>,
    pub(crate) thread: Option<Thread>,
}

impl Channel {
    pub(crate) fn new(id: Id, kind: u8, name: &str) -> Self {
        Self {
            id,
            kind,
            name: name.to_owned(),
            position: 0,
            parent: None,
            topic: None,
            nsfw: false,
            overwrites: Vec::new(),
            user_limit: 0,
            bitrate: 64_000,
            rate_limit_per_user: 0,
            status: None,
            last_message: None,
            last_pin: None,
            messages: BTreeMap::new(),
            thread: None,
        }
    }

    pub(crate) fn is_voice(&self) -> bool {
        matches!(self.kind, kind::VOICE | kind::STAGE)
    }

    /// Whether it is a thread that is not put away.
    pub(crate) fn is_active(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.archived)
    }

    /// Whether messages can be written in it.
    pub(crate) fn has_text(&self) -> bool {
        !matches!(self.kind, kind::CATEGORY | kind::FORUM)
    }

    /// The channel in full.
    pub(crate) fn json(&self, guild: Id, viewer: Id) -> Value {
        let mut json = json!({
            "id": self.id, "type": self.kind, "guild_id": guild, "name": self.name,
            "parent_id": self.parent, "flags": 0, "last_message_id": self.last_message,
            "rate_limit_per_user": self.rate_limit_per_user,
        });
        if let Some(thread) = &self.thread {
            thread.add_json(&mut json, self, viewer);
            return json;
        }
        json["position"] = json!(self.position);
        json["permission_overwrites"] = self.overwrites.iter().map(Overwrite::json).collect();
        json["nsfw"] = json!(self.nsfw);
        if self.is_voice() {
            json["bitrate"] = json!(self.bitrate);
            json["user_limit"] = json!(self.user_limit);
            json["rtc_region"] = Value::Null;
            if let Some(status) = &self.status {
                json["status"] = json!(status);
            }
        } else if self.kind != kind::CATEGORY {
            json["topic"] = json!(self.topic);
            json["last_pin_timestamp"] = json!(self.last_pin.map(clock::iso8601));
        }
        json
    }
}

/// What a new channel is to be.
#[derive(Debug, Clone)]
pub(crate) struct ChannelDraft {
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) parent: Option<Id>,
    pub(crate) topic: Option<String>,
    pub(crate) user_limit: u64,
    pub(crate) bitrate: Option<u64>,
    pub(crate) position: Option<u64>,
    pub(crate) nsfw: bool,
    pub(crate) rate_limit_per_user: u64,
    pub(crate) overwrites: Vec<Overwrite>,
}

impl ChannelDraft {
    pub(crate) fn new(name: &str, kind: u8) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            parent: None,
            topic: None,
            user_limit: 0,
            bitrate: None,
            position: None,
            nsfw: false,
            rate_limit_per_user: 0,
            overwrites: Vec::new(),
        }
    }
}

/// What is to change of a channel; `None` = nothing. An inner `None` clears the field.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChannelPatch {
    pub(crate) name: Option<String>,
    pub(crate) topic: Field<String>,
    pub(crate) parent: Field<Id>,
    pub(crate) status: Field<String>,
    pub(crate) user_limit: Option<u64>,
    pub(crate) bitrate: Option<u64>,
    pub(crate) position: Option<u64>,
    pub(crate) nsfw: Option<bool>,
    pub(crate) rate_limit_per_user: Option<u64>,
    pub(crate) overwrites: Option<Vec<Overwrite>>,
    pub(crate) archived: Option<bool>,
    pub(crate) locked: Option<bool>,
}

/// A field of a patch that can be left alone, cleared or set.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Field<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Field<T> {
    fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }
}

/// A refusal unless another channel can be put into this category.
fn has_room(guild: &Guild, category: Id) -> Result<(), Refusal> {
    let found = guild.channels.get(&category);
    if found.is_none_or(|found| found.kind != kind::CATEGORY) {
        let code = "CHANNEL_PARENT_INVALID";
        return Err(Refusal::form("parent_id", code, "Category does not exist"));
    }
    let inside = guild.channels.values();
    if inside
        .filter(|channel| channel.parent == Some(category))
        .count()
        >= CHANNELS_PER_CATEGORY
    {
        let code = "CHANNEL_PARENT_MAX_CHANNELS";
        let message = "Maximum number of channels in category reached (50)";
        return Err(Refusal::form("parent_id", code, message));
    }
    Ok(())
}

impl World {
    pub(crate) fn create_channel(&mut self, guild: Id, draft: ChannelDraft) -> Result<Id, Refusal> {
        let id = self.next_id();
        let seen = self.visible_channels(guild);
        let state = self.guild_mut(guild)?;
        let channels = state.channels.values();
        if channels.filter(|known| known.thread.is_none()).count() >= CHANNELS_PER_GUILD {
            return Err(Refusal::too_many_channels());
        }
        if let Some(parent) = draft.parent {
            has_room(state, parent)?;
        }
        let mut channel = Channel::new(id, draft.kind, &draft.name);
        channel.parent = draft.parent;
        channel.topic = draft.topic;
        channel.user_limit = draft.user_limit;
        channel.bitrate = draft.bitrate.unwrap_or(channel.bitrate);
        channel.position = draft.position.unwrap_or(state.channels.len() as u64);
        channel.nsfw = draft.nsfw;
        channel.rate_limit_per_user = draft.rate_limit_per_user;
        channel.overwrites = draft.overwrites;
        state.channels.insert(id, channel);
        let state = self.guild(guild)?;
        let data = state
            .channels
            .get(&id)
            .map(|channel| self.channel_json(state, channel));
        let mut seen = seen;
        if self.bot_views(guild, id) {
            seen.insert(id);
        }
        self.tell("CHANNEL_CREATE", guild, data.unwrap_or_default());
        self.tell_visibility(guild, &seen);
        Ok(id)
    }

    pub(crate) fn edit_channel(&mut self, channel: Id, patch: ChannelPatch) -> Result<(), Refusal> {
        let guild = self.guild_of(channel)?;
        let seen = self.visible_channels(guild);
        let told_status = !matches!(patch.status, Field::Keep);
        if let (Field::Set(parent), (state, found)) = (patch.parent, self.channel(channel)?)
            && found.parent != Some(parent)
        {
            has_room(state, parent)?;
        }
        let state = self.channel_mut(channel)?;
        let (before, before_status) = (state.json(guild, Id(0)), state.status.clone());
        if let Some(name) = patch.name {
            state.name = name;
        }
        patch.topic.apply(&mut state.topic);
        patch.parent.apply(&mut state.parent);
        patch.status.apply(&mut state.status);
        state.user_limit = patch.user_limit.unwrap_or(state.user_limit);
        state.bitrate = patch.bitrate.unwrap_or(state.bitrate);
        state.position = patch.position.unwrap_or(state.position);
        state.nsfw = patch.nsfw.unwrap_or(state.nsfw);
        state.rate_limit_per_user = patch
            .rate_limit_per_user
            .unwrap_or(state.rate_limit_per_user);
        state.overwrites = patch.overwrites.unwrap_or_else(|| state.overwrites.clone());
        if let Some(thread) = &mut state.thread {
            thread.archived = patch.archived.unwrap_or(thread.archived);
            thread.locked = patch.locked.unwrap_or(thread.locked);
        }
        let (is_thread, status) = (state.thread.is_some(), state.status.clone());
        let mut after = state.json(guild, Id(0));
        let changed_status = told_status && before_status != status;
        if changed_status {
            // The status has an event of its own; only the rest makes a CHANNEL_UPDATE.
            after["status"] = before.get("status").cloned().unwrap_or_default();
            let data = json!({ "id": channel, "guild_id": guild, "status": status });
            self.tell_in("VOICE_CHANNEL_STATUS_UPDATE", guild, channel, data);
        }
        if before
            .as_object()
            .is_some_and(|before| before.iter().any(|(k, v)| after[k] != *v))
        {
            if is_thread {
                self.tell_thread_update(guild, channel);
            } else {
                self.tell_channel_update(guild, channel, &seen);
            }
        }
        Ok(())
    }

    /// Deletes a channel. People in it leave it, the children of a category lose their parent, threads go.
    pub(crate) fn delete_channel(&mut self, channel: Id) -> Result<Value, Refusal> {
        let guild = self.guild_of(channel)?;
        if self.channel(channel)?.1.thread.is_some() {
            return self.delete_thread(guild, channel);
        }
        let seen = self.visible_channels(guild);
        let (state, found) = self.channel(channel)?;
        let data = self.channel_json(state, found);
        let full = found.json(guild, self.bot);
        let ids = |test: &dyn Fn(&Channel) -> bool| -> Vec<Id> {
            state
                .channels
                .values()
                .filter(|other| test(other))
                .map(|other| other.id)
                .collect()
        };
        let of_it = |other: &Channel| other.parent == Some(channel);
        let children = ids(&|other| of_it(other) && other.thread.is_none());
        let threads = ids(&|other| of_it(other) && other.thread.is_some());
        let people: Vec<Id> = state
            .voice
            .iter()
            .filter(|(_, voice)| voice.channel == channel)
            .map(|(user, _)| *user)
            .collect();
        for thread in threads {
            self.delete_thread(guild, thread)?;
        }
        self.guild_mut(guild)?.channels.remove(&channel);
        self.guild_mut(guild)?
            .webhooks
            .retain(|_, webhook| webhook.channel != channel);
        self.tell("CHANNEL_DELETE", guild, data);
        for user in people {
            self.leave(guild, user)?;
        }
        for child in children {
            self.channel_mut(child)?.parent = None;
            self.tell_channel_update(guild, child, &seen);
        }
        let mut seen = seen;
        seen.remove(&channel);
        self.tell_visibility(guild, &seen);
        Ok(full)
    }
}

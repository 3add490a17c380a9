//! Who is in which voice channel. Source: the page Voice, "Voice State Object".

use serde_json::{Value, json};

use super::{Id, Refusal, World, kind};
use crate::clock;

/// A user's presence in a voice channel of a guild.
#[derive(Debug, Clone)]
pub(crate) struct VoiceState {
    pub(crate) channel: Id,
    pub(crate) session: String,
    pub(crate) mute: bool,
    pub(crate) deaf: bool,
    pub(crate) self_mute: bool,
    pub(crate) self_deaf: bool,
    pub(crate) self_stream: bool,
    pub(crate) self_video: bool,
    pub(crate) suppress: bool,
    /// Unix ms.
    pub(crate) request_to_speak: Option<u64>,
}

impl VoiceState {
    /// The state without guild and member, as `GUILD_CREATE` carries it.
    pub(crate) fn json(&self, user: Id) -> Value {
        json!({
            "channel_id": self.channel, "user_id": user, "session_id": self.session,
            "mute": self.mute, "deaf": self.deaf, "self_mute": self.self_mute,
            "self_deaf": self.self_deaf, "self_stream": self.self_stream,
            "self_video": self.self_video, "suppress": self.suppress,
            "request_to_speak_timestamp": self.request_to_speak.map(clock::iso8601),
        })
    }
}

/// What is to change of a voice state; `None` = nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct VoicePatch {
    pub(crate) mute: Option<bool>,
    pub(crate) deaf: Option<bool>,
    pub(crate) self_mute: Option<bool>,
    pub(crate) self_deaf: Option<bool>,
    pub(crate) self_stream: Option<bool>,
    pub(crate) self_video: Option<bool>,
    pub(crate) suppress: Option<bool>,
    pub(crate) request_to_speak: Option<bool>,
}

impl World {
    /// A user enters a voice channel, from nowhere or from another one; false if it was there already.
    pub(crate) fn join(&mut self, guild: Id, user: Id, channel: Id) -> Result<bool, Refusal> {
        let state = self.guild(guild)?;
        let target = state
            .channels
            .get(&channel)
            .ok_or_else(Refusal::unknown_channel)?;
        if !target.is_voice() {
            return Err(Refusal::wrong_channel_kind());
        }
        let suppress = target.kind == kind::STAGE;
        let member = state
            .members
            .get(&user)
            .ok_or_else(Refusal::unknown_member)?;
        let (mute, deaf) = (member.mute, member.deaf);
        if state
            .voice
            .get(&user)
            .is_some_and(|voice| voice.channel == channel)
        {
            return Ok(false);
        }
        let elsewhere: Vec<Id> = self
            .guilds
            .values()
            .filter(|other| other.id != guild && other.voice.contains_key(&user))
            .map(|other| other.id)
            .collect();
        for other in elsewhere {
            self.leave(other, user)?;
        }
        self.voice_sessions += 1;
        let session = format!(
            "{:032x}",
            u128::from(user.0) << 64 | u128::from(self.voice_sessions)
        );
        let seen = self.visible_channels(guild);
        let fresh = VoiceState {
            channel,
            session,
            mute,
            deaf,
            self_mute: false,
            self_deaf: false,
            self_stream: false,
            self_video: false,
            suppress,
            request_to_speak: None,
        };
        let voice = self.guild_mut(guild)?.voice.entry(user).or_insert(fresh);
        voice.channel = channel;
        voice.suppress = suppress;
        voice.self_stream = false;
        voice.self_video = false;
        voice.request_to_speak = None;
        self.tell_voice(guild, user)?;
        if user == self.bot {
            self.tell_visibility(guild, &seen);
        }
        Ok(true)
    }

    /// A user leaves voice; false if it was in none.
    pub(crate) fn leave(&mut self, guild: Id, user: Id) -> Result<bool, Refusal> {
        let seen = self.visible_channels(guild);
        let Some(voice) = self.guild_mut(guild)?.voice.remove(&user) else {
            return Ok(false);
        };
        let mut data = voice.json(user);
        data["channel_id"] = Value::Null;
        self.tell_voice_state(guild, user, data)?;
        if user == self.bot {
            self.tell_visibility(guild, &seen);
        }
        Ok(true)
    }

    /// Changes a user's voice flags.
    pub(crate) fn edit_voice(
        &mut self,
        guild: Id,
        user: Id,
        patch: VoicePatch,
    ) -> Result<bool, Refusal> {
        let state = self.guild_mut(guild)?;
        let member = state
            .members
            .get_mut(&user)
            .ok_or_else(Refusal::unknown_member)?;
        member.mute = patch.mute.unwrap_or(member.mute);
        member.deaf = patch.deaf.unwrap_or(member.deaf);
        let voice = state
            .voice
            .get_mut(&user)
            .ok_or_else(Refusal::not_in_voice)?;
        let before = voice.json(user);
        for (flag, change) in [
            (&mut voice.mute, patch.mute),
            (&mut voice.deaf, patch.deaf),
            (&mut voice.self_mute, patch.self_mute),
            (&mut voice.self_deaf, patch.self_deaf),
            (&mut voice.self_stream, patch.self_stream),
            (&mut voice.self_video, patch.self_video),
            (&mut voice.suppress, patch.suppress),
        ] {
            *flag = change.unwrap_or(*flag);
        }
        if let Some(asks) = patch.request_to_speak {
            voice.request_to_speak = asks.then(clock::unix_millis);
        }
        if voice.json(user) == before {
            return Ok(false);
        }
        self.tell_voice(guild, user)?;
        Ok(true)
    }

    fn tell_voice(&mut self, guild: Id, user: Id) -> Result<(), Refusal> {
        let voice = self
            .guild(guild)?
            .voice
            .get(&user)
            .ok_or_else(Refusal::unknown_voice_state)?;
        let data = voice.json(user);
        self.tell_voice_state(guild, user, data)
    }

    /// `VOICE_STATE_UPDATE`. It reaches the bot for channels that it can't view too, as on Discord.
    fn tell_voice_state(&mut self, guild: Id, user: Id, mut data: Value) -> Result<(), Refusal> {
        data["guild_id"] = json!(guild);
        data["member"] = self.member_json(self.guild(guild)?, user)?;
        self.tell("VOICE_STATE_UPDATE", guild, data);
        Ok(())
    }
}

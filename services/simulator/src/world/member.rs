//! Users and members of guilds. Source: the pages User and Guild, "Guild Member Object".

use serde_json::{Value, json};

use super::{Body, Guild, Id, Presence, Refusal, World};
use crate::{clock, gateway::intents};

/// A person or a bot.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) global_name: Option<String>,
    /// The hash of the picture.
    pub(crate) avatar: Option<String>,
    pub(crate) bot: bool,
    /// Has blocked the bot: its messages take no reactions of the bot.
    pub(crate) blocks_bot: bool,
}

impl User {
    pub(crate) fn json(&self) -> Value {
        let mut user = json!({
            "id": self.id, "username": self.name, "global_name": self.global_name,
            "discriminator": if self.bot { "4821" } else { "0" },
            "avatar": self.avatar, "avatar_decoration_data": null, "banner": null,
            "accent_color": null, "public_flags": 0, "primary_guild": null,
        });
        if self.bot {
            user["bot"] = json!(true);
        }
        user
    }

    /// The user as it sees itself.
    pub(crate) fn self_json(&self) -> Value {
        let mut user = self.json();
        for (field, value) in [
            ("mfa_enabled", json!(true)),
            ("verified", json!(true)),
            ("locale", json!("en-GB")),
            ("premium_type", json!(0)),
            ("flags", json!(0)),
            ("email", Value::Null),
        ] {
            user[field] = value;
        }
        user
    }
}

/// A user's part in a guild.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) user: Id,
    pub(crate) nick: Option<String>,
    pub(crate) avatar: Option<String>,
    pub(crate) roles: Vec<Id>,
    /// Unix ms.
    pub(crate) joined_at: u64,
    pub(crate) mute: bool,
    pub(crate) deaf: bool,
    /// Unix ms.
    pub(crate) timed_out_until: Option<u64>,
}

impl Member {
    pub(crate) fn new(user: Id, joined_at: u64) -> Self {
        Self {
            user,
            nick: None,
            avatar: None,
            roles: Vec::new(),
            joined_at,
            mute: false,
            deaf: false,
            timed_out_until: None,
        }
    }

    /// The member without its user, as messages carry it.
    pub(crate) fn partial_json(&self) -> Value {
        json!({
            "nick": self.nick, "avatar": self.avatar, "banner": null, "roles": self.roles,
            "joined_at": clock::iso8601(self.joined_at), "premium_since": null, "deaf": self.deaf,
            "mute": self.mute, "flags": 0, "pending": false,
            "communication_disabled_until": self.timed_out_until.map(clock::iso8601),
        })
    }
}

impl World {
    /// A member with its user.
    pub(crate) fn member_json(&self, guild: &Guild, user: Id) -> Result<Value, Refusal> {
        let member = guild
            .members
            .get(&user)
            .ok_or_else(Refusal::unknown_member)?;
        let mut json = member.partial_json();
        json["user"] = self.user(user)?.json();
        Ok(json)
    }

    /// A new person, who is in no guild yet.
    pub(crate) fn create_user(&mut self, name: &str) -> Id {
        let id = self.next_id();
        let user = User {
            id,
            name: name.to_owned(),
            global_name: None,
            avatar: None,
            bot: false,
            blocks_bot: false,
        };
        self.users.insert(id, user);
        id
    }

    /// Someone comes into a guild.
    pub(crate) fn add_member(&mut self, guild: Id, user: Id) -> Result<bool, Refusal> {
        self.user(user)?;
        if self.guild(guild)?.members.contains_key(&user) {
            return Ok(false);
        }
        if user == self.bot {
            return self.add_bot(guild).map(|()| true);
        }
        let member = Member::new(user, clock::unix_millis());
        let state = self.guild_mut(guild)?;
        state.members.insert(user, member);
        state.presences.insert(user, Presence::online());
        let mut data = self.member_json(self.guild(guild)?, user)?;
        data["guild_id"] = json!(guild);
        self.tell("GUILD_MEMBER_ADD", guild, data);
        Ok(true)
    }

    /// Someone leaves a guild or is kicked. The voice event follows the member event, as is often seen.
    pub(crate) fn remove_member(&mut self, guild: Id, user: Id) -> Result<(), Refusal> {
        if user == self.bot {
            return self.remove_bot(guild);
        }
        let person = self.user(user)?.json();
        let state = self.guild_mut(guild)?;
        let member = state
            .members
            .remove(&user)
            .ok_or_else(Refusal::unknown_member)?;
        state.presences.remove(&user);
        for channel in state.channels.values_mut() {
            if let Some(thread) = &mut channel.thread {
                thread.members.remove(&user);
            }
        }
        let voice = state.voice.remove(&user);
        self.tell(
            "GUILD_MEMBER_REMOVE",
            guild,
            json!({ "guild_id": guild, "user": person }),
        );
        if let Some(voice) = voice {
            let mut data = voice.json(user);
            data["channel_id"] = Value::Null;
            data["guild_id"] = json!(guild);
            let mut gone = member.partial_json();
            gone["user"] = person;
            data["member"] = gone;
            self.tell("VOICE_STATE_UPDATE", guild, data);
        }
        Ok(())
    }

    /// Changes a member and tells it; `edit` says whether anything changed.
    pub(crate) fn edit_member(
        &mut self,
        guild: Id,
        user: Id,
        edit: impl FnOnce(&mut Member) -> bool,
    ) -> Result<(), Refusal> {
        let seen = self.visible_channels(guild);
        let member = self
            .guild_mut(guild)?
            .members
            .get_mut(&user)
            .ok_or_else(Refusal::unknown_member)?;
        if edit(member) {
            self.tell_member_update(guild, user)?;
            self.tell_visibility(guild, &seen);
        }
        Ok(())
    }

    /// Gives a member a role or takes it away.
    pub(crate) fn set_member_role(
        &mut self,
        guild: Id,
        user: Id,
        role: Id,
        has: bool,
    ) -> Result<(), Refusal> {
        if !self.guild(guild)?.roles.contains_key(&role) {
            return Err(Refusal::unknown_role());
        }
        self.edit_member(guild, user, |member| {
            let had = member.roles.contains(&role);
            member.roles.retain(|id| *id != role);
            if has {
                member.roles.push(role);
            }
            had != has
        })
    }

    /// Changes a user's names or picture: every guild that shares the user with the bot hears of it.
    pub(crate) fn edit_user(
        &mut self,
        user: Id,
        edit: impl FnOnce(&mut User),
    ) -> Result<(), Refusal> {
        edit(
            self.users
                .get_mut(&user)
                .ok_or_else(Refusal::unknown_user)?,
        );
        if user == self.bot {
            let data = self.user(user)?.self_json();
            self.tell_always("USER_UPDATE", None, Body::Plain(data));
        }
        let guilds: Vec<Id> = self.guilds_of(user).map(|guild| guild.id).collect();
        for guild in guilds {
            self.tell_member_update(guild, user)?;
        }
        Ok(())
    }

    /// The guilds that a user is a member of.
    pub(crate) fn guilds_of(&self, user: Id) -> impl Iterator<Item = &Guild> {
        self.guilds
            .values()
            .filter(move |guild| guild.members.contains_key(&user))
    }

    /// `GUILD_MEMBER_UPDATE`; of the bot itself it is sent without any intent.
    fn tell_member_update(&mut self, guild: Id, user: Id) -> Result<(), Refusal> {
        let mut data = self.member_json(self.guild(guild)?, user)?;
        data["guild_id"] = json!(guild);
        let needed = if user == self.bot {
            0
        } else {
            intents::of("GUILD_MEMBER_UPDATE")
        };
        self.tell_as("GUILD_MEMBER_UPDATE", guild, needed, Body::Plain(data));
        Ok(())
    }
}

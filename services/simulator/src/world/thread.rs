//! Threads. Source: the page Threads.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Author, Channel, Id, Refusal, World, kind};
use crate::{clock, gateway::intents};

/// What a thread has beyond a channel.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    pub(crate) owner: Id,
    pub(crate) archived: bool,
    pub(crate) locked: bool,
    /// Who is in it, since when (Unix ms).
    pub(crate) members: BTreeMap<Id, u64>,
    pub(crate) messages_sent: u64,
}

impl Thread {
    pub(super) fn add_json(&self, json: &mut Value, channel: &Channel, viewer: Id) {
        let created = clock::iso8601(channel.id.unix_millis());
        json["owner_id"] = json!(self.owner);
        json["message_count"] = json!(channel.messages.len());
        json["total_message_sent"] = json!(self.messages_sent);
        json["member_count"] = json!(self.members.len().min(50));
        json["thread_metadata"] = json!({
            "archived": self.archived, "locked": self.locked, "auto_archive_duration": 1440,
            "archive_timestamp": created, "create_timestamp": created,
        });
        if channel.kind == kind::PRIVATE_THREAD {
            json["thread_metadata"]["invitable"] = json!(false);
        }
        if let Some(joined) = self.members.get(&viewer) {
            json["member"] = json!({
                "id": channel.id, "user_id": viewer, "join_timestamp": clock::iso8601(*joined), "flags": 0,
            });
        }
    }
}

impl World {
    /// Opens a thread in a text channel.
    pub(crate) fn create_thread(
        &mut self,
        parent: Id,
        owner: Id,
        name: &str,
        private: bool,
        members: &[Id],
    ) -> Result<Id, Refusal> {
        let id = self.next_id();
        let guild = self.guild_of(parent)?;
        let found = self.channel(parent)?.1;
        if !matches!(found.kind, kind::TEXT | kind::ANNOUNCEMENT | kind::FORUM) {
            return Err(Refusal::wrong_channel_kind());
        }
        let state = self.guild(guild)?;
        if !members
            .iter()
            .chain([&owner])
            .all(|user| state.members.contains_key(user))
        {
            return Err(Refusal::unknown_member());
        }
        // The bot hears of a private thread that it is in from the beginning.
        let bot = members.iter().copied().filter(|user| *user == self.bot);
        let first = bot.chain([owner]).map(|user| (user, clock::unix_millis()));
        let first: BTreeMap<Id, u64> = first.collect();
        let thread_kind = if private {
            kind::PRIVATE_THREAD
        } else {
            kind::PUBLIC_THREAD
        };
        let mut thread = Channel::new(id, thread_kind, name);
        thread.parent = Some(parent);
        thread.thread = Some(Thread {
            owner,
            archived: false,
            locked: false,
            members: first,
            messages_sent: 0,
        });
        self.guild_mut(guild)?.channels.insert(id, thread);
        self.tell_thread("THREAD_CREATE", guild, id, true);
        for member in members {
            self.set_thread_member(id, *member, true)?;
        }
        Ok(id)
    }

    /// Whoever writes in a thread comes into it, and takes it out of the archive.
    pub(super) fn enter_thread(&mut self, thread: Id, author: &Author) -> Result<(), Refusal> {
        let (guild, found) = self.channel(thread)?;
        let guild = guild.id;
        let Some(state) = &found.thread else {
            return Ok(());
        };
        let archived = state.archived;
        if archived && let Some(state) = &mut self.channel_mut(thread)?.thread {
            state.archived = false;
            self.tell_thread_update(guild, thread);
        }
        match author {
            Author::User(user) => self.set_thread_member(thread, *user, true),
            Author::Webhook { .. } => Ok(()),
        }
    }

    /// Who is in a thread, as REST lists it.
    pub(crate) fn thread_members(&self, thread: Id) -> Result<Vec<Value>, Refusal> {
        let found = self.channel(thread)?.1.thread.as_ref();
        let members = &found.ok_or_else(Refusal::wrong_channel_kind)?.members;
        Ok(members
            .iter()
            .map(|(user, joined)| {
                json!({
                    "id": thread, "user_id": user, "join_timestamp": clock::iso8601(*joined), "flags": 0,
                })
            })
            .collect())
    }

    pub(super) fn tell_thread_update(&mut self, guild: Id, thread: Id) {
        self.tell_thread("THREAD_UPDATE", guild, thread, false);
    }

    fn tell_thread(&mut self, event: &'static str, guild: Id, thread: Id, newly_created: bool) {
        let Some(state) = self.guilds.get(&guild) else {
            return;
        };
        let Some(found) = state.channels.get(&thread) else {
            return;
        };
        let mut data = found.json(guild, self.bot);
        if newly_created {
            data["newly_created"] = json!(true);
        }
        self.tell_in(event, guild, thread, data);
    }

    /// Puts someone into a thread or takes it out.
    pub(crate) fn set_thread_member(
        &mut self,
        thread: Id,
        user: Id,
        member: bool,
    ) -> Result<(), Refusal> {
        let guild = self.guild_of(thread)?;
        let state = self.guild(guild)?;
        let person = self.member_json(state, user)?;
        let presence = state.presences.get(&user);
        let presence = presence.map(|presence| presence.json(guild, user));
        let before = self.bot_views(guild, thread);
        let bot = self.bot;
        let state = self
            .channel_mut(thread)?
            .thread
            .as_mut()
            .ok_or_else(Refusal::wrong_channel_kind)?;
        let now = clock::unix_millis();
        let changed = if member {
            state.members.insert(user, now).is_none()
        } else {
            state.members.remove(&user).is_some()
        };
        let count = state.members.len();
        if !changed {
            return Ok(());
        }
        if user == bot && member && !before {
            self.tell_thread("THREAD_CREATE", guild, thread, false);
        }
        let mut data = json!({ "id": thread, "guild_id": guild, "member_count": count });
        if member {
            data["added_members"] = json!([{
                "id": thread, "user_id": user, "join_timestamp": clock::iso8601(now), "flags": 0,
                "member": person, "presence": presence,
            }]);
        } else {
            data["removed_member_ids"] = json!([user]);
        }
        if before || self.bot_views(guild, thread) {
            let needed = if user == bot {
                intents::GUILDS
            } else {
                intents::of("THREAD_MEMBERS_UPDATE")
            };
            self.tell_as(
                "THREAD_MEMBERS_UPDATE",
                guild,
                needed,
                super::Body::Plain(data),
            );
        }
        Ok(())
    }

    pub(super) fn delete_thread(&mut self, guild: Id, thread: Id) -> Result<Value, Refusal> {
        let seen = self.bot_views(guild, thread);
        let bot = self.bot;
        let found = self
            .guild_mut(guild)?
            .channels
            .remove(&thread)
            .ok_or_else(Refusal::unknown_channel)?;
        if seen {
            let data = json!({
                "id": thread, "guild_id": guild, "parent_id": found.parent, "type": found.kind,
            });
            self.tell("THREAD_DELETE", guild, data);
        }
        Ok(found.json(guild, bot))
    }
}

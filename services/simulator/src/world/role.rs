//! Roles. Source: the page Permissions, "Role Object".

use serde_json::{Value, json};

use super::{Id, Refusal, World, permissions as p};

/// What everybody may do in a seeded guild.
pub(super) const EVERYONE: u64 = p::CREATE_INSTANT_INVITE
    | p::ADD_REACTIONS
    | p::STREAM
    | p::VIEW_CHANNEL
    | p::SEND_MESSAGES
    | p::EMBED_LINKS
    | p::ATTACH_FILES
    | p::READ_MESSAGE_HISTORY
    | p::CONNECT
    | p::SPEAK
    | p::USE_VAD
    | p::CREATE_PUBLIC_THREADS
    | p::CREATE_PRIVATE_THREADS
    | p::SEND_MESSAGES_IN_THREADS;

/// A role of a guild; the one with the guild's id is everybody's.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) permissions: u64,
    pub(crate) position: u64,
    pub(crate) color: u32,
    /// Belongs to a bot and can't be given to others.
    pub(crate) managed: bool,
}

impl Role {
    pub(super) fn everyone(guild: Id) -> Self {
        Self {
            id: guild,
            name: "@everyone".to_owned(),
            permissions: EVERYONE,
            position: 0,
            color: 0,
            managed: false,
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "permissions": self.permissions.to_string(),
            "position": self.position, "color": self.color,
            "colors": { "primary_color": self.color, "secondary_color": null, "tertiary_color": null },
            "hoist": false, "managed": self.managed, "mentionable": false, "icon": null,
            "unicode_emoji": null, "flags": 0,
        })
    }
}

impl World {
    pub(crate) fn create_role(
        &mut self,
        guild: Id,
        name: &str,
        permissions: u64,
    ) -> Result<Id, Refusal> {
        let id = self.next_id();
        let state = self.guild_mut(guild)?;
        let position = state.roles.len() as u64;
        let role = Role {
            id,
            name: name.to_owned(),
            permissions,
            position,
            color: 0,
            managed: false,
        };
        let data = json!({ "guild_id": guild, "role": role.json() });
        state.roles.insert(id, role);
        self.tell("GUILD_ROLE_CREATE", guild, data);
        Ok(id)
    }

    /// A new role at the bottom, as Discord makes it: above @everyone, below all others.
    pub(crate) fn create_lowest_role(
        &mut self,
        guild: Id,
        name: &str,
        permissions: u64,
    ) -> Result<Id, Refusal> {
        let others: Vec<Id> = self.guild(guild)?.roles.keys().copied().collect();
        let made = self.create_role(guild, name, permissions)?;
        self.edit_role(guild, made, |role| role.position = 1)?;
        for other in others.into_iter().filter(|other| *other != guild) {
            self.edit_role(guild, other, |role| role.position += 1)?;
        }
        Ok(made)
    }

    pub(crate) fn edit_role(
        &mut self,
        guild: Id,
        role: Id,
        edit: impl FnOnce(&mut Role),
    ) -> Result<(), Refusal> {
        let seen = self.visible_channels(guild);
        let state = self
            .guild_mut(guild)?
            .roles
            .get_mut(&role)
            .ok_or_else(Refusal::unknown_role)?;
        edit(state);
        let data = json!({ "guild_id": guild, "role": state.json() });
        self.tell("GUILD_ROLE_UPDATE", guild, data);
        self.tell_visibility(guild, &seen);
        Ok(())
    }

    pub(crate) fn delete_role(&mut self, guild: Id, role: Id) -> Result<(), Refusal> {
        let seen = self.visible_channels(guild);
        let state = self.guild_mut(guild)?;
        if role == guild || state.roles.remove(&role).is_none() {
            return Err(Refusal::unknown_role());
        }
        for member in state.members.values_mut() {
            member.roles.retain(|id| *id != role);
        }
        for channel in state.channels.values_mut() {
            channel.overwrites.retain(|overwrite| overwrite.id != role);
        }
        self.tell(
            "GUILD_ROLE_DELETE",
            guild,
            json!({ "guild_id": guild, "role_id": role }),
        );
        self.tell_visibility(guild, &seen);
        Ok(())
    }
}

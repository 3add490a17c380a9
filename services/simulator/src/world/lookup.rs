//! Finding things by id or by name, as people name them.

use super::{Channel, Guild, Id, World};

impl World {
    /// A guild by id or name.
    pub(crate) fn find_guild(&self, text: &str) -> Option<&Guild> {
        let all = || self.guilds.values();
        by_id(text, |id| self.guilds.get(&id))
            .or_else(|| all().find(|guild| guild.name == text))
            .or_else(|| all().find(|guild| same(&guild.name, text)))
    }

    /// A user by id or name; in a guild also by nickname.
    pub(crate) fn find_user(&self, text: &str) -> Option<Id> {
        by_id(text, |id| self.users.get(&id))
            .or_else(|| self.users.values().find(|user| same(&user.name, text)))
            .map(|user| user.id)
    }

    /// A channel or thread of a guild by id or name; `voice` prefers voice channels among equal names.
    pub(crate) fn find_channel<'a>(
        guild: &'a Guild,
        text: &str,
        voice: bool,
    ) -> Option<&'a Channel> {
        let all = || guild.channels.values();
        let text = text.strip_prefix('#').unwrap_or(text);
        by_id(text, |id| guild.channels.get(&id))
            .or_else(|| all().find(|channel| channel.name == text && channel.is_voice() == voice))
            .or_else(|| all().find(|channel| channel.name == text))
            .or_else(|| {
                all().find(|channel| same(&channel.name, text) && channel.is_voice() == voice)
            })
            .or_else(|| all().find(|channel| same(&channel.name, text)))
    }

    /// A role of a guild by id or name.
    pub(crate) fn find_role(guild: &Guild, text: &str) -> Option<Id> {
        by_id(text, |id| guild.roles.get(&id))
            .or_else(|| guild.roles.values().find(|role| same(&role.name, text)))
            .map(|role| role.id)
    }
}

fn by_id<T>(text: &str, find: impl FnOnce(Id) -> Option<T>) -> Option<T> {
    text.parse().ok().and_then(find)
}

fn same(name: &str, text: &str) -> bool {
    name.to_lowercase() == text.to_lowercase()
}

//! Permission overwrites of channels. Source: the page Channel, "Overwrite Object".

use serde_json::{Value, json};

use super::{Id, Refusal, World};

/// Whom an overwrite is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OverwriteTarget {
    Role,
    Member,
}

impl OverwriteTarget {
    /// From Discord's number.
    pub(crate) fn of(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Role),
            1 => Some(Self::Member),
            _ => None,
        }
    }
}

/// What a role or a member is allowed or denied in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overwrite {
    pub(crate) id: Id,
    pub(crate) target: OverwriteTarget,
    pub(crate) allow: u64,
    pub(crate) deny: u64,
}

impl Overwrite {
    pub(crate) fn json(&self) -> Value {
        let number = match self.target {
            OverwriteTarget::Role => 0,
            OverwriteTarget::Member => 1,
        };
        json!({
            "id": self.id, "type": number,
            "allow": self.allow.to_string(), "deny": self.deny.to_string(),
        })
    }
}

impl World {
    /// Sets or replaces the overwrite of a role or member.
    pub(crate) fn set_overwrite(
        &mut self,
        channel: Id,
        overwrite: Overwrite,
    ) -> Result<(), Refusal> {
        self.edit_overwrites(channel, |list| {
            list.retain(|known| known.id != overwrite.id);
            list.push(overwrite);
            Ok(())
        })
    }

    pub(crate) fn delete_overwrite(&mut self, channel: Id, id: Id) -> Result<(), Refusal> {
        self.edit_overwrites(channel, |list| {
            let before = list.len();
            list.retain(|known| known.id != id);
            if list.len() == before {
                Err(Refusal::unknown_overwrite())
            } else {
                Ok(())
            }
        })
    }

    fn edit_overwrites(
        &mut self,
        channel: Id,
        edit: impl FnOnce(&mut Vec<Overwrite>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let guild = self.guild_of(channel)?;
        let seen = self.visible_channels(guild);
        let state = self.channel_mut(channel)?;
        if state.thread.is_some() {
            return Err(Refusal::wrong_channel_kind());
        }
        let before = state.overwrites.clone();
        edit(&mut state.overwrites)?;
        if before != state.overwrites {
            self.tell_channel_update(guild, channel, &seen);
        }
        Ok(())
    }
}

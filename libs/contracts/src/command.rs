//! What web asks the gateway to do for a user: the payloads of LINK commands.
//!
//! They are the inputs of the functions that browsers call, checked, with the guild they concern and what web is configured to
//! allow. Whether the user may do it is decided by the gateway alone.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    ChannelId, GuildId, MessageId, RoleId, UserId,
    event::MessageCreated,
    invite::{InviteId, InviteToken},
    link::Command,
};

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }
    )+};
}

payloads! {
    /// Makes a private room for the actor, with a first invite. Answered with [`RoomMade`].
    MakeRoom {
        /// Where.
        guild_id: GuildId,
        /// 1 to 100 characters, normalized.
        name: String,
        /// 0 to 99; 0 = no limit.
        user_limit: u32,
        /// The category that it goes into.
        category_id: Option<ChannelId>,
        /// Only members with one of these roles may; empty = any member.
        creator_roles: Vec<RoleId>,
        /// Most rooms that one user may have in this guild.
        max_rooms: u32,
    }
    /// What was made.
    RoomMade {
        /// The room.
        channel_id: ChannelId,
        /// Whoever has it may join.
        invite_token: InviteToken,
    }
    /// Lets the actor into a room. Answered with [`crate::rpc::RoomJoined`].
    Join {
        /// Where.
        guild_id: GuildId,
        /// From an invite.
        token: InviteToken,
    }
    /// Moves somebody who is in voice into a room. Answered with [`crate::rpc::UserConnected`].
    Connect {
        /// Where.
        guild_id: GuildId,
        /// The room.
        channel_id: ChannelId,
        /// Who.
        user_id: UserId,
    }
    /// Removes a room that Fanfare made. Answered with [`crate::rpc::Done`].
    RemoveRoom {
        /// Where.
        guild_id: GuildId,
        /// The room.
        channel_id: ChannelId,
    }
    /// Makes an invite to a room that Fanfare made. Answered with [`InviteMade`].
    MakeInvite {
        /// Where.
        guild_id: GuildId,
        /// The room.
        channel_id: ChannelId,
        /// Seconds; `None` = the room's lifetime.
        expires_in: Option<u32>,
        /// How often it may be used; `None` = any number of times.
        max_uses: Option<u32>,
    }
    /// What was made.
    InviteMade {
        /// For revoking it.
        invite_id: InviteId,
        /// Whoever has it may join.
        invite_token: InviteToken,
    }
    /// Revokes an invite. Answered with [`crate::rpc::Done`].
    EndInvite {
        /// Where.
        guild_id: GuildId,
        /// Which.
        invite_id: InviteId,
    }
    /// Posts a message in the actor's name. Answered with [`crate::rpc::MessageSent`].
    Post {
        /// Where.
        guild_id: GuildId,
        /// The channel or thread.
        channel_id: ChannelId,
        /// 1 to 2000 characters.
        content: String,
    }
    /// Adds the bot's reaction. Answered with [`crate::rpc::Done`].
    React {
        /// Where.
        guild_id: GuildId,
        /// The channel or thread.
        channel_id: ChannelId,
        /// The message.
        message_id: MessageId,
        /// A character, or `name:id` of a guild's own emoji.
        emoji: String,
    }
    /// Reads messages of a channel that the actor may read. Answered with [`Messages`].
    ReadMessages {
        /// Where.
        guild_id: GuildId,
        /// The channel or thread.
        channel_id: ChannelId,
        /// Those before this one; `None` = the latest.
        before: Option<MessageId>,
        /// 1 to 100.
        limit: u16,
    }
    /// Finds out what the actor may do in a channel. Answered with [`crate::rpc::ChannelAbilities`].
    ReadAbilities {
        /// Where.
        guild_id: GuildId,
        /// The channel or thread.
        channel_id: ChannelId,
    }
    /// Messages of a channel.
    Messages {
        /// The newest first.
        messages: Vec<MessageCreated>,
    }
}

macro_rules! acts {
    ($($(#[$doc:meta])* $variant:ident($payload:ty) = $name:literal),+ $(,)?) => {
        /// One command, read.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Act { $($(#[$doc])* $variant($payload)),+ }

        impl Act {
            /// The names of all commands, as they stand in [`Command::command`].
            pub const NAMES: &[&str] = &[$($name),+];

            /// Its name.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),+ }
            }

            /// The guild that it concerns.
            pub fn guild_id(&self) -> GuildId {
                match self { $(Self::$variant(payload) => payload.guild_id),+ }
            }

            /// Reads a command's name and payload.
            pub fn read(command: &Command) -> Result<Self, InvalidCommand> {
                match command.command.as_str() {
                    $($name => read(&command.payload).map(Self::$variant),)+
                    other => Err(InvalidCommand(format!("there is no command `{other}`"))),
                }
            }

            fn payload(&self) -> Result<Box<RawValue>, serde_json::Error> {
                match self { $(Self::$variant(payload) => serde_json::value::to_raw_value(payload)),+ }
            }
        }
    };
}

acts! {
    /// `createRoom`
    CreateRoom(MakeRoom) = "createRoom",
    /// `joinRoom`
    JoinRoom(Join) = "joinRoom",
    /// `connectUserToVoiceChannel`
    ConnectUser(Connect) = "connectUserToVoiceChannel",
    /// `deleteRoom`
    DeleteRoom(RemoveRoom) = "deleteRoom",
    /// `createInvite`
    CreateInvite(MakeInvite) = "createInvite",
    /// `revokeInvite`
    RevokeInvite(EndInvite) = "revokeInvite",
    /// `sendMessage`
    SendMessage(Post) = "sendMessage",
    /// `addReaction`
    AddReaction(React) = "addReaction",
    /// `readMessages`, for `GET /api/channels/{id}/messages`
    ReadMessages(ReadMessages) = "readMessages",
    /// `readAbilities`, for `GET /api/channels/{id}/abilities`
    ReadAbilities(ReadAbilities) = "readAbilities",
}

/// A command that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCommand(String);

impl Act {
    /// Whether it changes nothing: done twice, it harms nobody.
    pub fn only_reads(&self) -> bool {
        matches!(self, Self::ReadMessages(_) | Self::ReadAbilities(_))
    }

    /// The command that asks for it in a user's name. Asked again with the same key, nothing more is done.
    pub fn command(
        &self,
        actor: UserId,
        idempotency_key: String,
    ) -> Result<Command, serde_json::Error> {
        Ok(Command {
            command: self.name().to_owned(),
            payload: self.payload()?,
            actor,
            idempotency_key,
            trace: None,
        })
    }
}

fn read<T: DeserializeOwned>(payload: &RawValue) -> Result<T, InvalidCommand> {
    serde_json::from_str(payload.get()).map_err(|error| InvalidCommand(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_as_it_was_written() {
        let act = Act::RevokeInvite(EndInvite {
            guild_id: GuildId::new(1),
            invite_id: InviteId::new(GuildId::new(1), 7),
        });
        let command = act.command(UserId::new(2), "key".into()).unwrap();
        assert_eq!(Act::read(&command), Ok(act));
        let mut unknown = command.clone();
        unknown.command = "formatDisk".into();
        assert!(Act::read(&unknown).is_err());
        let mut wrong = command;
        wrong.command = "createRoom".into();
        assert!(Act::read(&wrong).is_err());
    }
}

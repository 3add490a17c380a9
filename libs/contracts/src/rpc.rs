//! Inputs and outputs of the functions that browsers call: `POST /api/rpc/{name}`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ChannelId, GuildId, MessageId, UserId};

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }
    )+};
}

messages! {
    /// Input of `createRoom`.
    CreateRoom {
        /// 1 to 100 characters.
        name: String,
        /// 0 to 99; 0 = no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        user_limit: Option<u32>,
        /// Absent = the default guild, else the only one shared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        guild_id: Option<GuildId>,
    }
    /// Output of `createRoom`.
    RoomMade {
        /// The room.
        channel_id: ChannelId,
        /// Whoever has it may join.
        invite_token: String,
        /// The same as an address.
        invite_url: String,
    }
    /// Input of `joinRoom`.
    JoinRoom {
        /// From an invite.
        token: String,
    }
    /// Output of `joinRoom`.
    RoomJoined {
        /// The guild.
        guild_id: GuildId,
        /// The room.
        channel_id: ChannelId,
        /// Whether the user was in voice and is now in the room.
        moved: bool,
    }
    /// Input of `connectUserToVoiceChannel`.
    ConnectUserToVoiceChannel {
        /// The guild.
        guild_id: GuildId,
        /// The room.
        channel_id: ChannelId,
        /// Who.
        user_id: UserId,
    }
    /// Output of `connectUserToVoiceChannel`.
    UserConnected {
        /// Whether the user is now in the room.
        moved: bool,
    }
    /// Input of `deleteRoom`.
    DeleteRoom {
        /// The room.
        channel_id: ChannelId,
    }
    /// Input of `createInvite`.
    CreateInvite {
        /// The room.
        channel_id: ChannelId,
        /// Seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        expires_in: Option<u32>,
        /// How often it may be used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        max_uses: Option<u32>,
    }
    /// Output of `createInvite`.
    InviteMade {
        /// For revoking it.
        invite_id: String,
        /// Whoever has it may join.
        invite_token: String,
        /// The same as an address.
        invite_url: String,
    }
    /// Input of `revokeInvite`.
    RevokeInvite {
        /// From `createInvite`.
        invite_id: String,
    }
    /// Input of `sendMessage`.
    SendMessage {
        /// The channel.
        channel_id: ChannelId,
        /// 1 to 2000 characters.
        content: String,
    }
    /// Output of `sendMessage`.
    MessageSent {
        /// The message.
        message_id: MessageId,
    }
    /// Input of `addReaction`.
    AddReaction {
        /// The channel.
        channel_id: ChannelId,
        /// The message.
        message_id: MessageId,
        /// A character, or `name:id` of a guild's own emoji.
        emoji: String,
    }
    /// Output of `issueStreamToken`.
    StreamToken {
        /// Opens a WebSocket.
        token: String,
        /// Unix ms.
        #[ts(type = "number")]
        expires_at: u64,
    }
    /// Output of the functions that have nothing to say.
    Done {}
    /// Answer of `GET /api/me`.
    Me {
        /// Who is signed in.
        user_id: UserId,
        /// The user's name.
        username: String,
        /// What people see.
        display_name: String,
        /// Address of an image.
        avatar_url: String,
    }
    /// An entry of `GET /api/guilds`: a guild that the user and the bot share.
    SharedGuild {
        /// The guild.
        guild_id: GuildId,
        /// Its name.
        name: String,
        /// Address of its icon.
        icon_url: Option<String>,
    }
}

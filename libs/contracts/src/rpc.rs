//! Inputs and outputs of the functions that browsers call: `POST /api/rpc/{name}`.

mod input;
pub mod rules;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{ChannelId, GuildId, MessageId, UserId, event::MessageCreated};
pub use input::{Fields, Input};

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }
    )+};
}

messages! {
    /// Input of `createRoom`.
    CreateRoom {
        /// 1 to 100 characters; composed (NFC) and trimmed first. No control or direction characters.
        #[schema(min_length = 1, max_length = 100, examples("Study hall"))]
        name: String,
        /// 0 to 99; 0 = no limit.
        #[schema(minimum = 0, maximum = 99, examples(5))]
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
        /// Whoever has it may join. A secret.
        #[schema(pattern = "^[0-9a-f]{64}$")]
        invite_token: String,
        /// The same as an address.
        invite_url: String,
    }
    /// Input of `joinRoom`.
    JoinRoom {
        /// From an invite.
        #[schema(pattern = "^[0-9a-f]{64}$", examples("009468bf7e4000010f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"))]
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
        /// Seconds, 60 to 604800 (a week); absent = as long as the room.
        #[schema(minimum = 60, maximum = 604_800, examples(86_400))]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        expires_in: Option<u32>,
        /// How many people may use it, 1 to 100; absent = any number.
        #[schema(minimum = 1, maximum = 100, examples(10))]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        max_uses: Option<u32>,
    }
    /// Output of `createInvite`.
    InviteMade {
        /// For revoking it.
        #[schema(pattern = "^[0-9a-f]{32}$")]
        invite_id: String,
        /// Whoever has it may join. A secret.
        #[schema(pattern = "^[0-9a-f]{64}$")]
        invite_token: String,
        /// The same as an address.
        invite_url: String,
    }
    /// Input of `revokeInvite`.
    RevokeInvite {
        /// From `createInvite`.
        #[schema(pattern = "^[0-9a-f]{32}$", examples("009468bf7e4000010f1e2d3c4b5a6978"))]
        invite_id: String,
    }
    /// Input of `sendMessage`.
    SendMessage {
        /// The channel.
        channel_id: ChannelId,
        /// 1 to 2000 characters after trimming. Mentions notify nobody.
        #[schema(min_length = 1, max_length = 2000, examples("Hello!"))]
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
        /// One emoji, or `name:id` of a guild's own.
        #[schema(min_length = 1, max_length = 64, examples("🎺", "fanfare:41771983429993937"))]
        emoji: String,
    }
    /// Input of `issueStreamToken`.
    IssueStreamToken {}
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
    /// Answer of `GET /api/channels/{channel}/messages`.
    ChannelMessages {
        /// The newest first.
        messages: Vec<MessageCreated>,
    }
    /// Answer of `GET /api/channels/{channel}/abilities`.
    ChannelAbilities {
        /// The guild.
        guild_id: GuildId,
        /// The channel or thread.
        channel_id: ChannelId,
        /// What the user may do there; what is not named would be refused.
        may: Vec<Ability>,
    }
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
        /// Whether the user may look at `GET /api/operations`.
        operator: bool,
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

/// Something that people do in a channel.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Ability {
    /// Read what was written before.
    ReadMessages,
    /// `sendMessage`
    SendMessage,
    /// `addReaction`
    AddReaction,
    /// `connectUserToVoiceChannel` of oneself.
    ConnectSelf,
    /// `connectUserToVoiceChannel` of others.
    ConnectOthers,
    /// `createInvite` and `revokeInvite`
    CreateInvite,
    /// `deleteRoom`
    DeleteRoom,
}

impl Ability {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ReadMessages,
        Self::SendMessage,
        Self::AddReaction,
        Self::ConnectSelf,
        Self::ConnectOthers,
        Self::CreateInvite,
        Self::DeleteRoom,
    ];
}

//! The TypeScript side of the contracts.

use std::fmt::Write as _;

use ts_rs::{Config, TS};

use crate::{
    ChannelId, EventId, EventKind, GuildId, MessageId, RoleId, StreamMessage, StreamRequest,
    UserId, event, operations, problem, rpc, snapshot,
};

/// The module `libs/browser/src/contracts.ts`: every type a browser meets, and the map from an event's name to its payload.
pub fn module() -> String {
    let config = Config::default();
    let mut text = String::from(
        "// Generated from the Rust types of libs/contracts by `make types`. Do not edit.\n",
    );
    macro_rules! declare {
        ($($type:ty),+ $(,)?) => {$(
            let _ = write!(text, "\nexport {}\n", <$type>::decl(&config));
        )+};
    }
    declare!(
        GuildId, ChannelId, UserId, RoleId, MessageId, EventId, EventKind
    );
    declare!(
        event::VoiceFlags,
        event::VoiceJoined,
        event::VoiceLeft,
        event::VoiceUpdated
    );
    declare!(event::RoomCreated, event::RoomUpdated, event::RoomDeleted);
    declare!(event::Author, event::Attachment, event::Emoji);
    declare!(
        event::MessageCreated,
        event::MessageUpdated,
        event::MessageDeleted
    );
    declare!(
        event::ReactionAdded,
        event::ReactionRemoved,
        event::ReactionCleared,
        event::TypingStarted
    );
    declare!(event::PresenceActivity, event::PresenceUpdated);
    declare!(
        event::MemberJoined,
        event::MemberUpdated,
        event::MemberLeft,
        event::Gap
    );
    declare!(
        snapshot::RoomMember,
        snapshot::Room,
        snapshot::GuildRooms,
        snapshot::Snapshot
    );
    declare!(
        event::ResetReason,
        event::Reset,
        event::UnavailableReason,
        event::Unavailable
    );
    declare!(event::PastEvent, problem::FieldProblem, problem::Problem);
    declare!(
        rpc::CreateRoom,
        rpc::RoomMade,
        rpc::JoinRoom,
        rpc::RoomJoined
    );
    declare!(
        rpc::ConnectUserToVoiceChannel,
        rpc::UserConnected,
        rpc::DeleteRoom
    );
    declare!(rpc::CreateInvite, rpc::InviteMade, rpc::RevokeInvite);
    declare!(
        rpc::SendMessage,
        rpc::MessageSent,
        rpc::AddReaction,
        rpc::StreamToken,
        rpc::Done
    );
    declare!(rpc::Ability, rpc::ChannelAbilities);
    declare!(rpc::ChannelMessages, rpc::Me, rpc::SharedGuild);
    declare!(
        operations::Operations,
        operations::ReplicaState,
        operations::HubState,
        operations::RegistryState,
        operations::GatewayState,
        operations::ShardState
    );
    declare!(StreamRequest, StreamMessage);
    text.push_str(
        "\n/** What arrives on a stream: the name of an event and the type of its payload. */\n",
    );
    text.push_str("export interface EventPayloads {\n");
    for kind in EventKind::ALL {
        let _ = writeln!(text, "  \"{kind}\": {kind:?};");
    }
    text.push_str("  snapshot: Snapshot;\n  reset: Reset;\n  unavailable: Unavailable;\n}\n");
    text
}

//! `POST /api/rpc/…`

use contracts::rpc::{
    AddReaction, ConnectUserToVoiceChannel, CreateInvite, CreateRoom, DeleteRoom, Done, InviteMade,
    IssueStreamToken, JoinRoom, MessageSent, RevokeInvite, RoomJoined, RoomMade, SendMessage,
    StreamToken, UserConnected,
};
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        path::ParameterIn,
        schema::{ObjectBuilder, Type},
    },
};

use super::{
    Operation,
    problems::{CALL, GATEWAY, MEMBER, NOT_FOUND, NOT_SHARED, Problem},
};
use crate::rpc::idempotency;

const GUILD: &str = "41771983423143937";
const ROOM: &str = "127121515262115840";
const USER: &str = "80351110224678912";
const MESSAGE: &str = "334385199974967042";
const INVITE: &str = "009468bf7e4000010f1e2d3c4b5a6978";
const TOKEN: &str = "009468bf7e4000010f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

const TIMED_OUT: Problem = (403, "timed-out", "the user is timed out in the guild");
const MISSING: Problem = (
    403,
    "missing-permission",
    "the user lacks a permission in the channel",
);
const NOT_OWNER: Problem = (403, "not-owner", "for the room's owner and moderators only");
const NOT_A_ROOM: Problem = (403, "not-a-room", "Fanfare did not make the channel");
const FULL: Problem = (409, "room-full", "the room is full");

pub(super) fn operations() -> Vec<Operation> {
    vec![
        function::<CreateRoom, RoomMade>(
            "/api/rpc/createRoom",
            "Makes a private room",
            "A voice channel that only the bot, its maker and those who used an invite see. Removed when it has been empty for a while.",
            json!({"name": "Study hall", "userLimit": 5}),
            json!({"channelId": ROOM, "inviteToken": TOKEN, "inviteUrl": format!("https://fanfare.example/join/{TOKEN}")}),
        )
        .problems(&[
            NOT_SHARED,
            (403, "missing-role", "none of the user's roles is in `ROOM_CREATOR_ROLES`"),
            TIMED_OUT,
            (409, "too-many-rooms", "the user has `MAX_ROOMS_PER_USER` rooms already"),
            (409, "guild-full", "the guild has as many channels as Discord allows"),
        ]),
        function::<JoinRoom, RoomJoined>(
            "/api/rpc/joinRoom",
            "Lets the user into a room",
            "Who is in voice is moved there at once.",
            json!({"token": TOKEN}),
            json!({"guildId": GUILD, "channelId": ROOM, "moved": true}),
        )
        .problems(&[
            NOT_SHARED,
            (404, "invite-invalid", "the invite is unknown, over, used up or revoked"),
            (403, "barred", "a moderator has shut the user out"),
            TIMED_OUT,
            FULL,
            (409, "too-many-members", "the room lets as many people in by name as Discord allows"),
        ]),
        function::<ConnectUserToVoiceChannel, UserConnected>(
            "/api/rpc/connectUserToVoiceChannel",
            "Moves somebody who is in voice into a room",
            "Oneself into a channel where one may connect; others only as a moderator (MANAGE_CHANNELS or MOVE_MEMBERS).",
            json!({"guildId": GUILD, "channelId": ROOM, "userId": USER}),
            json!({"moved": true}),
        )
        .problems(&[
            NOT_SHARED,
            MISSING,
            (403, "not-moderator", "only moderators move others"),
            TIMED_OUT,
            NOT_FOUND,
            (409, "not-in-voice", "the person is in no voice channel"),
            FULL,
        ]),
        function::<DeleteRoom, Done>(
            "/api/rpc/deleteRoom",
            "Removes a room that Fanfare made",
            "For its owner and for moderators.",
            json!({"channelId": ROOM}),
            json!({}),
        )
        .problems(&[NOT_OWNER, NOT_A_ROOM, TIMED_OUT, NOT_FOUND]),
        function::<CreateInvite, InviteMade>(
            "/api/rpc/createInvite",
            "Makes an invite to a room that Fanfare made",
            "For its owner and for moderators. The token is told once and stored as a hash.",
            json!({"channelId": ROOM, "expiresIn": 86_400, "maxUses": 10}),
            json!({"inviteId": INVITE, "inviteToken": TOKEN, "inviteUrl": format!("https://fanfare.example/join/{TOKEN}")}),
        )
        .problems(&[
            NOT_OWNER,
            NOT_A_ROOM,
            TIMED_OUT,
            NOT_FOUND,
            (409, "too-many-invites", "the room has as many invites as it may have"),
        ]),
        function::<RevokeInvite, Done>(
            "/api/rpc/revokeInvite",
            "Revokes an invite",
            "For the room's owner and for moderators. Who is in already stays.",
            json!({"inviteId": INVITE}),
            json!({}),
        )
        .problems(&[NOT_SHARED, NOT_OWNER, TIMED_OUT, NOT_FOUND]),
        function::<SendMessage, MessageSent>(
            "/api/rpc/sendMessage",
            "Posts a message in the user's name",
            "Through a webhook of the channel. Mentions notify nobody.",
            json!({"channelId": ROOM, "content": "Hello!"}),
            json!({"messageId": MESSAGE}),
        )
        .problems(&[
            MISSING,
            TIMED_OUT,
            NOT_FOUND,
            (409, "slow-mode", "Discord asks to write more slowly"),
            (409, "blocked-by-automod", "the guild's AutoMod does not let it through"),
        ]),
        function::<AddReaction, Done>(
            "/api/rpc/addReaction",
            "Reacts to a message",
            "The reaction is the bot's, one for all who use Fanfare.",
            json!({"channelId": ROOM, "messageId": MESSAGE, "emoji": "🎺"}),
            json!({}),
        )
        .problems(&[
            MISSING,
            (403, "reaction-blocked", "the author does not let the bot react"),
            TIMED_OUT,
            NOT_FOUND,
            (409, "too-many-reactions", "the message has as many kinds of reactions as Discord allows"),
        ]),
    ]
    .into_iter()
    .map(|function| function.problems(MEMBER).problems(GATEWAY))
    .chain([function::<IssueStreamToken, StreamToken>(
        "/api/rpc/issueStreamToken",
        "A token that opens a WebSocket",
        "Good for a few minutes (`STREAM_TOKEN_TTL`) and only as long as the session lasts.",
        json!({}),
        json!({"token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…", "expiresAt": 1_763_836_800_123_u64}),
    )])
    .collect()
}

fn function<I: ToSchema, O: ToSchema>(
    path: &'static str,
    summary: &str,
    about: &str,
    input: Value,
    output: Value,
) -> Operation {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(idempotency::LONGEST))
        .pattern(Some("^[!-~]+$"));
    let name = path.rsplit('/').next().unwrap_or(path);
    Operation::post("functions", path, name, summary)
        .about(about)
        .signed_in()
        .takes::<I>(input)
        .gives::<O>("It was done.", output)
        .parameter(
            ParameterIn::Header,
            "Idempotency-Key",
            "Asked again with the same key by the same user, nothing is done twice, and the answer is the first one's. Kept for 10 minutes.",
            key,
        )
        .problems(CALL)
}

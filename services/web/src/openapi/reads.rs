//! What browsers read beside the streams.

use contracts::{
    ChannelId, EventId, GuildId, MessageId,
    rpc::{ChannelAbilities, ChannelMessages, Me, SharedGuild},
    snapshot::GuildRooms,
};
use serde_json::json;
use utoipa::{
    PartialSchema as _,
    openapi::{
        path::ParameterIn::{Path, Query},
        schema::{Object, ObjectBuilder, Type},
    },
};

use super::{
    Operation,
    problems::{GATEWAY, INVALID, LOOKS, MEMBER, NOT_FOUND, NOT_SHARED},
};
use crate::api::History;

const GUILD: &str = "41771983423143937";
const ROOM: &str = "127121515262115840";
const USER: &str = "80351110224678912";

fn number(most: u16, fallback: u16) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(most))
        .default(Some(json!(fallback)))
        .build()
}

pub(super) fn operations() -> Vec<Operation> {
    let person = json!({"userId": USER, "username": "nelly", "displayName": "Nelly", "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png", "operator": false});
    let flags = json!({"mute": false, "deaf": false, "selfMute": true, "selfDeaf": false, "stream": false, "video": false, "suppress": false});
    let member = json!({"userId": USER, "username": "nelly", "displayName": "Nelly", "avatar": null, "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png", "flags": flags});
    vec![
        Operation::get("reads", "/api/me", "me", "Who is signed in")
            .signed_in()
            .gives::<Me>("The user.", person),
        Operation::get("reads", "/api/guilds", "guilds", "The guilds that the user and the bot share, by name")
            .signed_in()
            .gives_many::<SharedGuild>("The guilds.", json!([{"guildId": GUILD, "name": "Brass band", "iconUrl": null}]))
            .problems(MEMBER),
        Operation::get("reads", "/api/guilds/{guild}/rooms", "rooms", "The rooms that the user may see, and who is in them")
            .signed_in()
            .parameter(Path, "guild", "The guild.", GuildId::schema())
            .gives::<GuildRooms>(
                "The rooms, in Discord's order.",
                json!({"guildId": GUILD, "name": "Brass band", "iconUrl": null, "unavailable": false,
                    "rooms": [{"channelId": ROOM, "name": "Lobby", "userLimit": 0, "members": [member]}]}),
            )
            .problems(MEMBER)
            .problems(&[INVALID, NOT_SHARED, NOT_FOUND])
            .problems(LOOKS),
        Operation::get("reads", "/api/guilds/{guild}/events", "events", "What happened in a guild, as far as the user may see it")
            .about("Judged by the permissions in force now, and never from before the user joined. An answer may hold fewer events than `limit` and say that there is more.")
            .signed_in()
            .parameter(Path, "guild", "The guild.", GuildId::schema())
            .parameter(Query, "since", "Only what came after this one.", EventId::schema())
            .parameter(Query, "limit", "Most events to look at.", number(500, 100))
            .gives::<History>(
                "The events, the oldest first.",
                json!({"events": [], "next": "1763836800123-0", "more": false}),
            )
            .problems(MEMBER)
            .problems(&[INVALID, NOT_SHARED])
            .problems(LOOKS),
        Operation::get("reads", "/api/channels/{channel}/messages", "messages", "What was written in a channel that the user may read")
            .about("Read from Discord through the gateway: 10 pages in 5 s, 20 at once, for each user.")
            .signed_in()
            .parameter(Path, "channel", "The channel or thread.", ChannelId::schema())
            .parameter(Query, "before", "Only what was written before this one.", MessageId::schema())
            .parameter(Query, "limit", "Most messages.", number(100, 50))
            .gives::<ChannelMessages>("The messages, the newest first.", json!({"messages": []}))
            .problems(MEMBER)
            .problems(&[
                INVALID,
                NOT_FOUND,
                (403, "missing-permission", "the user may not read what was written before"),
            ])
            .problems(LOOKS)
            .problems(GATEWAY),
        Operation::get("reads", "/api/channels/{channel}/abilities", "abilities", "What the user may do in a channel")
            .about("Decided by the gateway, by the table that decides about the functions.")
            .signed_in()
            .parameter(Path, "channel", "The channel or thread.", ChannelId::schema())
            .gives::<ChannelAbilities>(
                "What the user may do there.",
                json!({"guildId": GUILD, "channelId": ROOM, "may": ["readMessages", "sendMessage", "connectSelf"]}),
            )
            .problems(MEMBER)
            .problems(&[INVALID, NOT_FOUND])
            .problems(LOOKS)
            .problems(GATEWAY),
    ]
}

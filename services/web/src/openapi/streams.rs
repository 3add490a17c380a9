//! `GET /api/stream` and `GET /api/ws`

use contracts::{EventKind, GuildId};
use serde_json::json;
use utoipa::{
    PartialSchema as _,
    openapi::{
        Array,
        path::ParameterIn::{Header, Query},
        schema::{ObjectBuilder, Type},
    },
};

use super::{
    Operation,
    problems::{DISCORD, FOREIGN, INVALID, NOT_SHARED, UNAUTHORIZED},
};

const STREAM: &str = "Server-sent events. `event:` is the event's name, `id:` its id, `data:` its payload; the stream begins with `retry:`, and `: ping` comes \
    every 15 s. With `snapshot=1` the first event is `snapshot`, and the stream goes on from exactly that point. `Last-Event-ID` continues where \
    the browser stopped; where that is not possible any more, the first event is `reset`. Transient trouble is answered with 200, `event: unavailable` \
    and the end of the stream, since native EventSource gives up for good on any other status.";

const SOCKET: &str = "The same events over a WebSocket (RFC 6455), for pages that the cookie does not reach. The first message comes within 5 s: \
    `{v: 1, type: \"auth\", token, lastEventId?, guilds?, events?, snapshot?}` with a token of `issueStreamToken`. Then come `{v: 1, type: \"ready\"}`, \
    `{v: 1, type: \"event\", event, id, ts, payload}` and `{v: 1, type: \"cursor\", id}`. It is closed with 1001 when the replica stops, 1008 when more than \
    1 MiB waits for a slow reader, 4401 when the token is bad or late, 4429 when the user has too many streams.";

/// How far a browser is. While a stream catches up over a change of what its user sees, an id names a second place.
fn progress() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The id that came last, sent back as it was."))
        .pattern(Some("^[0-9]{1,19}-[0-9]{1,19}(~[0-9]{1,19}-[0-9]{1,19})?$"))
        .examples(["1763836800123-0"])
}

pub(super) fn operations() -> Vec<Operation> {
    let flag = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["0", "1"]))
    };
    let mut names: Vec<String> = EventKind::ALL.iter().map(ToString::to_string).collect();
    names.push("voice.*".to_owned());
    let stream = |operation: Operation| {
        operation
            .about(STREAM)
            .signed_in()
            .parameter(Query, "guild", "Only of these guilds; default: all that the user and the bot share, later ones too.", Array::new(GuildId::schema()))
            .parameter(
                Query,
                "events",
                "Names of events, or families like `voice.*`, separated by commas or repeated.",
                ObjectBuilder::new().schema_type(Type::String).examples([json!("voice.*,room.created")]),
            )
            .parameter(Query, "snapshot", "1 = begin with a snapshot.", flag())
            .parameter(Query, "lastEventId", "For pages that can't set the header, which wins.", progress())
            .parameter(Header, "Last-Event-ID", "The last id that was seen, as it was.", progress())
            .answers(200, &format!("The stream. The events are {}.", names.join(", ")), Some("text/event-stream"))
            .problems(&[UNAUTHORIZED, FOREIGN, NOT_SHARED, INVALID, DISCORD])
    };
    vec![
        stream(Operation::get(
            "streams",
            "/api/stream",
            "stream",
            "Events as they happen",
        )),
        Operation::get(
            "streams",
            "/api/ws",
            "socket",
            "Events as they happen, over a WebSocket",
        )
        .about(SOCKET)
        .answers(101, "The WebSocket.", None)
        .problems(&[
            FOREIGN,
            (
                400,
                "validation",
                "the request is no upgrade to a WebSocket",
            ),
        ]),
        stream(Operation::head(
            "streams",
            "/api/stream",
            "streamHead",
            "Whether the stream would be opened",
        )),
    ]
}

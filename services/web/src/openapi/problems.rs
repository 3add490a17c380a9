//! Every problem that an operation may answer with.

/// A problem: its status, its code, and when it is the answer.
pub(super) type Problem = (u16, &'static str, &'static str);

pub(super) const UNAUTHORIZED: Problem = (401, "unauthorized", "nobody is signed in");
pub(super) const FOREIGN: Problem = (403, "forbidden", "the page's origin is not allowed");
pub(super) const NOT_SHARED: Problem = (
    403,
    "guild-not-shared",
    "the user and the bot do not share the guild",
);
pub(super) const INVALID: Problem = (
    400,
    "validation",
    "`errors` names every field that is wrong",
);
pub(super) const NOT_FOUND: Problem = (
    404,
    "not-found",
    "there is no such thing, or the user may not see it",
);
pub(super) const UNAVAILABLE: Problem = (
    503,
    "unavailable",
    "the event bus or the session store is away",
);
pub(super) const DISCORD: Problem = (502, "discord-failed", "Discord failed");
pub(super) const LATE: Problem = (504, "timeout", "the answer took too long");

pub(super) const TOO_LARGE: Problem = (413, "too-large", "the body has more than 64 KiB");

/// Of everything that asks who is signed in.
pub(super) const SIGNED_IN: &[Problem] = &[UNAUTHORIZED, UNAVAILABLE, LATE, TOO_LARGE];

/// Of everything that asks which guilds are the user's.
pub(super) const MEMBER: &[Problem] = &[DISCORD];

/// Of every question that is counted.
pub(super) const LOOKS: &[Problem] = &[
    (429, "rate-limited", "the user asked too often"),
    (
        503,
        "limits-away",
        "questions can't be counted, so none is taken",
    ),
];

/// Of every function, before anybody is asked.
pub(super) const CALL: &[Problem] = &[
    FOREIGN,
    (429, "rate-limited", "the user called too often"),
    (400, "bad-json", "the body is not a JSON object"),
    INVALID,
    (408, "timeout", "the body took too long to arrive"),
    (
        415,
        "unsupported-media-type",
        "the body is not called application/json",
    ),
    (
        503,
        "limits-away",
        "calls can't be counted, so none is taken",
    ),
];

/// Of everything that the gateway does.
pub(super) const GATEWAY: &[Problem] = &[
    (403, "not-a-member", "the user is no member of the guild"),
    (
        403,
        "bot-lacks-permission",
        "the bot may not do it in this guild",
    ),
    (409, "discord-refused", "Discord refuses it, and says why"),
    (
        409,
        "wrong-channel-kind",
        "not possible in a channel of this kind",
    ),
    (
        409,
        "idempotency-key-reused",
        "the key was used for something else",
    ),
    (502, "discord-failed", "Discord failed"),
    (
        502,
        "outcome-unknown",
        "it may have been done: ask again with the same `Idempotency-Key`",
    ),
    (503, "gateway-away", "no gateway answers; nothing was done"),
    (
        503,
        "gateway-starting",
        "the gateway does not know the guild yet",
    ),
    (503, "gateway-busy", "the gateway has too much to do"),
    (503, "discord-busy", "Discord asks to wait"),
    (503, "store-unavailable", "the gateway's store is away"),
];

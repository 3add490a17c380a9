//! Why something is not done, as browsers are told.

use contracts::{link::LinkError, problem::FieldProblem};
use discord::RestError;
use permissions::Permissions;
use room_book::BookError;
use tracing::warn;

/// What was asked is not done, or nobody knows.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: LinkError,
    /// Whether surely nothing was done, so that it may be asked again under the same key.
    pub(super) certain: bool,
}

impl Failed {
    /// It may have been done.
    pub(super) fn uncertain(mut self) -> Self {
        self.certain = false;
        self
    }
}

impl From<LinkError> for Failed {
    fn from(error: LinkError) -> Self {
        Self {
            error,
            certain: true,
        }
    }
}

impl From<BookError> for Failed {
    fn from(error: BookError) -> Self {
        warn!(component = "Gateway", %error, "the book of rooms can't be used");
        let message = "The book of rooms can't be reached; try again in a moment.";
        LinkError::new(503, "store-unavailable", message).into()
    }
}

impl From<RestError> for Failed {
    fn from(error: RestError) -> Self {
        let certain = !matches!(
            error,
            RestError::Unavailable(_) | RestError::Unknown(_) | RestError::Unintelligible
        );
        Self {
            error: of_discord(&error),
            certain,
        }
    }
}

/// What a browser is told where Discord does not do it (Opcodes and Status Codes, "JSON Error Codes").
fn of_discord(error: &RestError) -> LinkError {
    let of = LinkError::new;
    match error {
        RestError::Forbidden { code: 200_000 } | RestError::Rejected { code: 200_000, .. } => of(
            409,
            "blocked-by-automod",
            "The guild's AutoMod does not let this through.",
        ),
        RestError::Forbidden { code: 90_001 } => of(
            403,
            "reaction-blocked",
            "The author does not let you react.",
        ),
        RestError::Forbidden { .. } => of(
            403,
            "bot-lacks-permission",
            "Fanfare's bot lacks the permission for this in Discord.",
        ),
        RestError::NotFound { .. } => not_found(),
        RestError::RateLimited { retry_after } => {
            let mut refused = of(503, "discord-busy", "Discord asks to wait a moment.");
            refused.retry_after_ms = Some(retry_after.as_millis() as u64);
            refused
        }
        RestError::Rejected { code, message } => match code {
            10_014 => field("emoji", "unknown", "is no emoji that Discord knows here"),
            30_010 => of(
                409,
                "too-many-reactions",
                "The message has as many kinds of reactions as Discord allows.",
            ),
            30_013 => of(
                409,
                "guild-full",
                "The guild has as many channels as Discord allows.",
            ),
            30_060 => of(
                409,
                "too-many-members",
                "The room lets as many people in by name as Discord allows.",
            ),
            20_016 | 20_028 | 20_029 => of(409, "slow-mode", "Discord asks to write more slowly."),
            50_006 => field("content", "empty", "is empty for Discord"),
            40_032 => not_in_voice(),
            50_008 | 50_024 => of(
                409,
                "wrong-channel-kind",
                "That is not possible in a channel of this kind.",
            ),
            _ => of(
                409,
                "discord-refused",
                &format!("Discord refuses it: {message}"),
            ),
        },
        RestError::Unknown(_) | RestError::Unintelligible => of(
            502,
            "outcome-unknown",
            "Discord did not say whether it was done. Look before you ask again.",
        ),
        // The token, the network and Discord itself are nothing that a user could do anything about.
        _ => of(
            502,
            "discord-failed",
            "Discord can't be reached or is in trouble.",
        ),
    }
}

pub(super) fn not_found() -> LinkError {
    LinkError::new(
        404,
        "not-found",
        "There is no such thing, or you can't see it.",
    )
}

pub(super) fn not_a_member() -> LinkError {
    LinkError::new(403, "not-a-member", "You are not a member of this guild.")
}

pub(super) fn timed_out() -> LinkError {
    let message = "You are timed out in this guild.";
    LinkError::new(403, "timed-out", message)
}

pub(super) fn missing_role() -> LinkError {
    let message = "Only members with certain roles make rooms here.";
    LinkError::new(403, "missing-role", message)
}

pub(super) fn not_yours() -> LinkError {
    let message = "Only the room's owner and moderators may do this.";
    LinkError::new(403, "not-owner", message)
}

pub(super) fn not_a_moderator() -> LinkError {
    let message = "Only moderators move others: they manage channels or move members there.";
    LinkError::new(403, "not-moderator", message)
}

pub(super) fn not_a_room() -> LinkError {
    let message = "Fanfare did not make this channel.";
    LinkError::new(403, "not-a-room", message)
}

pub(super) fn barred() -> LinkError {
    let message = "A moderator has shut you out of this room.";
    LinkError::new(403, "barred", message)
}

pub(super) fn not_in_voice() -> LinkError {
    let message = "Join any voice channel first: Discord moves only people who are in one.";
    LinkError::new(409, "not-in-voice", message)
}

pub(super) fn room_full() -> LinkError {
    LinkError::new(409, "room-full", "The room is full.")
}

pub(super) fn invalid_invite() -> LinkError {
    let message = "The invite is unknown, has expired, was revoked or is used up.";
    LinkError::new(404, "invite-invalid", message)
}

pub(super) fn busy() -> LinkError {
    let mut busy = LinkError::new(503, "gateway-busy", "Too much is asked at the moment.");
    busy.retry_after_ms = Some(1_000);
    busy
}

/// What a user lacks in a channel, by Discord's own names.
pub(super) fn missing(missing: Permissions) -> LinkError {
    const NAMES: [(Permissions, &str); 6] = [
        (Permissions::CONNECT, "Connect"),
        (Permissions::SEND_MESSAGES, "Send Messages"),
        (
            Permissions::SEND_MESSAGES_IN_THREADS,
            "Send Messages in Threads",
        ),
        (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
        (Permissions::ADD_REACTIONS, "Add Reactions"),
        (Permissions::VIEW_CHANNEL, "View Channel"),
    ];
    let names = NAMES.into_iter().filter(|(bit, _)| missing.meets(*bit));
    let names: Vec<&str> = names.map(|(_, name)| name).collect();
    let message = format!(
        "You lack permissions in this channel: {}.",
        names.join(", ")
    );
    LinkError::new(403, "missing-permission", message)
}

pub(super) fn field(field: &str, code: &str, message: &str) -> LinkError {
    let mut error = LinkError::new(400, "validation", "The request is not valid.");
    error.errors = vec![FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }];
    error
}

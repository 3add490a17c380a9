use std::{fmt, time::Duration};

use crate::close::{self, CloseAction};

/// Why a connection ended, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The owner asked for it, or nobody takes dispatches any more.
    Drained,
    /// No socket could be opened.
    Unreachable(String),
    /// The socket broke.
    Lost(String),
    /// Discord closed, with this code or none.
    Closed(Option<u16>),
    /// Discord asked us to reconnect (op 7).
    ReconnectAsked,
    /// Discord called the session invalid (op 9).
    InvalidSession {
        /// It may be resumed all the same.
        resumable: bool,
    },
    /// Neither a frame nor an acknowledgement between two heartbeats.
    Zombie,
    /// A phase took too long.
    TimedOut(&'static str),
    /// What came is not the protocol.
    Malformed(String),
    /// Dispatches were discarded for lack of room, and now there is room for them.
    QueueFull,
    /// The owner does not want a session to be begun or resumed now.
    HeldBack,
    /// The budget of session starts is used up down to the reserve.
    BudgetExhausted(Duration),
}

/// What a shard does after a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Return the session.
    Finish,
    /// Connect again; resume where there is a session.
    Resume,
    /// Forget the session and identify.
    Identify,
    /// Give up with this close code.
    Stop(u16),
}

impl End {
    /// What follows from it.
    pub(crate) fn next(&self) -> Next {
        match self {
            Self::Drained => Next::Finish,
            Self::InvalidSession { resumable: false } => Next::Identify,
            Self::Closed(code) => match (close::after(*code), code) {
                (CloseAction::Stop, Some(code)) => Next::Stop(*code),
                (CloseAction::Identify, _) => Next::Identify,
                _ => Next::Resume,
            },
            _ => Next::Resume,
        }
    }

    /// Whether to close with a handshake: not where the other side is gone already.
    pub(crate) fn says_goodbye(&self) -> bool {
        !matches!(
            self,
            Self::Unreachable(_) | Self::Lost(_) | Self::Closed(_) | Self::Zombie
        )
    }

    /// Whether Discord wants to be left alone for a moment.
    pub(crate) fn cools_down(&self) -> bool {
        match self {
            Self::InvalidSession { .. } => true,
            Self::Closed(Some(code)) => close::too_fast(*code),
            _ => false,
        }
    }

    /// Whether it was our own choice: it says nothing about Discord.
    pub(crate) fn ours(&self) -> bool {
        matches!(self, Self::QueueFull | Self::HeldBack)
    }

    /// A name from a fixed set, for metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Unreachable(_) => "unreachable",
            Self::Lost(_) => "lost",
            Self::Closed(_) => "closed",
            Self::ReconnectAsked => "reconnect",
            Self::InvalidSession { .. } => "invalid_session",
            Self::Zombie => "zombie",
            Self::TimedOut(_) => "timed_out",
            Self::Malformed(_) => "malformed",
            Self::QueueFull => "queue_full",
            Self::HeldBack => "held_back",
            Self::BudgetExhausted(_) => "budget_exhausted",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drained => f.write_str("drained"),
            Self::Unreachable(why) => write!(f, "could not connect: {why}"),
            Self::Lost(why) => write!(f, "connection lost: {why}"),
            Self::Closed(None) => f.write_str("closed without a code"),
            Self::Closed(Some(code)) => {
                write!(f, "closed with {code} ({})", close::meaning(*code))
            }
            Self::ReconnectAsked => f.write_str("Discord asked to reconnect"),
            Self::InvalidSession { resumable: true } => {
                f.write_str("session invalid for now, may be resumed")
            }
            Self::InvalidSession { resumable: false } => f.write_str("session invalid"),
            Self::Zombie => f.write_str("no sign of life between two heartbeats"),
            Self::TimedOut(phase) => write!(f, "{phase} did not come in time"),
            Self::Malformed(why) => write!(f, "malformed frame: {why}"),
            Self::QueueFull => f.write_str("dispatch queue was full, resuming what was discarded"),
            Self::HeldBack => f.write_str("held back by the owner of the shard"),
            Self::BudgetExhausted(resets_in) => write!(
                f,
                "session starts used up down to the reserve, more in {} s",
                resets_in.as_secs()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_void_session_is_given_up() {
        assert_eq!(
            End::InvalidSession { resumable: false }.next(),
            Next::Identify
        );
        assert_eq!(End::Closed(Some(4007)).next(), Next::Identify);
        for end in [
            End::Zombie,
            End::QueueFull,
            End::HeldBack,
            End::ReconnectAsked,
            End::Closed(None),
            End::Closed(Some(1000)),
            End::InvalidSession { resumable: true },
            End::Unreachable(String::new()),
        ] {
            assert_eq!(end.next(), Next::Resume, "{end}");
        }
    }

    #[test]
    fn fatal_codes_stop() {
        assert_eq!(End::Closed(Some(4004)).next(), Next::Stop(4004));
    }

    #[test]
    fn a_dead_peer_is_not_waited_for() {
        assert!(!End::Zombie.says_goodbye());
        assert!(End::Drained.says_goodbye());
    }
}

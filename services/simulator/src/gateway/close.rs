//! Why a connection is closed. Source: Opcodes and Status Codes, "Gateway Close Event Codes".

use axum::extract::ws::CloseFrame;

/// A close code with Discord's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close(pub(crate) u16);

impl Close {
    pub(crate) const UNKNOWN_OPCODE: Self = Self(4001);
    pub(crate) const DECODE_ERROR: Self = Self(4002);
    pub(crate) const NOT_AUTHENTICATED: Self = Self(4003);
    pub(crate) const AUTHENTICATION_FAILED: Self = Self(4004);
    pub(crate) const ALREADY_AUTHENTICATED: Self = Self(4005);
    pub(crate) const INVALID_SEQ: Self = Self(4007);
    pub(crate) const RATE_LIMITED: Self = Self(4008);
    pub(crate) const TIMED_OUT: Self = Self(4009);
    pub(crate) const INVALID_SHARD: Self = Self(4010);
    pub(crate) const SHARDING_REQUIRED: Self = Self(4011);
    pub(crate) const INVALID_VERSION: Self = Self(4012);
    pub(crate) const INVALID_INTENTS: Self = Self(4013);
    pub(crate) const DISALLOWED_INTENTS: Self = Self(4014);
    pub(crate) const GOING_AWAY: Self = Self(1001);

    fn reason(self) -> &'static str {
        match self.0 {
            1000 | 1001 => "Going away.",
            4001 => "Unknown opcode.",
            4002 => "Error while decoding payload.",
            4003 => "Not authenticated.",
            4004 => "Authentication failed.",
            4005 => "Already authenticated.",
            4007 => "Invalid seq.",
            4008 => "Rate limited.",
            4009 => "Session timed out.",
            4010 => "Invalid shard.",
            4011 => "Sharding required.",
            4012 => "Invalid API version.",
            4013 => "Invalid intent(s).",
            4014 => "Disallowed intent(s).",
            _ => "Unknown error.",
        }
    }
}

impl From<Close> for CloseFrame {
    fn from(close: Close) -> Self {
        Self {
            code: close.0,
            reason: close.reason().into(),
        }
    }
}

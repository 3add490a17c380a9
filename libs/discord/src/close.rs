//! What a close code means (Opcodes and Status Codes, "Gateway Close Event Codes").

/// The code of our own closes: unlike 1000 and 1001 it keeps the session resumable.
pub(crate) const RESUMABLE: u16 = 4000;

/// What to do after Discord closed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseAction {
    /// Connect again and resume.
    Resume,
    /// Forget the session; connect again and identify.
    Identify,
    /// Trying again is of no use.
    Stop,
}

/// What to do after a close with this code, or after none at all.
pub(crate) const fn after(code: Option<u16>) -> CloseAction {
    match code {
        Some(4004 | 4010..=4014) => CloseAction::Stop,
        Some(4003 | 4006 | 4007) => CloseAction::Identify,
        // Also 4009, for which the documentation asks for a new session, and whatever Discord may
        // invent later: an attempt to resume costs nothing of the budget, and where the session is
        // gone INVALID SESSION says so. Heartbeats that were late for a moment must not cost it.
        _ => CloseAction::Resume,
    }
}

/// Whether the close says that we sent too fast.
pub(crate) const fn too_fast(code: u16) -> bool {
    code == 4008
}

/// What Discord calls it.
pub(crate) const fn meaning(code: u16) -> &'static str {
    match code {
        1000 | 1001 => "going away",
        4000 => "unknown error",
        4001 => "unknown opcode or payload",
        4002 => "payload could not be decoded or was too large",
        4003 => "not authenticated",
        4004 => "authentication failed",
        4005 => "already authenticated",
        4006 => "session no longer valid",
        4007 => "invalid sequence number",
        4008 => "sent too fast",
        4009 => "session timed out",
        4010 => "invalid shard",
        4011 => "sharding required",
        4012 => "invalid API version",
        4013 => "invalid intents",
        4014 => "disallowed intents",
        _ => "not documented",
    }
}

/// What a person has to do after a close that stops the shard.
pub(crate) const fn remedy(code: u16) -> &'static str {
    match code {
        4004 => "set DISCORD_BOT_TOKEN to the bot's current token (developer portal, page Bot)",
        4010 => {
            "check SHARD_COUNT: every shard's number must be below it, and very large bots \
                 must use a multiple of the number that Discord gives"
        }
        4011 => "raise SHARD_COUNT, or leave it on auto",
        4012 => "this version of the software is too old for Discord's Gateway; update it",
        4013 => "correct DISCORD_INTENTS: it has bits that Discord does not know",
        4014 => {
            "switch on the privileged intents of DISCORD_INTENTS in the developer portal \
                 (page Bot), or leave them out"
        }
        _ => "see Discord's documentation of this code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_code_leads_where_discord_says() {
        use CloseAction::{Identify, Resume, Stop};
        let table = [
            (None, Resume),
            (Some(1000), Resume),
            (Some(1001), Resume),
            (Some(1006), Resume),
            (Some(1011), Resume),
            (Some(4000), Resume),
            (Some(4001), Resume),
            (Some(4002), Resume),
            (Some(4003), Identify),
            (Some(4004), Stop),
            (Some(4005), Resume),
            (Some(4006), Identify),
            (Some(4007), Identify),
            (Some(4008), Resume),
            (Some(4009), Resume),
            (Some(4010), Stop),
            (Some(4011), Stop),
            (Some(4012), Stop),
            (Some(4013), Stop),
            (Some(4014), Stop),
            (Some(4015), Resume),
            (Some(4999), Resume),
        ];
        for (code, action) in table {
            assert_eq!(after(code), action, "{code:?}");
        }
    }

    #[test]
    fn every_code_that_stops_has_a_remedy_of_its_own() {
        for code in (0..=u16::MAX).filter(|code| after(Some(*code)) == CloseAction::Stop) {
            assert_ne!(remedy(code), remedy(0), "{code}");
            assert_ne!(meaning(code), meaning(0), "{code}");
        }
    }
}

use contracts::{Event, event::TypingStarted};
use discord::model::TypingStart;

use super::Draft;

/// `TYPING_START`.
pub(super) fn start(draft: &mut Draft<'_>, typing: &TypingStart) {
    let ts = match typing.timestamp {
        0 => draft.received_at(),
        seconds => seconds.saturating_mul(1_000),
    };
    let event = TypingStarted {
        guild_id: draft.guild_id(),
        channel_id: typing.channel_id,
        user_id: typing.user_id,
        ts,
    };
    draft.tell(&Event::TypingStarted(event));
}

use contracts::{Event, EventKind, event::Gap};
use discord::Intents;

use super::Draft;

/// What Discord does not tell again, by the intent that it belongs to.
const UNTOLD: [(Intents, &[EventKind]); 3] = [
    (
        Intents::GUILD_MESSAGES,
        &[
            EventKind::MessageCreated,
            EventKind::MessageUpdated,
            EventKind::MessageDeleted,
        ],
    ),
    (
        Intents::GUILD_MESSAGE_REACTIONS,
        &[
            EventKind::ReactionAdded,
            EventKind::ReactionRemoved,
            EventKind::ReactionCleared,
        ],
    ),
    (Intents::GUILD_MESSAGE_TYPING, &[EventKind::TypingStarted]),
];

/// The guild's session was lost: says what may be missing, before the difference is told.
pub(super) fn announce(draft: &mut Draft<'_>, since: u64) {
    let intents = draft.rules().intents;
    let kinds: Vec<EventKind> = UNTOLD
        .iter()
        .filter(|(intent, _)| intents.contains(*intent))
        .flat_map(|(_, kinds)| kinds.iter().copied())
        .collect();
    let until = draft.received_at();
    if !kinds.is_empty() {
        draft.tell(&Event::Gap(Gap {
            guild_id: draft.guild_id(),
            since: since.min(until),
            until,
            kinds,
        }));
    }
}

use contracts::{
    ChannelId, Event, MessageId,
    event::{Emoji, ReactionAdded, ReactionCleared, ReactionRemoved},
};
use discord::model;

use super::Draft;

/// `MESSAGE_REACTION_ADD`.
pub(super) fn add(draft: &mut Draft<'_>, reaction: &model::ReactionAdd) {
    let event = ReactionAdded {
        guild_id: draft.guild_id(),
        channel_id: reaction.channel_id,
        message_id: reaction.message_id,
        user_id: reaction.user_id,
        emoji: emoji(&reaction.emoji),
    };
    draft.tell(&Event::ReactionAdded(event));
}

/// `MESSAGE_REACTION_REMOVE`.
pub(super) fn remove(draft: &mut Draft<'_>, reaction: &model::ReactionRemove) {
    let event = ReactionRemoved {
        guild_id: draft.guild_id(),
        channel_id: reaction.channel_id,
        message_id: reaction.message_id,
        user_id: reaction.user_id,
        emoji: emoji(&reaction.emoji),
    };
    draft.tell(&Event::ReactionRemoved(event));
}

/// `MESSAGE_REACTION_REMOVE_ALL` and, with an emoji, `MESSAGE_REACTION_REMOVE_EMOJI`.
pub(super) fn clear(
    draft: &mut Draft<'_>,
    channel_id: ChannelId,
    message_id: MessageId,
    only: Option<&model::Emoji>,
) {
    let guild_id = draft.guild_id();
    let emoji = only.map(emoji);
    draft.tell(&Event::ReactionCleared(ReactionCleared {
        guild_id,
        channel_id,
        message_id,
        emoji,
    }));
}

fn emoji(emoji: &model::Emoji) -> Emoji {
    Emoji {
        id: emoji.id.map(|id| id.to_string()),
        name: emoji.name.clone(),
        animated: emoji.animated,
    }
}

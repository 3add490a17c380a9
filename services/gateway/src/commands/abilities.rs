//! What somebody may do in a channel, asked beforehand: the same table decides ([`authority`](super::authority)).

use contracts::{
    MessageId, UserId,
    command::{Act, Connect, MakeInvite, Post, React, ReadAbilities, ReadMessages, RemoveRoom},
    rpc::Ability,
};
use room_book::Room;

use super::authority::{Case, authorize};

/// Nobody's id, so somebody else's than whoever asks.
const ANOTHER: UserId = UserId::new(0);

/// The abilities that the table grants. `room` is the channel's entry in the book.
pub(super) fn granted(read: &ReadAbilities, room: Option<&Room>, case: &Case<'_>) -> Vec<Ability> {
    let channel = Some(read.channel_id);
    let grants = |ability: &Ability| {
        let act = act(*ability, read, case.actor.user);
        authorize(&act, channel, room, case).is_ok()
    };
    Ability::ALL.into_iter().filter(grants).collect()
}

/// An act for which an ability is needed.
fn act(ability: Ability, read: &ReadAbilities, actor: UserId) -> Act {
    let ReadAbilities {
        guild_id,
        channel_id,
    } = *read;
    let connect = |user_id| {
        Act::ConnectUser(Connect {
            guild_id,
            channel_id,
            user_id,
        })
    };
    match ability {
        Ability::ReadMessages => Act::ReadMessages(ReadMessages {
            guild_id,
            channel_id,
            before: None,
            limit: 1,
        }),
        Ability::SendMessage => Act::SendMessage(Post {
            guild_id,
            channel_id,
            content: String::new(),
        }),
        Ability::AddReaction => Act::AddReaction(React {
            guild_id,
            channel_id,
            message_id: MessageId::new(0),
            emoji: String::new(),
        }),
        Ability::ConnectSelf => connect(actor),
        Ability::ConnectOthers => connect(ANOTHER),
        Ability::CreateInvite => Act::CreateInvite(MakeInvite {
            guild_id,
            channel_id,
            expires_in: None,
            max_uses: None,
        }),
        Ability::DeleteRoom => Act::DeleteRoom(RemoveRoom {
            guild_id,
            channel_id,
        }),
    }
}

use contracts::rpc::Ability;

use super::{super::super::abilities::granted, *};

#[test]
fn what_may_be_done_is_told_beforehand() {
    use Ability::{
        AddReaction, ConnectOthers, ConnectSelf, CreateInvite, DeleteRoom, ReadMessages,
        SendMessage,
    };
    const VIEW: Permissions = Permissions::VIEW_CHANNEL;
    const INSIDE: Permissions = VIEW.union(Permissions::CONNECT);
    const READ: Permissions = Permissions::READ_MESSAGE_HISTORY;
    let (own, others) = (room_of(ME), room_of(OTHER));
    let moderates = INSIDE | Permissions::MOVE_MEMBERS;
    let writes = INSIDE | READ | Permissions::SEND_MESSAGES | Permissions::ADD_REACTIONS;
    let rows: [(ChannelId, Permissions, Option<&Room>, &[Ability]); 8] = [
        (VOICE, VIEW, None, &[]),
        (VOICE, INSIDE, Some(&others), &[ConnectSelf]),
        (VOICE, INSIDE | READ, None, &[ReadMessages, ConnectSelf]),
        (
            VOICE,
            writes,
            None,
            &[ReadMessages, SendMessage, AddReaction, ConnectSelf],
        ),
        (
            VOICE,
            INSIDE,
            Some(&own),
            &[ConnectSelf, CreateInvite, DeleteRoom],
        ),
        (VOICE, moderates, None, &[ConnectSelf, ConnectOthers]),
        (
            VOICE,
            moderates,
            Some(&others),
            &[ConnectSelf, ConnectOthers, CreateInvite, DeleteRoom],
        ),
        (
            TEXT,
            writes,
            None,
            &[ReadMessages, SendMessage, AddReaction],
        ),
    ];
    let told = |channel_id, mine, room, actor: &Actor| {
        let asks = ReadAbilities {
            guild_id: GUILD,
            channel_id,
        };
        of(mine, actor, |case| granted(&asks, room, case))
    };
    for (channel, mine, room, expected) in rows {
        assert_eq!(told(channel, mine, room, &actor(ME)), expected, "{mine:?}");
    }
    let silent = Actor {
        timed_out_until: Some(NOW + 1),
        ..actor(ME)
    };
    assert_eq!(told(TEXT, writes, None, &silent), [ReadMessages]);
}

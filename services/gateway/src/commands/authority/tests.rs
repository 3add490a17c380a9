//! The table: function × who × permission.

mod abilities;

use contracts::{
    MessageId, UserId,
    command::{
        Connect, EndInvite, Join, MakeInvite, MakeRoom, Post, React, ReadAbilities, ReadMessages,
        RemoveRoom,
    },
    invite::{InviteId, InviteToken},
    state::{Guild, Overwrite, OverwriteTarget, Role},
};
use event_bus::StateOp;

use super::*;
use crate::state::Guilds;

const GUILD: GuildId = GuildId::new(1);
const OWNER: UserId = UserId::new(2);
const ME: UserId = UserId::new(3);
const OTHER: UserId = UserId::new(4);
const TEXT: ChannelId = ChannelId::new(10);
const THREAD: ChannelId = ChannelId::new(11);
const VOICE: ChannelId = ChannelId::new(12);
const CATEGORY: ChannelId = ChannelId::new(13);
const NOWHERE: ChannelId = ChannelId::new(99);
const NOW: u64 = 1_000;

/// What everybody is granted here, by overwrites of the member.
fn guilds(mine: Permissions) -> Guilds {
    let mut guilds = Guilds::default();
    let state = guilds.begin(Guild {
        id: GUILD,
        name: String::new(),
        icon: None,
        owner_id: OWNER,
        unavailable: false,
        members_since: None,
    });
    let everyone = Role {
        id: GUILD.everyone(),
        name: String::new(),
        permissions: 0,
        position: 0,
    };
    state.apply(&StateOp::SetRole(everyone));
    for (id, kind, parent_id) in [
        (TEXT, 0, None),
        (THREAD, 11, Some(TEXT)),
        (VOICE, 2, None),
        (CATEGORY, 4, None),
    ] {
        state.apply(&StateOp::SetChannel(Channel {
            id,
            kind,
            name: String::new(),
            parent_id,
            position: 0,
            user_limit: 0,
            overwrites: vec![Overwrite {
                id: ME.get(),
                target: OverwriteTarget::Member,
                allow: mine.bits(),
                deny: 0,
            }],
            members: Vec::new(),
            obfuscated: false,
        }));
    }
    guilds
}

fn actor(user: UserId) -> Actor {
    Actor {
        user,
        roles: vec![RoleId::new(7)],
        timed_out_until: None,
        username: String::new(),
        display_name: String::new(),
        avatar_url: String::new(),
    }
}

/// What is said of somebody who is granted this.
fn of<T>(mine: Permissions, actor: &Actor, says: impl FnOnce(&Case<'_>) -> T) -> T {
    let guilds = guilds(mine);
    let state = guilds.guild(GUILD).unwrap();
    let now = NOW;
    says(&Case { state, actor, now })
}

/// `Ok`, or the code of the refusal.
fn decide(act: &Act, mine: Permissions, actor: &Actor, room: Option<&Room>) -> &'static str {
    let decided = of(mine, actor, |case| authorize(act, Some(VOICE), room, case));
    decided.map_or_else(
        |error| Box::leak(error.code.into_boxed_str()) as &str,
        |()| "ok",
    )
}

fn room_of(owner: UserId) -> Room {
    Room {
        guild: GUILD,
        channel: VOICE,
        owner,
        made_at: 0,
        empty_since: None,
    }
}

fn connect(channel_id: ChannelId, user_id: UserId) -> Act {
    Act::ConnectUser(Connect {
        guild_id: GUILD,
        channel_id,
        user_id,
    })
}

fn send(channel_id: ChannelId) -> Act {
    Act::SendMessage(Post {
        guild_id: GUILD,
        channel_id,
        content: String::new(),
    })
}

fn react(channel_id: ChannelId) -> Act {
    Act::AddReaction(React {
        guild_id: GUILD,
        channel_id,
        message_id: MessageId::new(1),
        emoji: String::new(),
    })
}

fn read(channel_id: ChannelId) -> Act {
    Act::ReadMessages(ReadMessages {
        guild_id: GUILD,
        channel_id,
        before: None,
        limit: 1,
    })
}

fn create(creator_roles: Vec<RoleId>) -> Act {
    Act::CreateRoom(MakeRoom {
        guild_id: GUILD,
        name: String::new(),
        user_limit: 0,
        category_id: None,
        creator_roles,
        max_rooms: 1,
    })
}

/// What the owner of a room may do with it.
fn of_owner() -> [Act; 3] {
    [
        Act::DeleteRoom(RemoveRoom {
            guild_id: GUILD,
            channel_id: VOICE,
        }),
        Act::CreateInvite(MakeInvite {
            guild_id: GUILD,
            channel_id: VOICE,
            expires_in: None,
            max_uses: None,
        }),
        Act::RevokeInvite(EndInvite {
            guild_id: GUILD,
            invite_id: InviteId::new(GUILD, 1),
        }),
    ]
}

fn every_act() -> Vec<Act> {
    let join = Act::JoinRoom(Join {
        guild_id: GUILD,
        token: InviteToken::new(GUILD, [0; 24]),
    });
    let mut acts = vec![
        create(Vec::new()),
        join,
        connect(VOICE, ME),
        connect(VOICE, OTHER),
        send(TEXT),
        react(TEXT),
        read(TEXT),
    ];
    acts.extend(of_owner());
    acts
}

/// The bits that any row of the table asks for.
const BITS: [Permissions; 8] = [
    Permissions::VIEW_CHANNEL,
    Permissions::CONNECT,
    Permissions::SEND_MESSAGES,
    Permissions::SEND_MESSAGES_IN_THREADS,
    Permissions::READ_MESSAGE_HISTORY,
    Permissions::ADD_REACTIONS,
    Permissions::MANAGE_CHANNELS,
    Permissions::MOVE_MEMBERS,
];

/// Every set of them.
fn sets() -> impl Iterator<Item = Permissions> {
    (0..1_u32 << BITS.len()).map(|mask| {
        let chosen = BITS.iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1);
        chosen.fold(Permissions::NONE, |set, (_, bit)| set.union(*bit))
    })
}

#[test]
fn channels_are_granted_to_exactly_those_who_hold_what_the_table_says() {
    const VIEW: Permissions = Permissions::VIEW_CHANNEL;
    const ROOM: Permissions = VIEW.union(Permissions::CONNECT);
    const HISTORY: Permissions = Permissions::READ_MESSAGE_HISTORY;
    const REACT: Permissions = HISTORY.union(Permissions::ADD_REACTIONS);
    let rows = [
        (connect(VOICE, ME), ROOM),
        (send(TEXT), VIEW.union(Permissions::SEND_MESSAGES)),
        (send(VOICE), ROOM.union(Permissions::SEND_MESSAGES)),
        (
            send(THREAD),
            VIEW.union(Permissions::SEND_MESSAGES_IN_THREADS),
        ),
        (react(TEXT), VIEW.union(REACT)),
        (react(THREAD), VIEW.union(REACT)),
        (react(VOICE), ROOM.union(REACT)),
        (read(TEXT), VIEW.union(HISTORY)),
        (read(THREAD), VIEW.union(HISTORY)),
        (read(VOICE), ROOM.union(HISTORY)),
    ];
    for mine in sets() {
        for (act, needed) in &rows {
            let expected = if mine.contains(*needed) {
                "ok"
            } else if mine.contains(VIEW) {
                "missing-permission"
            } else {
                "not-found"
            };
            assert_eq!(
                decide(act, mine, &actor(ME), None),
                expected,
                "{act:?} {mine:?}"
            );
        }
    }
}

#[test]
fn rooms_are_managed_by_their_owner_and_by_moderators_who_see_them() {
    let moderates = Permissions::MANAGE_CHANNELS | Permissions::MOVE_MEMBERS;
    let inside = Permissions::VIEW_CHANNEL | Permissions::CONNECT;
    for mine in sets() {
        let (sees, enters) = (
            mine.contains(Permissions::VIEW_CHANNEL),
            mine.contains(inside),
        );
        // Without CONNECT all other permissions in a room are void (Discord, "Implicit Permissions").
        let moderator = enters && mine.meets(moderates);
        for act in of_owner() {
            for (room, refusal) in [(None, "not-a-room"), (Some(room_of(OTHER)), "not-owner")] {
                let expected = match (sees, room.is_some() && moderator) {
                    (false, _) => "not-found",
                    (true, true) => "ok",
                    (true, false) => refusal,
                };
                let decided = decide(&act, mine, &actor(ME), room.as_ref());
                assert_eq!(decided, expected, "{act:?} {mine:?}");
            }
            let expected = if sees { "ok" } else { "not-found" };
            let own = room_of(ME);
            assert_eq!(
                decide(&act, mine, &actor(ME), Some(&own)),
                expected,
                "{mine:?}"
            );
        }
        let expected = match (sees, moderator) {
            (false, _) => "not-found",
            (true, true) => "ok",
            (true, false) => "not-moderator",
        };
        assert_eq!(
            decide(&connect(VOICE, OTHER), mine, &actor(ME), None),
            expected
        );
    }
}

#[test]
fn what_is_hidden_or_of_another_kind_is_not_there() {
    let all = Permissions::from_bits(u64::MAX >> 1);
    for channel in [NOWHERE, CATEGORY] {
        for act in [
            send(channel),
            react(channel),
            read(channel),
            connect(channel, ME),
        ] {
            assert_eq!(decide(&act, all, &actor(ME), None), "not-found", "{act:?}");
        }
    }
    assert_eq!(
        decide(&connect(TEXT, ME), all, &actor(ME), None),
        "not-found"
    );
    for (channel, mine, expected) in [
        (NOWHERE, all, "not-found"),
        (CATEGORY, all, "not-found"),
        (VOICE, Permissions::CONNECT, "not-found"),
        (VOICE, Permissions::VIEW_CHANNEL, "ok"),
        (THREAD, Permissions::VIEW_CHANNEL, "ok"),
    ] {
        let asks = Act::ReadAbilities(ReadAbilities {
            guild_id: GUILD,
            channel_id: channel,
        });
        assert_eq!(decide(&asks, mine, &actor(ME), None), expected, "{asks:?}");
    }
}

#[test]
fn rooms_are_made_by_any_member_or_by_those_with_a_role() {
    let none = Permissions::NONE;
    assert_eq!(decide(&create(Vec::new()), none, &actor(ME), None), "ok");
    let roles = vec![RoleId::new(6), RoleId::new(7)];
    assert_eq!(decide(&create(roles), none, &actor(ME), None), "ok");
    let others = vec![RoleId::new(6)];
    assert_eq!(
        decide(&create(others.clone()), none, &actor(ME), None),
        "missing-role"
    );
    // the configuration narrows it, for the guild's owner too
    assert_eq!(
        decide(&create(others), none, &actor(OWNER), None),
        "missing-role"
    );
}

#[test]
fn who_is_timed_out_only_reads() {
    let all = Permissions::from_bits(u64::MAX >> 1).without(Permissions::ADMINISTRATOR);
    for (until, silent) in [(NOW, false), (NOW + 1, true)] {
        let actor = Actor {
            timed_out_until: Some(until),
            ..actor(ME)
        };
        for act in every_act() {
            let reads = matches!(act, Act::ReadMessages(_));
            let expected = if silent && !reads { "timed-out" } else { "ok" };
            let decided = decide(&act, all, &actor, Some(&room_of(ME)));
            assert_eq!(decided, expected, "{act:?} {until}");
        }
    }
    // it takes nothing from the owner
    let owner = Actor {
        timed_out_until: Some(NOW + 1),
        ..actor(OWNER)
    };
    for act in every_act() {
        let decided = decide(&act, Permissions::NONE, &owner, Some(&room_of(ME)));
        assert_eq!(decided, "ok", "{act:?}");
    }
}

//! Discord's rules: a table of cases, and any guild against a second implementation.

mod naive;

use contracts::{
    ChannelId, GuildId, RoleId, UserId,
    state::{Channel, Overwrite, OverwriteTarget},
};
use proptest::prelude::*;

use crate::{Ground, Permissions, Subject};

const GUILD: GuildId = GuildId::new(1);
const OWNER: UserId = UserId::new(9);
const NELLY: UserId = UserId::new(7);
const VIEW: u64 = 1 << 10;
const SEND: u64 = 1 << 11;
const ATTACH: u64 = 1 << 15;
const HISTORY: u64 = 1 << 16;
const CONNECT: u64 = 1 << 20;
const MANAGE_CHANNELS: u64 = 1 << 4;
const MANAGE_THREADS: u64 = 1 << 34;
const ADMINISTRATOR: u64 = 1 << 3;
const BASE: u64 = VIEW | SEND | HISTORY | CONNECT | ATTACH;

/// A guild.
#[derive(Debug, Clone)]
struct Town {
    roles: Vec<(RoleId, u64)>,
    channels: Vec<Channel>,
}

impl Ground for Town {
    fn guild(&self) -> GuildId {
        GUILD
    }

    fn owner(&self) -> Option<UserId> {
        Some(OWNER)
    }

    fn role(&self, role: RoleId) -> Option<u64> {
        let found = self.roles.iter().find(|(id, _)| *id == role);
        found.map(|(_, bits)| *bits)
    }

    fn channel(&self, channel: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|found| found.id == channel)
    }
}

fn channel(kind: u8, overwrites: &[(OverwriteTarget, u64, u64, u64)]) -> Channel {
    let overwrites = overwrites.iter();
    Channel {
        id: ChannelId::new(50),
        kind,
        name: String::new(),
        parent_id: None,
        position: 0,
        user_limit: 0,
        overwrites: overwrites
            .map(|(target, id, allow, deny)| Overwrite {
                id: *id,
                target: *target,
                allow: *allow,
                deny: *deny,
            })
            .collect(),
        members: Vec::new(),
        obfuscated: false,
    }
}

/// A thread (50) of a channel (40).
fn thread(kind: u8, members: &[UserId]) -> Channel {
    Channel {
        parent_id: Some(ChannelId::new(40)),
        members: members.to_vec(),
        ..channel(kind, &[])
    }
}

/// The roles that a member has in these cases: an administrator's, one that manages threads, one with nothing, one with CONNECT.
const ADMIN: u64 = 2;
const THREADS: u64 = 3;
const PLAIN: u64 = 4;
const CALLER: u64 = 5;

fn town(everyone: u64, channels: Vec<Channel>) -> Town {
    let roles = [
        (GUILD.get(), everyone),
        (ADMIN, ADMINISTRATOR),
        (THREADS, MANAGE_THREADS),
        (PLAIN, 0),
        (CALLER, CONNECT),
    ];
    let roles = roles.iter().map(|(id, bits)| (RoleId::new(*id), *bits));
    Town {
        roles: roles.collect(),
        channels,
    }
}

struct Case {
    what: &'static str,
    user: UserId,
    roles: &'static [u64],
    timed_out: bool,
    everyone: u64,
    channel: Channel,
    may: u64,
}

fn cases() -> Vec<Case> {
    use OverwriteTarget::{Member, Role};
    let everyone = GUILD.get();
    let case = |what, roles, channel, may| Case {
        what,
        user: NELLY,
        roles,
        timed_out: false,
        everyone: BASE,
        channel,
        may,
    };
    let hidden = channel(0, &[(Role, everyone, 0, VIEW)]);
    vec![
        case("what @everyone may", &[], channel(0, &[]), BASE),
        case(
            "a role adds to it",
            &[THREADS],
            channel(0, &[]),
            BASE | MANAGE_THREADS,
        ),
        case(
            "a role that is gone adds nothing",
            &[77],
            channel(0, &[]),
            BASE,
        ),
        case(
            "a role that is gone opens nothing either",
            &[77],
            channel(0, &[(Role, 77, VIEW, 0), (Role, everyone, 0, VIEW)]),
            0,
        ),
        case("no VIEW_CHANNEL, nothing at all", &[], hidden.clone(), 0),
        case(
            "an administrator may everything",
            &[ADMIN],
            hidden.clone(),
            u64::MAX,
        ),
        Case {
            user: OWNER,
            everyone: 0,
            ..case("the owner may everything", &[], hidden.clone(), u64::MAX)
        },
        case(
            "what @everyone is denied a role may be granted",
            &[PLAIN],
            channel(0, &[(Role, PLAIN, VIEW, 0), (Role, everyone, 0, VIEW)]),
            BASE,
        ),
        case(
            "one role's grant outweighs another's denial",
            &[PLAIN, CALLER],
            channel(0, &[(Role, PLAIN, SEND, 0), (Role, CALLER, 0, SEND)]),
            BASE,
        ),
        case(
            "the member's own overwrite comes last",
            &[PLAIN],
            channel(0, &[(Member, 7, 0, VIEW), (Role, PLAIN, VIEW, 0)]),
            0,
        ),
        case(
            "what is granted and denied at once is granted",
            &[],
            channel(0, &[(Member, 7, SEND, SEND)]),
            BASE,
        ),
        case(
            "another member's overwrite and another role's mean nothing",
            &[PLAIN],
            channel(
                0,
                &[
                    (Member, 8, 0, VIEW),
                    (Role, CALLER, 0, VIEW),
                    (Role, 7, 0, VIEW),
                ],
            ),
            BASE,
        ),
        case(
            "no SEND_MESSAGES, no attachments",
            &[],
            channel(0, &[(Role, everyone, 0, SEND)]),
            BASE & !SEND & !ATTACH,
        ),
        case(
            "a room without CONNECT is known and no more",
            &[],
            channel(2, &[(Role, everyone, MANAGE_CHANNELS, CONNECT)]),
            VIEW,
        ),
        case(
            "a stage is a room",
            &[],
            channel(13, &[(Role, everyone, 0, CONNECT)]),
            VIEW,
        ),
        Case {
            timed_out: true,
            ..case(
                "who is timed out looks and reads",
                &[THREADS],
                channel(0, &[]),
                VIEW | HISTORY,
            )
        },
        Case {
            timed_out: true,
            ..case(
                "an administrator is not timed out",
                &[ADMIN],
                hidden.clone(),
                u64::MAX,
            )
        },
        Case {
            timed_out: true,
            ..case(
                "who is timed out knows of a room",
                &[],
                channel(2, &[]),
                VIEW,
            )
        },
        Case {
            timed_out: true,
            ..case(
                "an overwrite gives nothing back to who is timed out",
                &[],
                channel(0, &[(Member, 7, SEND, 0)]),
                VIEW | HISTORY,
            )
        },
        Case {
            user: OWNER,
            ..case(
                "of an obfuscated channel nothing is known",
                &[ADMIN],
                Channel {
                    obfuscated: true,
                    ..channel(0, &[])
                },
                0,
            )
        },
        case("a thread follows its channel", &[], thread(11, &[]), BASE),
        case(
            "a private thread is for its members",
            &[],
            thread(12, &[]),
            0,
        ),
        case("who is in it", &[], thread(12, &[NELLY]), BASE),
        case(
            "and who manages threads",
            &[THREADS],
            thread(12, &[]),
            BASE | MANAGE_THREADS,
        ),
        case(
            "a thread of nothing is for nobody",
            &[ADMIN],
            Channel {
                parent_id: None,
                ..thread(11, &[])
            },
            0,
        ),
    ]
}

#[test]
fn every_case_of_the_rules_is_as_discord_describes_it() {
    for case in cases() {
        let parent = Channel {
            id: ChannelId::new(40),
            ..channel(0, &[])
        };
        let town = town(case.everyone, vec![parent]);
        let roles: Vec<_> = case.roles.iter().copied().map(RoleId::new).collect();
        let subject = Subject {
            user: case.user,
            roles: &roles,
            timed_out: case.timed_out,
        };
        let may = town.in_channel(&case.channel, &subject).bits();
        assert_eq!(may, case.may, "{}: {may:#x}", case.what);
    }
}

fn bits() -> impl Strategy<Value = u64> {
    let known = [
        VIEW,
        SEND,
        ATTACH,
        HISTORY,
        CONNECT,
        MANAGE_CHANNELS,
        MANAGE_THREADS,
    ];
    let some = prop::collection::vec(prop::sample::select(known.to_vec()), 0..5);
    let some = some.prop_map(|bits| bits.into_iter().fold(0, |sum, bit| sum | bit));
    prop_oneof![12 => some, 1 => Just(ADMINISTRATOR), 2 => any::<u64>().prop_map(|bits| bits & !ADMINISTRATOR)]
}

fn overwrite() -> impl Strategy<Value = Overwrite> {
    let whom = prop_oneof![
        (1..6u64).prop_map(|role| (role, OverwriteTarget::Role)),
        (6..10u64).prop_map(|user| (user, OverwriteTarget::Member)),
    ];
    (whom, bits(), bits()).prop_map(|((id, target), allow, deny)| Overwrite {
        id,
        target,
        allow,
        deny,
    })
}

prop_compose! {
    fn any_channel(id: u64)(
        kind in prop::sample::select(vec![0u8, 2, 4, 5, 10, 11, 12, 13, 15]),
        parent in prop::option::of(0..4u64),
        overwrites in prop::collection::btree_map((1..10u64, any::<bool>()), overwrite(), 0..5),
        members in prop::collection::vec((6..10u64).prop_map(UserId::new), 0..3),
        obfuscated in prop::bool::weighted(0.1),
    ) -> Channel {
        // One overwrite for each target, as Discord has it.
        let mut overwrites: Vec<_> = overwrites.into_values().collect();
        overwrites.sort_by_key(|one| (one.target == OverwriteTarget::Member, one.id));
        overwrites.dedup_by_key(|one| (one.target == OverwriteTarget::Member, one.id));
        Channel {
            id: ChannelId::new(id),
            kind,
            parent_id: parent.map(ChannelId::new),
            overwrites,
            members,
            obfuscated,
            ..channel(0, &[])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_agree_with_a_second_implementation(
        channels in (any_channel(0), any_channel(1), any_channel(2), any_channel(3)),
        roles in prop::collection::btree_map(1..6u64, bits(), 1..6),
        own in prop::collection::btree_set(2..7u64, 0..4),
        user in 6..10u64,
        timed_out in prop::bool::weighted(0.2),
    ) {
        let town = Town {
            roles: roles.into_iter().map(|(id, bits)| (RoleId::new(id), bits)).collect(),
            channels: vec![channels.0, channels.1, channels.2, channels.3],
        };
        let own: Vec<_> = own.into_iter().map(RoleId::new).collect();
        let subject = Subject { user: UserId::new(user), roles: &own, timed_out };
        for channel in &town.channels {
            let ours = town.in_channel(channel, &subject);
            prop_assert_eq!(ours.bits(), naive::may(&town, channel, &subject), "{:?}", channel);
            prop_assert!(ours == Permissions::NONE || ours.contains(Permissions::VIEW_CHANNEL));
        }
    }
}

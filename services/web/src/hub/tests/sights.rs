//! Random stories of people whose sight changes: roles, overwrites, owners, threads. A second, naive judge says what each of them
//! may see, and nobody receives more, or less, or anything of what was never in sight.

mod truth;

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use contracts::{ChannelId, UserId};
use proptest::prelude::*;

use super::{
    super::{Cursor, Transport, Wish, now_ms},
    all,
    browser::{Dispatched, Tab},
    world::{World, standing},
};
use crate::membership::Standing;
use truth::{GUILD, PLACES, ROLES, TEXT, THREAD, Truth, USERS};

/// Which of these things happens.
#[derive(Debug, Clone)]
enum Step {
    Overwrite {
        place: usize,
        whom: usize,
        allow: u64,
        deny: u64,
    },
    Role {
        role: usize,
        bits: u64,
    },
    Member {
        user: usize,
        roles: u8,
    },
    Crown {
        user: usize,
    },
    Thread {
        members: u8,
    },
    Say {
        place: usize,
    },
    Enter {
        who: u64,
        room: usize,
    },
    Exit {
        who: u64,
    },
    Read {
        tab: usize,
    },
    Cut {
        tab: usize,
        hub: usize,
        at: u8,
    },
    Pause,
}

fn step() -> impl Strategy<Value = Step> {
    let bits = prop::sample::select(vec![
        0,
        truth::VIEW,
        truth::CONNECT,
        truth::VIEW | truth::CONNECT,
    ]);
    let role = prop::sample::select(vec![
        0,
        truth::VIEW,
        truth::VIEW | truth::CONNECT,
        truth::ADMINISTRATOR,
    ]);
    let tab = 0..USERS.len();
    prop_oneof![
        3 => (0..3usize, 0..5usize, bits.clone(), bits)
            .prop_map(|(place, whom, allow, deny)| Step::Overwrite { place, whom, allow, deny }),
        2 => (0..3usize, role).prop_map(|(role, bits)| Step::Role { role, bits }),
        3 => (tab.clone(), 0..4u8).prop_map(|(user, roles)| Step::Member { user, roles }),
        1 => tab.clone().prop_map(|user| Step::Crown { user }),
        1 => (0..16u8).prop_map(|members| Step::Thread { members }),
        6 => (0..PLACES.len()).prop_map(|place| Step::Say { place }),
        2 => (30..34u64, 0..2usize).prop_map(|(who, room)| Step::Enter { who, room }),
        1 => (30..34u64).prop_map(|who| Step::Exit { who }),
        4 => tab.clone().prop_map(|tab| Step::Read { tab }),
        2 => (tab, 0..2usize, any::<u8>()).prop_map(|(tab, hub, at)| Step::Cut { tab, hub, at }),
        4 => Just(Step::Pause),
    ]
}

/// A user's browser, and what it made of what it received.
struct Watch {
    user: u64,
    tab: Tab,
    kept: Vec<Dispatched>,
    /// Whether it wants a snapshot when it comes back; at first everybody does.
    snapshot: bool,
}

impl Watch {
    fn said(&self, truth: &Truth) -> Standing {
        Standing {
            asked_at: now_ms(),
            joined_at: Some(0),
            ..standing(GUILD, &truth.members[&self.user])
        }
    }

    async fn open(world: &World, truth: &Truth, user: u64, snapshot: bool) -> Self {
        let said = standing(GUILD, &truth.members[&user]);
        let tab = begin(world, 0, user, said, "", true).await;
        Self {
            user,
            tab,
            kept: Vec::new(),
            snapshot,
        }
    }

    /// Is cut off and comes back: after a whole chunk, or within one. A browser that was cut off while it was told of a room that
    /// came into sight knows more than its cursor says, and has to want a snapshot for its rooms to be right.
    async fn cut(&mut self, world: &World, truth: &Truth, hub: usize, at: u8) {
        let within = at.is_multiple_of(2) && self.snapshot;
        let keep = |bytes: &[u8]| bytes.len() * usize::from(at) / 256;
        if within {
            self.tab.turn(keep).await;
        }
        let cursor = self.tab.cursor.clone();
        let said = self.said(truth);
        let back = begin(world, hub, self.user, said, &cursor, self.snapshot).await;
        let before = std::mem::replace(&mut self.tab, back);
        self.kept.extend(before.received);
    }

    fn received(&self) -> impl Iterator<Item = &Dispatched> {
        self.kept.iter().chain(&self.tab.received)
    }

    /// Holds what came against the truth.
    fn judge(&self, truth: &Truth) {
        let story = || {
            format!(
                "user {}: {:#?}",
                self.user,
                self.received().collect::<Vec<_>>()
            )
        };
        let mut heard: Vec<usize> = Vec::new();
        let (mut screen, mut again) = (BTreeMap::<u64, BTreeSet<u64>>::new(), 0);
        for event in self.received() {
            let json: serde_json::Value = serde_json::from_str(&event.data).unwrap();
            let id = |name: &str| json[name].as_str().and_then(|id| id.parse::<u64>().ok());
            if let Some(channel) = id("channelId").or(id("previousChannelId")) {
                assert!(
                    truth.ever_viewed(self.user, channel),
                    "{channel} is hidden; {}",
                    story()
                );
            }
            match event.name.as_str() {
                "snapshot" => screen = truth::snapshot(&json),
                "room.created" => drop(screen.entry(id("channelId").unwrap()).or_default()),
                "room.deleted" => drop(screen.remove(&id("channelId").unwrap())),
                "voice.joined" => {
                    let room = screen.get_mut(&id("channelId").unwrap());
                    room.map(|people| people.insert(id("userId").unwrap()));
                }
                "voice.left" => {
                    let room = screen.get_mut(&id("previousChannelId").unwrap());
                    room.map(|people| people.remove(&id("userId").unwrap()));
                }
                "message.created" => {
                    let number = id("messageId").unwrap() as usize;
                    if heard.contains(&number) {
                        again += 1;
                    } else {
                        heard.push(number);
                    }
                }
                _ => {}
            }
        }
        for number in &heard {
            assert!(
                truth.could_hear(self.user, *number),
                "{number} is secret; {}",
                story()
            );
        }
        let expected = truth.must_hear(self.user);
        let missing: Vec<_> = expected
            .iter()
            .filter(|number| !heard.contains(number))
            .collect();
        assert!(missing.is_empty(), "{missing:?} are missing; {}", story());
        assert!(heard.is_sorted(), "out of order: {}", story());
        assert_eq!(again, 0, "told twice: {}", story());
        assert_eq!(screen, truth.screen(self.user), "{}", story());
    }
}

async fn begin(
    world: &World,
    hub: usize,
    user: u64,
    said: Standing,
    cursor: &str,
    snapshot: bool,
) -> Tab {
    let wish = Wish {
        user: UserId::new(user),
        guilds: vec![said],
        mask: all(),
        cursor: Cursor::parse(cursor),
        snapshot,
        transport: Transport::Sse,
    };
    Tab::begin(&world.hubs[hub], wish, cursor.to_owned())
        .await
        .unwrap()
}

async fn tell(steps: Vec<Step>, snapshot: bool) {
    let world = World::new(2, &[GUILD]).await;
    let mut truth = Truth::begin(&world).await;
    let mut watches = Vec::new();
    for user in USERS {
        watches.push(Watch::open(&world, &truth, user, snapshot).await);
    }
    for step in steps {
        match step {
            Step::Overwrite {
                place,
                whom,
                allow,
                deny,
            } => {
                truth.overwrite(&world, place, whom, allow, deny).await;
            }
            Step::Role { role, bits } => {
                let role = [GUILD.get(), ROLES[0], ROLES[1]][role];
                truth.roles.insert(role, bits);
                world.role(GUILD, role, bits).await;
            }
            Step::Member { user, roles } => {
                let roles: Vec<_> = (0..2)
                    .filter(|bit| roles & 1 << bit != 0)
                    .map(|bit| ROLES[bit])
                    .collect();
                world
                    .member(GUILD, UserId::new(USERS[user]), &roles, None)
                    .await;
                truth.members.insert(USERS[user], roles);
            }
            Step::Crown { user } => {
                truth.owner = USERS[user];
                world.crown(GUILD, UserId::new(USERS[user])).await;
            }
            Step::Thread { members } => {
                let inside = USERS
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| members & 1 << bit != 0);
                truth.thread = inside.map(|(_, user)| *user).collect();
                let inside: Vec<_> = truth.thread.iter().copied().map(UserId::new).collect();
                world
                    .thread(GUILD, ChannelId::new(THREAD), ChannelId::new(TEXT), &inside)
                    .await;
            }
            Step::Say { place } => {
                let number = truth.say(place);
                let channel = ChannelId::new(PLACES[place].0);
                world.message(GUILD, channel, number as u64, "words").await;
            }
            Step::Enter { who, room } => {
                let room = PLACES[room].0;
                if let Entry::Vacant(outside) = truth.inside.entry(who) {
                    outside.insert(room);
                    world.join(GUILD, ChannelId::new(room), who).await;
                }
            }
            Step::Exit { who } => {
                if let Some(room) = truth.inside.remove(&who) {
                    world.leave(GUILD, ChannelId::new(room), who).await;
                }
            }
            Step::Read { tab } => drop(watches[tab].tab.turn(<[u8]>::len).await),
            Step::Cut { tab, hub, at } => watches[tab].cut(&world, &truth, hub, at).await,
            Step::Pause => tokio::task::yield_now().await,
        }
        truth.note();
    }
    world.settled().await;
    for watch in &mut watches {
        while watch.tab.turn(<[u8]>::len).await {}
        watch.judge(&truth);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn everybody_receives_what_a_naive_judge_allows(steps in prop::collection::vec(step(), 1..70), snapshot: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(tell(steps, snapshot));
    }
}

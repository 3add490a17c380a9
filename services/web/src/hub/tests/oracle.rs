//! Random stories: whatever is published, read, cut off and resumed, each browser receives exactly what it may, in order, once.

use std::collections::{BTreeMap, BTreeSet};

use contracts::GuildId;
use proptest::prelude::*;

use super::{
    all,
    browser::{Dispatched, Tab},
    world::{ROOM, SECRET, SOMEBODY, World, standings},
};

const GUILDS: [GuildId; 3] = [GuildId::new(1), GuildId::new(2), GuildId::new(3)];
const TABS: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    /// Somebody joins a room, seen or not.
    Join {
        guild: usize,
        secret: bool,
    },
    /// Many join at once.
    Burst {
        guild: usize,
        count: u64,
    },
    Typing {
        guild: usize,
    },
    /// A tab is opened on some guilds.
    Open {
        tab: usize,
        hub: usize,
        guilds: u8,
    },
    /// A tab reads one chunk.
    Read {
        tab: usize,
    },
    /// A tab is cut off within a chunk and comes back at a hub.
    Cut {
        tab: usize,
        hub: usize,
        at: u8,
    },
    /// A tab's idle cursor moves on.
    Idle {
        tab: usize,
    },
    /// Others get a turn.
    Pause,
}

fn step() -> impl Strategy<Value = Step> {
    let (guild, tab, hub) = (0..GUILDS.len(), 0..TABS, 0..2usize);
    prop_oneof![
        6 => (guild.clone(), any::<bool>()).prop_map(|(guild, secret)| Step::Join { guild, secret }),
        1 => (guild.clone(), 1..40u64).prop_map(|(guild, count)| Step::Burst { guild, count }),
        1 => guild.prop_map(|guild| Step::Typing { guild }),
        2 => (tab.clone(), hub.clone(), 1..8u8).prop_map(|(tab, hub, guilds)| Step::Open { tab, hub, guilds }),
        4 => tab.clone().prop_map(|tab| Step::Read { tab }),
        2 => (tab.clone(), hub, any::<u8>()).prop_map(|(tab, hub, at)| Step::Cut { tab, hub, at }),
        1 => tab.prop_map(|tab| Step::Idle { tab }),
        4 => Just(Step::Pause),
    ]
}

/// A tab, and what it should have received.
struct Watch {
    tab: Tab,
    guilds: Vec<GuildId>,
    kept: Vec<Dispatched>,
    expected: Vec<u64>,
}

impl Watch {
    fn users(&self) -> Vec<u64> {
        let all = self.kept.iter().chain(&self.tab.received);
        all.filter(|event| event.name != "typing.started")
            .map(Dispatched::user)
            .collect()
    }
}

async fn tell(steps: Vec<Step>) {
    let world = World::new(2, &GUILDS).await;
    let mut watches: BTreeMap<usize, Watch> = BTreeMap::new();
    let mut user = 0;
    for step in steps {
        match step {
            Step::Join { guild, secret } => {
                user += 1;
                world
                    .join(GUILDS[guild], if secret { SECRET } else { ROOM }, user)
                    .await;
                if !secret {
                    expect(&mut watches, GUILDS[guild], user);
                }
            }
            Step::Burst { guild, count } => {
                for _ in 0..count {
                    user += 1;
                    world.join(GUILDS[guild], ROOM, user).await;
                    expect(&mut watches, GUILDS[guild], user);
                }
            }
            Step::Typing { guild } => world.typing(GUILDS[guild], ROOM).await,
            Step::Open { tab, hub, guilds } => {
                let guilds: Vec<_> = (0..3)
                    .filter(|bit| guilds & 1 << bit != 0)
                    .map(|bit| GUILDS[bit])
                    .collect();
                // What is published before it is open may or may not be seen: the hub has to be level for the oracle.
                let opened = Tab::open(&world, hub, &guilds, all(), false).await.unwrap();
                let from: contracts::EventId = opened.cursor.parse().unwrap();
                let expected = published_after(&world, &guilds, from).await;
                watches.insert(
                    tab,
                    Watch {
                        tab: opened,
                        guilds,
                        kept: Vec::new(),
                        expected,
                    },
                );
            }
            Step::Read { tab } => {
                if let Some(watch) = watches.get_mut(&tab) {
                    watch.tab.turn(<[u8]>::len).await;
                }
            }
            Step::Cut { tab, hub, at } => {
                if let Some(watch) = watches.get_mut(&tab) {
                    watch
                        .tab
                        .turn(|bytes| bytes.len() * usize::from(at) / 256)
                        .await;
                    let cursor = watch.tab.cursor.clone();
                    let back = Tab::resume(&world, hub, &watch.guilds, all(), &cursor)
                        .await
                        .unwrap();
                    let before = std::mem::replace(&mut watch.tab, back);
                    watch.kept.extend(before.received);
                }
            }
            Step::Idle { tab } => {
                if let Some(watch) = watches.get_mut(&tab) {
                    watch.tab.idle();
                }
            }
            Step::Pause => tokio::task::yield_now().await,
        }
    }
    for watch in watches.values_mut() {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        while watch.users().len() < watch.expected.len() && tokio::time::Instant::now() < deadline {
            if !watch.tab.turn(<[u8]>::len).await {
                tokio::task::yield_now().await;
            }
        }
        while watch.tab.turn(<[u8]>::len).await {}
        assert_eq!(watch.users(), watch.expected);
    }
}

fn expect(watches: &mut BTreeMap<usize, Watch>, guild: GuildId, user: u64) {
    for watch in watches
        .values_mut()
        .filter(|watch| watch.guilds.contains(&guild))
    {
        watch.expected.push(user);
    }
}

/// The users whose visible joins stand in the logs after an id, read from the bus itself.
async fn published_after(world: &World, guilds: &[GuildId], after: contracts::EventId) -> Vec<u64> {
    use event_bus::{Body, EventBus as _};
    let mut found = Vec::new();
    for guild in guilds {
        let (mut after, mut more) = (after, true);
        while more {
            let page = world
                .bus
                .read(*guild, after, contracts::EventId::MAX, 500)
                .await
                .unwrap();
            after = page.entries.last().map_or(after, |last| last.id);
            more = page.more;
            for entry in page.entries {
                if let Body::Event(envelope) = entry.body
                    && envelope.channel_id == Some(ROOM)
                {
                    let json: serde_json::Value =
                        serde_json::from_str(envelope.payload.get()).unwrap();
                    found.push((entry.id, json["userId"].as_str().unwrap().parse().unwrap()));
                }
            }
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, user)| user).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn each_browser_receives_exactly_what_it_may_see_in_order_and_once(steps in prop::collection::vec(step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(tell(steps));
    }

    #[test]
    fn the_picture_of_a_browser_is_right_in_the_end(steps in prop::collection::vec(shift(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(shifts(steps));
    }
}

/// Steps of a story in which a room comes and goes.
#[derive(Debug, Clone)]
enum Shift {
    Enter { user: u64 },
    Exit { user: u64 },
    Hide(bool),
    Read,
    Cut { hub: usize, at: u8 },
    Pause,
}

fn shift() -> impl Strategy<Value = Shift> {
    prop_oneof![
        3 => (1..6u64).prop_map(|user| Shift::Enter { user }),
        2 => (1..6u64).prop_map(|user| Shift::Exit { user }),
        2 => any::<bool>().prop_map(Shift::Hide),
        3 => Just(Shift::Read),
        2 => (0..2usize, any::<u8>()).prop_map(|(hub, at)| Shift::Cut { hub, at }),
        3 => Just(Shift::Pause),
    ]
}

/// What a plain client makes of what it receives: people are in rooms, and a room told again is the same room.
#[derive(Debug, Default, PartialEq, Eq)]
struct Screen {
    room: bool,
    people: BTreeSet<u64>,
}

impl Screen {
    fn show(&mut self, event: &Dispatched) {
        match event.name.as_str() {
            "snapshot" => {
                let json: serde_json::Value = serde_json::from_str(&event.data).unwrap();
                let rooms = json["guilds"][0]["rooms"].as_array().unwrap();
                self.room = !rooms.is_empty();
                let people = rooms
                    .iter()
                    .flat_map(|room| room["members"].as_array().unwrap());
                self.people = people
                    .map(|one| one["userId"].as_str().unwrap().parse().unwrap())
                    .collect();
            }
            "room.created" => self.room = true,
            "room.deleted" => *self = Self::default(),
            "voice.joined" if self.room => drop(self.people.insert(event.user())),
            "voice.left" => drop(self.people.remove(&event.user())),
            _ => {}
        }
    }
}

async fn shifts(steps: Vec<Shift>) {
    let guild = GUILDS[0];
    let world = World::new(2, &[guild]).await;
    let (mut inside, mut hidden) = (BTreeSet::new(), false);
    let mut tab = Tab::open(&world, 0, &[guild], all(), true).await.unwrap();
    let mut screen = Screen::default();
    for step in steps {
        match step {
            Shift::Enter { user } if inside.insert(user) => world.join(guild, ROOM, user).await,
            Shift::Exit { user } if inside.remove(&user) => world.leave(guild, ROOM, user).await,
            Shift::Hide(wanted) => {
                hidden = wanted;
                world.hide(guild, ROOM, wanted).await;
            }
            Shift::Read => drop(tab.turn(<[u8]>::len).await),
            Shift::Cut { hub, at } => {
                tab.turn(|bytes| bytes.len() * usize::from(at) / 256).await;
                tab = back(&world, hub, guild, tab, &mut screen).await;
            }
            Shift::Pause => tokio::task::yield_now().await,
            Shift::Enter { .. } | Shift::Exit { .. } => {}
        }
    }
    world.settled().await;
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    while tab.turn(<[u8]>::len).await {}
    tab.received.iter().for_each(|event| screen.show(event));
    let people = if hidden { BTreeSet::new() } else { inside };
    let seen = format!("{:?}", tab.received);
    assert_eq!(
        screen,
        Screen {
            room: !hidden,
            people
        },
        "{seen}"
    );
    assert!(
        !seen.contains(&format!("\\\"channelId\\\":\\\"{SECRET}")),
        "{seen}"
    );
}

async fn back(world: &World, hub: usize, guild: GuildId, tab: Tab, screen: &mut Screen) -> Tab {
    tab.received.iter().for_each(|event| screen.show(event));
    let cursor = tab.cursor.clone();
    let wish = super::super::Wish {
        user: SOMEBODY,
        guilds: standings(&[guild]),
        mask: all(),
        cursor: super::super::Cursor::parse(&cursor),
        snapshot: true,
        transport: super::super::Transport::Sse,
    };
    Tab::begin(&world.hubs[hub], wish, cursor).await.unwrap()
}

//! Where browsers may go on from, and how those for whom nothing happens keep such a place.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use contracts::{EventKind, GuildId};
use event_bus::{MemoryBus, Retention};

use super::{
    super::{Mask, now_ms},
    all,
    browser::Tab,
    world::{ROOM, World},
};

const G1: GuildId = GuildId::new(1);
const G2: GuildId = GuildId::new(2);
const G3: GuildId = GuildId::new(3);

/// A world whose bus tells another time than ours.
struct Timed {
    world: World,
    now: Arc<AtomicU64>,
}

impl Timed {
    /// Begins so long ago.
    async fn new(guilds: &[GuildId], ago: Duration) -> Self {
        let now = Arc::new(AtomicU64::new(now_ms() - ago.as_millis() as u64));
        let told = Arc::clone(&now);
        let tell = move || told.load(Ordering::Relaxed);
        let bus = MemoryBus::with_time(Retention::default(), tell);
        let world = World::on(bus, 2, guilds).await;
        Self { world, now }
    }

    fn set(&self, before_now: Duration) {
        let now = now_ms() - before_now.as_millis() as u64;
        self.now.store(now, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_cursor_of_the_future_and_one_of_nothing_are_reset() {
    let world = World::new(1, &[G1]).await;
    for cursor in ["99999999999999-0", "nonsense"] {
        let mut tab = Tab::resume(&world, 0, &[G1], all(), cursor).await.unwrap();
        tab.read_until(&world, 1).await;
        assert_eq!(tab.received[0].data, r#"{"reason":"future"}"#, "{cursor}");
    }
}

#[tokio::test]
async fn an_idle_cursor_moves_on_past_what_it_does_not_see() {
    let world = World::new(1, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], Mask::of(EventKind::Gap), false)
        .await
        .unwrap();
    tab.read_until(&world, 0).await;
    let before = tab.cursor.clone();
    world.join(G1, ROOM, 7).await;
    world.settled().await;
    tab.idle();
    assert_ne!(tab.cursor, before);
    assert_eq!(tab.cursor, world.clock().await.to_string());
    assert!(tab.received.is_empty());
}

#[tokio::test]
async fn whoever_nothing_happens_to_for_hours_never_ages_out() {
    let hours = Duration::from_secs(3 * 3600);
    assert!(hours > Retention::default().age);
    let world = Timed::new(&[G1, G2, G3], hours).await;
    let (quiet, busy) = ([G1], [G2, G3]);
    let gap = Mask::of(EventKind::Gap);
    let mut tabs = vec![
        // Nothing happens in its guild; much happens in one that it watches, but nothing of what it chose.
        (
            Tab::open(&world.world, 0, &quiet, all(), false).await,
            &quiet[..],
            all(),
        ),
        (
            Tab::open(&world.world, 0, &busy, gap, false).await,
            &busy[..],
            gap,
        ),
    ];
    let first = tabs[0].0.as_ref().unwrap().cursor.clone();
    for minutes in (0..180).rev().step_by(45) {
        world.set(Duration::from_secs(60 * minutes));
        world.world.join(G2, ROOM, 1_000 + minutes).await;
        world.world.settled().await;
        for (tab, ..) in &mut tabs {
            tab.as_mut().unwrap().idle();
        }
    }
    world.set(Duration::ZERO);
    for guild in [G1, G2] {
        world.world.gap(guild).await;
    }
    for (tab, guilds, mask) in tabs {
        let cursor = tab.unwrap().cursor;
        let mut back = Tab::resume(&world.world, 0, guilds, mask, &cursor)
            .await
            .unwrap();
        back.read_until(&world.world, 1).await;
        assert_eq!(back.names(), ["gap"]);
    }
    // The cursor that did not move is as old as it looks, where no ring reaches back to it.
    let mut old = Tab::resume(&world.world, 1, &quiet, all(), &first)
        .await
        .unwrap();
    old.read_until(&world.world, 1).await;
    assert_eq!(old.received[0].data, r#"{"reason":"expired"}"#);
}

#[tokio::test]
async fn a_gap_is_told_to_whoever_does_not_choose_and_comes_again_in_its_place() {
    let world = World::new(2, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], Mask::DEFAULT, false)
        .await
        .unwrap();
    let cursor = tab.cursor.clone();
    world.join(G1, ROOM, 7).await;
    world.gap(G1).await;
    world.join(G1, ROOM, 8).await;
    tab.read_until(&world, 3).await;
    let expected = ["voice.joined", "gap", "voice.joined"];
    assert_eq!(tab.names(), expected);
    for hub in 0..2 {
        let mut back = Tab::resume(&world, hub, &[G1], Mask::DEFAULT, &cursor)
            .await
            .unwrap();
        back.read_until(&world, 3).await;
        assert_eq!(back.received, tab.received);
    }
}

//! The fan-out as a whole, on the bus in memory: two hubs, and browsers that read by the book.

mod browser;
mod cursors;
mod encoding;
mod faults;
mod joinings;
mod oracle;
mod people;
mod privacy;
pub(crate) mod script;
mod sights;
mod words;
mod world;

use std::time::Duration;

use contracts::{EventKind, GuildId};

use super::Mask;
use browser::Tab;
use world::{ROOM, World};

const G1: GuildId = GuildId::new(1);
const G2: GuildId = GuildId::new(2);

fn all() -> Mask {
    EventKind::ALL
        .iter()
        .fold(Mask::NONE, |mask, kind| mask.and(*kind))
}

#[tokio::test]
async fn a_stream_begins_with_a_snapshot_and_goes_on_from_exactly_there() {
    let world = World::new(1, &[G1]).await;
    world.join(G1, ROOM, 7).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), true).await.unwrap();
    world.join(G1, ROOM, 8).await;
    tab.read_until(&world, 2).await;
    assert_eq!(tab.names(), ["snapshot", "voice.joined"]);
    assert!(
        tab.received[0].data.contains(r#""userId":"7""#)
            && !tab.received[0].data.contains(r#""userId":"8""#)
    );
    assert!(tab.received[1].data.contains(r#""userId":"8""#));
}

#[tokio::test]
async fn a_cursor_is_continued_on_another_hub_byte_by_byte() {
    let world = World::new(2, &[G1, G2]).await;
    let mut first = Tab::open(&world, 0, &[G1, G2], all(), false).await.unwrap();
    let mut other = Tab::open(&world, 0, &[G1, G2], all(), false).await.unwrap();
    for user in 10..20 {
        world
            .join(if user % 2 == 0 { G1 } else { G2 }, ROOM, user)
            .await;
    }
    first.read_until(&world, 4).await;
    let cursor = first.received[3].id.clone();
    let mut resumed = Tab::resume(&world, 1, &[G1, G2], all(), &cursor)
        .await
        .unwrap();
    other.read_until(&world, 10).await;
    resumed.read_until(&world, 6).await;
    assert_eq!(resumed.received, other.received[4..]);
}

#[tokio::test]
async fn who_falls_off_the_ring_goes_on_from_the_log() {
    let world = World::new(1, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), false).await.unwrap();
    for user in 1..=1_000 {
        world.join(G1, ROOM, user).await;
        if user % 100 == 0 {
            world.settled().await;
        }
    }
    tab.read_until(&world, 1_000).await;
    let users: Vec<_> = tab.received.iter().map(browser::Dispatched::user).collect();
    assert_eq!(users, (1..=1_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_overflow_of_the_bus_is_repaired_and_browsers_notice_nothing() {
    let world = World::new(1, &[G1, G2]).await;
    let mut tab = Tab::open(&world, 0, &[G1, G2], all(), false).await.unwrap();
    // Nothing else runs on this thread meanwhile: the subscription overflows for certain.
    for user in 1..=10_000 {
        world
            .join(if user % 3 == 0 { G2 } else { G1 }, ROOM, user)
            .await;
    }
    tab.read_until(&world, 10_000).await;
    let users: Vec<_> = tab.received.iter().map(browser::Dispatched::user).collect();
    assert_eq!(users, (1..=10_000).collect::<Vec<_>>());
    assert!(world.metric("fanfare_repairs_total") >= 1.0);
}

#[tokio::test]
async fn a_room_that_is_hidden_goes_and_one_that_is_shown_comes_with_its_people() {
    let world = World::new(1, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), true).await.unwrap();
    world.hide(G1, ROOM, true).await;
    world.join(G1, ROOM, 7).await;
    world.hide(G1, ROOM, false).await;
    tab.read_until(&world, 4).await;
    assert_eq!(
        tab.names(),
        ["snapshot", "room.deleted", "room.created", "voice.joined"]
    );
    assert!(tab.received[1].data.contains(r#""access":true"#));
    assert_eq!(
        tab.received[2].id, tab.received[1].id,
        "only the last of a change carries its id"
    );
    assert_ne!(tab.received[3].id, tab.received[2].id);
}

#[tokio::test]
async fn a_room_hidden_while_a_browser_was_away_is_not_left_on_its_screen() {
    let world = World::new(2, &[G1]).await;
    world.join(G1, ROOM, 7).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), true).await.unwrap();
    tab.read_until(&world, 1).await;
    world.hide(G1, ROOM, true).await;
    world.message(G1, ROOM, 1, "a secret").await;
    for hub in 0..2 {
        let cursor = tab.cursor.clone();
        let mut back = Tab::resume(&world, hub, &[G1], all(), &cursor)
            .await
            .unwrap();
        back.read_until(&world, 1).await;
        let told = ["room.deleted", "reset"];
        assert!(
            told.contains(&back.received[0].name.as_str()),
            "{:?}",
            back.received
        );
        assert!(!format!("{:?}", back.received).contains("a secret"));
    }
}

#[tokio::test]
async fn a_room_that_the_bot_loses_sight_of_goes_from_every_screen() {
    let world = World::new(2, &[G1]).await;
    world.join(G1, ROOM, 7).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), false).await.unwrap();
    tab.read_until(&world, 0).await;
    let cursor = tab.cursor.clone();
    world.message(G1, ROOM, 1, "a secret").await;
    world.obfuscate(G1, ROOM, 7).await;
    tab.read_until(&world, 1).await;
    assert_eq!(tab.names().last(), Some(&"room.deleted"));
    for hub in 0..2 {
        let mut back = Tab::resume(&world, hub, &[G1], all(), &cursor)
            .await
            .unwrap();
        back.read_until(&world, 1).await;
        let told = ["room.deleted", "reset"];
        let last = back.names().last().copied().unwrap_or_default();
        assert!(told.contains(&last), "{:?}", back.received);
        assert!(!format!("{:?}", back.received).contains("a secret"));
    }
}

#[tokio::test]
async fn who_may_no_longer_connect_loses_the_text_of_a_room_and_not_the_people_in_it() {
    let world = World::new(1, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), false).await.unwrap();
    world.join(G1, ROOM, 7).await;
    world.message(G1, ROOM, 1, "a secret").await;
    world.silence(G1, ROOM).await;
    world.leave(G1, ROOM, 7).await;
    tab.read_until(&world, 2).await;
    assert_eq!(tab.names(), ["voice.joined", "voice.left"]);
}

#[tokio::test]
async fn a_deleted_message_is_blanked_for_those_who_come_back() {
    let world = World::new(1, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), false).await.unwrap();
    tab.read_until(&world, 0).await;
    let cursor = tab.cursor.clone();
    world.message(G1, ROOM, 5, "regretted").await;
    tab.read_until(&world, 1).await;
    assert!(tab.received[0].data.contains("regretted"));
    world.delete_message(G1, ROOM, 5).await;
    tab.read_until(&world, 2).await;
    let mut back = Tab::resume(&world, 0, &[G1], all(), &cursor).await.unwrap();
    back.read_until(&world, 2).await;
    assert_eq!(back.names(), ["message.created", "message.deleted"]);
    assert!(
        back.received[0].data.contains(r#""content":null"#),
        "{:?}",
        back.received
    );
}

#[tokio::test]
async fn a_guild_written_anew_resets_its_viewers() {
    let world = World::new(1, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), true).await.unwrap();
    world.reseed(G1).await;
    tab.read_until(&world, 3).await;
    assert_eq!(tab.names(), ["snapshot", "reset", "snapshot"]);
    world.join(G1, ROOM, 7).await;
    tab.read_until(&world, 4).await;
}

#[tokio::test]
async fn a_guild_gained_is_told_and_followed_and_a_guild_lost_is_taken_away() {
    let world = World::new(1, &[G1, G2]).await;
    world.join(G2, ROOM, 7).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), false).await.unwrap();
    tab.regroup(&world, &[G1, G2]).await;
    tab.read_until(&world, 2).await;
    assert_eq!(tab.names(), ["room.created", "voice.joined"]);
    world.join(G2, ROOM, 8).await;
    tab.read_until(&world, 3).await;
    tab.regroup(&world, &[G1]).await;
    tab.read_until(&world, 4).await;
    assert_eq!(tab.received[3].name, "room.deleted");
    world.join(G2, ROOM, 9).await;
    world.settled().await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    tab.read_until(&world, 4).await;
    assert_eq!(tab.received.len(), 4);
}

#[tokio::test]
async fn a_guild_that_nobody_watches_is_let_go_and_followed_again_when_wanted() {
    let world = World::new(1, &[G1]).await;
    let mut tab = Tab::open(&world, 0, &[G1], all(), false).await.unwrap();
    tab.read_until(&world, 0).await;
    let cursor = tab.cursor.clone();
    drop(tab);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while world.guilds_followed() > 0 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "nobody watches it any more"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.join(G1, ROOM, 7).await;
    let mut back = Tab::resume(&world, 0, &[G1], all(), &cursor).await.unwrap();
    world.join(G1, ROOM, 8).await;
    back.read_until(&world, 2).await;
    assert_eq!(back.names(), ["voice.joined", "voice.joined"]);
}

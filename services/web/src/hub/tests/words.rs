//! What the log says of a user counts also where this replica did not hear it, and where it was published late.

use std::slice::from_ref;

use contracts::{GuildId, UserId, state::OverwriteTarget};
use event_bus::EventBus as _;

use super::{
    super::now_ms,
    browser::Tab,
    world::{ROOM, SECRET, VIEW, World, standing},
};
use crate::membership::Standing;

const G1: GuildId = GuildId::new(1);
const NELLY: UserId = UserId::new(7);
const KEY: u64 = 50;

#[tokio::test]
async fn a_role_that_was_taken_after_discord_was_asked_and_before_the_guild_was_followed_is_gone() {
    let world = World::new(2, &[G1]).await;
    world.role(G1, KEY, 0).await;
    let closed = (OverwriteTarget::Role, G1.get(), 0, VIEW);
    let open = (OverwriteTarget::Role, KEY, VIEW, 0);
    world.overwrite(G1, SECRET, 2, &[closed, open]).await;
    world.member(G1, NELLY, &[KEY], None).await;
    let asked = standing(G1, &[KEY]);
    world.member(G1, NELLY, &[], None).await;
    let cursor = world.clock().await.to_string();
    world.message(G1, SECRET, 1, "a secret").await;
    world.message(G1, ROOM, 2, "for all").await;
    for (hub, cursor) in [(0, ""), (1, &cursor)] {
        let mut tab = Tab::open_as(&world, hub, NELLY, vec![asked.clone()], cursor)
            .await
            .unwrap();
        let next = 10 * (hub as u64 + 1);
        world.message(G1, SECRET, next, "another secret").await;
        world.message(G1, ROOM, next + 1, "for all again").await;
        let told = if cursor.is_empty() { 1 } else { 3 };
        tab.read_until(&world, told).await;
        let secrets = tab
            .received
            .iter()
            .filter(|event| event.data.contains("secret"));
        assert_eq!(secrets.count(), 0, "hub {hub}");
        let place = world.hubs[hub]
            .locate(NELLY, from_ref(&asked), SECRET)
            .await;
        assert_eq!(place.unwrap(), None, "hub {hub}");
    }
}

#[tokio::test]
async fn what_was_published_late_from_before_a_joining_is_not_told() {
    let world = World::new(1, &[G1]).await;
    let cursor = world.clock().await.to_string();
    let joined_at = now_ms() - 2_000;
    for message in 1..=600 {
        world.message(G1, ROOM, message, "before").await;
    }
    world.enter(G1, NELLY, joined_at).await;
    world.message(G1, ROOM, 601, "after").await;
    let joined = Standing {
        joined_at: Some(joined_at),
        asked_at: now_ms(),
        ..standing(G1, &[])
    };
    let mut tab = Tab::open_as(&world, 0, NELLY, vec![joined.clone()], &cursor)
        .await
        .unwrap();
    tab.read_until(&world, 2).await;
    assert_eq!(tab.names(), ["message.created", "room.created"]);
    assert!(tab.received[0].data.contains("after"));
    let entries = world
        .bus
        .read(G1, cursor.parse().unwrap(), world.clock().await, 1_000);
    let entries = entries.await.unwrap().entries;
    let history = world.hubs[0].judge(NELLY, &joined, entries).await.unwrap();
    assert_eq!(history.len(), 1);
}

#[tokio::test]
async fn who_comes_back_while_the_log_is_read_is_told_nothing_of_the_time_away() {
    let world = World::new(1, &[G1]).await;
    world.enter(G1, NELLY, 0).await;
    let cursor = world.clock().await.to_string();
    let asked = Standing {
        joined_at: Some(0),
        ..standing(G1, &[])
    };
    for message in 1..=300 {
        world.message(G1, ROOM, message, "before").await;
    }
    world.kick(G1, NELLY).await;
    for message in 301..=900 {
        world.message(G1, ROOM, message, "meanwhile").await;
    }
    let mut tab = Tab::open_as(&world, 0, NELLY, vec![asked], &cursor)
        .await
        .unwrap();
    // The reading has begun, as nobody's.
    tab.turn(<[u8]>::len).await;
    tab.turn(<[u8]>::len).await;
    world.enter(G1, NELLY, now_ms()).await;
    world.message(G1, ROOM, 901, "after").await;
    tab.read_until(&world, 2).await;
    let told = format!("{:?}", tab.received);
    assert!(!told.contains("meanwhile"), "{told}");
    assert!(told.contains("after"), "{told}");
}

#[tokio::test]
async fn who_is_back_by_discord_before_the_log_tells_it_is_told_nothing_of_the_time_away() {
    let world = World::new(1, &[G1]).await;
    world.enter(G1, NELLY, 0).await;
    let member = |joined_at, asked_at| Standing {
        joined_at: Some(joined_at),
        asked_at,
        ..standing(G1, &[])
    };
    let mut tab = Tab::open_as(&world, 0, NELLY, vec![member(0, now_ms())], "")
        .await
        .unwrap();
    world.kick(G1, NELLY).await;
    world.settled().await;
    // The kick is published late, and so will the return be: Discord has told of it already.
    let joined_at = now_ms() + 2_000;
    let back = [member(joined_at, joined_at + 100)];
    world.hubs[0].open_for(NELLY, &back).await.unwrap();
    tab.viewer.regroup(&back);
    let said = member(joined_at, joined_at + 200);
    let mut other = Tab::open_as(&world, 0, NELLY, vec![said.clone()], "")
        .await
        .unwrap();
    world.settled().await;
    world.message(G1, ROOM, 1, "meanwhile").await;
    assert_eq!(world.hubs[0].rooms(NELLY, &said).await.unwrap(), None);
    world.enter(G1, NELLY, joined_at).await;
    world.message(G1, ROOM, 2, "after").await;
    for tab in [&mut tab, &mut other] {
        tab.read_until(&world, 1).await;
        let told = format!("{:?}", tab.received);
        assert!(!told.contains("meanwhile"), "{told}");
        assert!(told.contains("after"), "{told}");
    }
}

#[tokio::test]
async fn a_kick_that_comes_late_counts_although_discord_said_something_since() {
    let world = World::new(1, &[G1]).await;
    world.enter(G1, NELLY, 0).await;
    let joined_at = now_ms() + 10_000;
    let said = Standing {
        joined_at: Some(joined_at),
        asked_at: joined_at + 100,
        ..standing(G1, &[])
    };
    let mut tab = Tab::open_as(&world, 0, NELLY, vec![said], "")
        .await
        .unwrap();
    world.kick(G1, NELLY).await;
    world.message(G1, ROOM, 1, "meanwhile").await;
    world.enter(G1, NELLY, joined_at).await;
    world.message(G1, ROOM, 2, "after").await;
    tab.read_until(&world, 2).await;
    let told = format!("{:?}", tab.received);
    assert!(!told.contains("meanwhile"), "{told}");
    assert!(told.contains("after"), "{told}");
}

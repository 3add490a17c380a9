//! People with different roles: each receives what it may see, and is told when that changes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use contracts::{ChannelId, GuildId, RoleId, UserId, state::OverwriteTarget};
use event_bus::{EventBus as _, MemoryBus, Retention};

use super::{
    super::{audience::LATE, now_ms},
    browser::Tab,
    world::{ROOM, SECRET, SOMEBODY, VIEW, World, standing},
};
use crate::membership::Standing;

const G1: GuildId = GuildId::new(1);
const NELLY: UserId = UserId::new(7);
/// A role that lets its members into [`SECRET`].
const KEY: u64 = 50;
const ADMINISTRATOR: u64 = 1 << 3;

/// A guild in which a role opens a room.
async fn world(hubs: usize) -> World {
    furnished(World::new(hubs, &[G1]).await).await
}

async fn furnished(world: World) -> World {
    world.role(G1, KEY, 0).await;
    let closed = (OverwriteTarget::Role, G1.get(), 0, VIEW);
    let open = (OverwriteTarget::Role, KEY, VIEW, 0);
    world.overwrite(G1, SECRET, 2, &[closed, open]).await;
    world
}

async fn open(world: &World, user: UserId, roles: &[u64]) -> Tab {
    Tab::open_as(world, 0, user, vec![standing(G1, roles)], "")
        .await
        .unwrap()
}

async fn back(world: &World, hub: usize, user: UserId, roles: &[u64], cursor: &str) -> Tab {
    Tab::open_as(world, hub, user, vec![standing(G1, roles)], cursor)
        .await
        .unwrap()
}

fn said(tab: &Tab, text: &str) -> usize {
    tab.received
        .iter()
        .filter(|event| event.data.contains(text))
        .count()
}

#[tokio::test]
async fn what_happens_in_a_private_room_reaches_those_with_its_role_and_wakes_nobody_else() {
    let world = world(1).await;
    let mut inside = open(&world, NELLY, &[KEY]).await;
    let mut outside = open(&world, SOMEBODY, &[]).await;
    for tab in [&mut inside, &mut outside] {
        tab.read_until(&world, 0).await;
        tab.alarm.take();
    }
    world.join(G1, SECRET, 30).await;
    world.message(G1, SECRET, 1, "a secret").await;
    world.settled().await;
    assert!(inside.alarm.take() && inside.alarm.is_behind());
    assert!(!outside.alarm.take() && !outside.alarm.is_behind());
    inside.read_until(&world, 2).await;
    outside.read_until(&world, 0).await;
    assert_eq!(inside.names(), ["voice.joined", "message.created"]);
    assert!(outside.received.is_empty(), "{:?}", outside.received);
    world.message(G1, ROOM, 2, "for all").await;
    world.settled().await;
    assert!(inside.alarm.take() && outside.alarm.take());
}

#[tokio::test]
async fn a_member_who_is_given_a_role_is_told_the_room_and_one_who_loses_it_is_not_left_with_it() {
    let world = world(2).await;
    world.join(G1, SECRET, 30).await;
    let mut tab = open(&world, NELLY, &[]).await;
    let mut other = open(&world, SOMEBODY, &[]).await;
    let cursor = tab.cursor.clone();
    world.member(G1, NELLY, &[KEY], None).await;
    world.message(G1, SECRET, 1, "heard").await;
    tab.read_until(&world, 3).await;
    let told = ["room.created", "voice.joined", "message.created"];
    assert_eq!(tab.names(), told);
    assert_eq!(tab.received[0].id, cursor, "the last alone carries the id");
    assert_ne!(tab.received[1].id, cursor);
    let inside = tab.cursor.clone();
    world.member(G1, NELLY, &[], None).await;
    world.message(G1, SECRET, 2, "unheard").await;
    tab.read_until(&world, 4).await;
    assert_eq!(tab.names().last(), Some(&"room.deleted"));
    assert!(tab.received[3].data.contains(r#""access":true"#));
    other.read_until(&world, 0).await;
    assert!(other.received.is_empty());
    // Whoever comes back is put right too: from the ring, and at another replica from the log.
    for hub in 0..2 {
        let mut late = back(&world, hub, NELLY, &[], &inside).await;
        late.read_until(&world, 1).await;
        assert_eq!(late.names(), ["room.deleted"], "hub {hub}");
        let mut never = back(&world, hub, NELLY, &[], &cursor).await;
        never.read_until(&world, 0).await;
        assert_eq!(said(&never, "heard"), 0, "hub {hub}: {:?}", never.received);
    }
}

#[tokio::test]
async fn a_role_that_changes_moves_its_members_and_nobody_else() {
    let world = world(1).await;
    world
        .overwrite(G1, SECRET, 2, &[(OverwriteTarget::Role, G1.get(), 0, VIEW)])
        .await;
    let mut member = open(&world, NELLY, &[KEY]).await;
    let mut other = open(&world, SOMEBODY, &[]).await;
    world.role(G1, KEY, ADMINISTRATOR).await;
    member.read_until(&world, 1).await;
    assert_eq!(member.names(), ["room.created"]);
    world.remove_role(G1, KEY).await;
    member.read_until(&world, 2).await;
    assert_eq!(member.names(), ["room.created", "room.deleted"]);
    other.read_until(&world, 0).await;
    assert!(other.received.is_empty());
}

#[tokio::test]
async fn a_member_overwrite_and_the_guilds_crown_move_one_person() {
    let world = world(2).await;
    let mut tab = open(&world, NELLY, &[]).await;
    let mut other = open(&world, SOMEBODY, &[]).await;
    let start = tab.cursor.clone();
    let closed = (OverwriteTarget::Role, G1.get(), 0, VIEW);
    let own = (OverwriteTarget::Member, NELLY.get(), VIEW, 0);
    world.overwrite(G1, SECRET, 2, &[closed, own]).await;
    tab.read_until(&world, 1).await;
    world.overwrite(G1, SECRET, 2, &[closed]).await;
    tab.read_until(&world, 2).await;
    world.crown(G1, NELLY).await;
    tab.read_until(&world, 3).await;
    let told = ["room.created", "room.deleted", "room.created"];
    assert_eq!(tab.names(), told);
    other.read_until(&world, 0).await;
    assert!(other.received.is_empty());
    for hub in 0..2 {
        let mut late = back(&world, hub, NELLY, &[], &start).await;
        late.read_until(&world, 1).await;
        assert_eq!(late.names().last(), Some(&"room.created"), "hub {hub}");
    }
}

#[tokio::test]
async fn who_is_removed_hears_no_more_and_has_the_stream_look_again() {
    let world = world(1).await;
    let mut tab = open(&world, NELLY, &[KEY]).await;
    let mut other = open(&world, SOMEBODY, &[]).await;
    world.kick(G1, NELLY).await;
    world.message(G1, ROOM, 1, "unheard").await;
    tab.read_until(&world, 2).await;
    assert!(tab.names().iter().all(|name| *name == "room.deleted"));
    assert_eq!(said(&tab, "unheard"), 0);
    assert!(tab.alarm.take_look());
    other.read_until(&world, 2).await;
    assert_eq!(other.names(), ["member.left", "message.created"]);
    assert!(!other.alarm.take_look());
    // What Discord said before does not bring anybody back; what it says later does where the log has told nothing for long.
    let mut stale = back(&world, 0, NELLY, &[KEY], "").await;
    world.message(G1, ROOM, 2, "unheard").await;
    stale.read_until(&world, 0).await;
    assert!(stale.received.is_empty(), "{:?}", stale.received);
    let fresh = Standing {
        asked_at: now_ms() + LATE + 1_000,
        ..standing(G1, &[KEY])
    };
    if let Some(chunk) = tab.viewer.regroup(&[fresh]) {
        tab.accept(&chunk.bytes);
    }
    tab.received.clear();
    tab.wait_for(2).await;
    assert_eq!(tab.names(), ["room.created", "room.created"]);
}

#[tokio::test]
async fn what_discord_says_of_roles_is_in_force_with_the_next_tick_for_all_streams_of_the_user() {
    let world = world(1).await;
    let mut tabs = [
        open(&world, NELLY, &[]).await,
        open(&world, NELLY, &[]).await,
    ];
    let fresh = Standing {
        asked_at: now_ms() + 1_000,
        ..standing(G1, &[KEY])
    };
    assert!(
        tabs[0]
            .viewer
            .regroup(std::slice::from_ref(&fresh))
            .is_none()
    );
    for tab in &mut tabs {
        tab.wait_for(1).await;
        assert_eq!(tab.names(), ["room.created"]);
    }
    let mut third = Tab::open_as(&world, 0, NELLY, vec![fresh], "")
        .await
        .unwrap();
    world.message(G1, SECRET, 1, "heard").await;
    third.read_until(&world, 1).await;
    assert_eq!(third.names(), ["message.created"]);
}

#[tokio::test]
async fn a_time_out_silences_rooms_and_ends_by_the_clock() {
    let clock = Arc::new(AtomicU64::new(now_ms()));
    let told = Arc::clone(&clock);
    let bus = MemoryBus::with_time(Retention::default(), move || told.load(Ordering::Relaxed));
    let world = furnished(World::on(bus, 1, &[G1]).await).await;
    let mut tab = open(&world, NELLY, &[]).await;
    let until = clock.load(Ordering::Relaxed) + 60_000;
    world.member(G1, NELLY, &[], Some(until)).await;
    world.join(G1, ROOM, 30).await;
    world.message(G1, ROOM, 1, "unheard").await;
    tab.read_until(&world, 1).await;
    clock.store(until, Ordering::Relaxed);
    world.message(G1, ROOM, 2, "heard").await;
    tab.read_until(&world, 2).await;
    assert_eq!(tab.names(), ["voice.joined", "message.created"]);
    assert_eq!(said(&tab, "unheard"), 0);
}

#[tokio::test]
async fn a_private_thread_is_for_its_members() {
    let (text, thread) = (ChannelId::new(102), ChannelId::new(103));
    let world = world(1).await;
    world.overwrite(G1, text, 0, &[]).await;
    world.thread(G1, thread, text, &[NELLY]).await;
    let mut member = open(&world, NELLY, &[]).await;
    let mut other = open(&world, SOMEBODY, &[]).await;
    world.message(G1, thread, 1, "between us").await;
    world.thread(G1, thread, text, &[SOMEBODY]).await;
    world.message(G1, thread, 2, "between others").await;
    world.message(G1, text, 3, "for all").await;
    other.read_until(&world, 2).await;
    assert_eq!(said(&other, "between us"), 0);
    assert_eq!(said(&other, "between others"), 1);
    member.read_until(&world, 1).await;
    assert_eq!(said(&member, "between others"), 0, "{:?}", member.received);
}

#[tokio::test]
async fn nothing_from_before_the_member_joined_is_replayed() {
    let world = world(2).await;
    let cursor = world.clock().await.to_string();
    world.message(G1, ROOM, 1, "before").await;
    tokio::time::sleep(Duration::from_millis(3)).await;
    let joined = Standing {
        joined_at: Some(now_ms()),
        ..standing(G1, &[])
    };
    tokio::time::sleep(Duration::from_millis(3)).await;
    world.message(G1, ROOM, 2, "after").await;
    for hub in 0..2 {
        let guilds = vec![joined.clone()];
        let mut tab = Tab::open_as(&world, hub, NELLY, guilds, &cursor)
            .await
            .unwrap();
        tab.read_until(&world, 2).await;
        assert_eq!(
            tab.names(),
            ["message.created", "room.created"],
            "hub {hub}"
        );
        assert_eq!(said(&tab, "before"), 0);
    }
    let entries = world
        .bus
        .read(G1, cursor.parse().unwrap(), world.clock().await, 100);
    let entries = entries.await.unwrap().entries;
    let history = world.hubs[0].judge(NELLY, &joined, entries).await.unwrap();
    assert_eq!(history.len(), 1);
}

#[tokio::test]
async fn snapshots_and_places_are_each_users_own() {
    let world = world(1).await;
    let hub = &world.hubs[0];
    for (user, roles, rooms) in [(NELLY, &[KEY][..], 2), (SOMEBODY, &[], 1)] {
        let own = standing(G1, roles);
        let found = hub.rooms(user, &own).await.unwrap().unwrap();
        assert_eq!(found.rooms.len(), rooms);
        let place = hub.locate(user, &[own], SECRET).await.unwrap();
        assert_eq!(place, (rooms == 2).then_some(G1));
    }
    // What the log told since counts, though nobody watches.
    let _watched = open(&world, SOMEBODY, &[]).await;
    world.member(G1, NELLY, &[], None).await;
    world.settled().await;
    let own = standing(G1, &[KEY]);
    assert_eq!(
        hub.locate(NELLY, std::slice::from_ref(&own), SECRET)
            .await
            .unwrap(),
        None
    );
    assert_eq!(own.roles[0], RoleId::new(KEY));
}

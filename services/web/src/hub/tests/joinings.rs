//! Who has joined by Discord comes by the log, in its place, on every replica.

use std::{
    slice::from_ref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use contracts::{GuildId, UserId, event::ResetReason};
use event_bus::{MemoryBus, Retention};

use super::{
    super::now_ms,
    browser::Tab,
    world::{ROOM, SOMEBODY, World, standing},
};
use crate::membership::Standing;

const G1: GuildId = GuildId::new(1);
const G2: GuildId = GuildId::new(2);
const NELLY: UserId = UserId::new(7);

fn said(joined_at: u64, asked_at: u64) -> Standing {
    Standing {
        joined_at: Some(joined_at),
        asked_at,
        ..standing(G1, &[])
    }
}

/// A bus whose clock stands, and that clock in Unix ms.
fn clocked() -> (MemoryBus, Arc<AtomicU64>) {
    let time = Arc::new(AtomicU64::new(now_ms() - 10_000));
    let bus_time = Arc::clone(&time);
    let now = move || bus_time.load(Ordering::Relaxed);
    (MemoryBus::with_time(Retention::default(), now), time)
}

/// A time to join, late enough for a log that begins now to reach back to before it.
async fn soon(world: &World) -> u64 {
    world.clock().await.ms + 1_001
}

async fn sees(world: &World, said: &Standing) -> bool {
    let rooms = world.hubs[0].rooms(NELLY, said).await.unwrap();
    rooms.is_some()
}

#[tokio::test]
async fn who_has_joined_by_discord_comes_by_the_log_whatever_it_told_before() {
    let world = World::new(1, &[G1]).await;
    let joined_at = soon(&world).await;
    let (kicked, new) = ([NELLY, UserId::new(8)], UserId::new(9));
    for user in kicked {
        world.enter(G1, user, 0).await;
        world.kick(G1, user).await;
    }
    for message in 1..=600 {
        world.message(G1, ROOM, message, "meanwhile").await;
    }
    let said = said(joined_at, joined_at + 100);
    let mut tabs = Vec::new();
    for user in [NELLY, UserId::new(8), new] {
        let reads = world.metric("fanfare_catch_up_reads_total");
        let tab = Tab::open_as(&world, 0, user, vec![said.clone()], "");
        tabs.push(tab.await.unwrap());
        let read = world.metric("fanfare_catch_up_reads_total") - reads;
        assert_eq!(read > 0.0, user == NELLY, "what was read is kept");
    }
    world.message(G1, ROOM, 601, "meanwhile").await;
    for user in kicked.into_iter().chain([new]) {
        world.enter(G1, user, joined_at).await;
    }
    world.message(G1, ROOM, 602, "after").await;
    for tab in &mut tabs {
        tab.read_until(&world, 2).await;
        let told = format!("{:?}", tab.received);
        assert!(!told.contains("meanwhile"), "{told}");
        assert!(told.contains("after"), "{told}");
    }
}

#[tokio::test]
async fn a_joining_that_the_log_cannot_tell_any_more_is_not_waited_for() {
    let world = World::new(1, &[G1]).await;
    let now = soon(&world).await;
    let others = vec![standing(G1, &[])];
    let _somebody_watches = Tab::open_as(&world, 0, SOMEBODY, others, "").await;
    assert!(!sees(&world, &said(now, now + 1)).await, "it is to come");
    assert!(sees(&world, &said(now, now + 300_001)).await, "it is late");
    // Discord's snapshot was taken after the joining, so no dispatch tells of it.
    world.tell_members_since(G1, Some(now + 1)).await;
    world.settled().await;
    assert!(sees(&world, &said(now, now + 1)).await);
    // Without the intent Discord tells of nobody.
    world.tell_members_since(G1, None).await;
    world.settled().await;
    let (now, asked) = (now + 5, now + 6);
    assert!(sees(&world, &said(now, asked)).await);
    // Unless it told that somebody left: then it will tell of the return.
    world.kick(G1, NELLY).await;
    world.settled().await;
    assert!(!sees(&world, &said(now, asked)).await);
    world.enter(G1, NELLY, now).await;
    assert!(
        sees(&world, &said(now, asked)).await,
        "what is published counts"
    );
}

#[tokio::test]
async fn who_never_left_by_the_log_comes_by_it_too() {
    let world = World::new(1, &[G1]).await;
    world.enter(G1, NELLY, 0).await;
    let joined_at = soon(&world).await;
    let back = said(joined_at, joined_at + 1);
    assert!(!sees(&world, &back).await);
    world.enter(G1, NELLY, joined_at).await;
    assert!(
        sees(&world, &back).await,
        "roles are the same, and the joining is told"
    );
}

#[tokio::test]
async fn who_is_cut_off_while_waiting_is_told_the_rooms_wherever_they_are_back() {
    for noise in [false, true] {
        let (bus, time) = clocked();
        let world = World::on(bus, 2, &[G1, G2]).await;
        let joined_at = soon(&world).await;
        // The other guild moves the cursor past the joining.
        time.fetch_add(2_000, Ordering::Relaxed);
        world.message(G2, ROOM, 1, "time passes").await;
        let waits = said(joined_at, joined_at + 1);
        let mut tab = Tab::open_as(&world, 0, NELLY, vec![waits], "")
            .await
            .unwrap();
        tab.read_until(&world, 0).await;
        tab.idle();
        let cursor = tab.cursor.clone();
        drop(tab);
        if noise {
            world.message(G1, ROOM, 2, "meanwhile").await;
        }
        world.enter(G1, NELLY, joined_at).await;
        let back = vec![said(joined_at, joined_at + 2)];
        let mut tab = Tab::open_as(&world, 1, NELLY, back, &cursor).await.unwrap();
        world.message(G1, ROOM, 3, "after").await;
        tab.read_until(&world, 2).await;
        let mut names = tab.names();
        names.sort_unstable();
        assert_eq!(names, ["message.created", "room.created"], "{noise}");
    }
}

#[tokio::test]
async fn a_joining_over_which_the_guild_begins_anew_is_found_in_the_log() {
    let world = World::new(1, &[G1]).await;
    let joined_at = soon(&world).await;
    world.message(G1, ROOM, 1, "before").await;
    let waits = vec![said(joined_at, joined_at + 1)];
    let mut tab = Tab::open_as(&world, 0, NELLY, waits, "").await.unwrap();
    tab.read_until(&world, 0).await;
    world.enter(G1, NELLY, joined_at).await;
    world.hubs[0].reload(G1, ResetReason::Epoch).await.unwrap();
    let again = said(joined_at, joined_at + 2);
    let open = world.hubs[0].open_for(NELLY, from_ref(&again)).await;
    open.unwrap();
    assert!(sees(&world, &again).await);
}

#[tokio::test]
async fn ids_may_be_drawn_from_a_clock_that_is_behind_discords() {
    for behind in [500, 1_500, 3_000] {
        let (bus, time) = clocked();
        let world = World::on(bus, 1, &[G1]).await;
        time.fetch_add(5_000, Ordering::Relaxed);
        let joined_at = time.load(Ordering::Relaxed) + behind;
        world.enter(G1, NELLY, joined_at).await;
        assert!(
            sees(&world, &said(joined_at, joined_at + 1)).await,
            "{behind}"
        );
    }
}

#[tokio::test]
async fn whoever_needs_nothing_does_not_wait_for_a_reader() {
    let world = World::new(1, &[G1]).await;
    let known = said(1, now_ms() + 2_000);
    let tab = Tab::open_as(&world, 0, SOMEBODY, vec![known.clone()], "").await;
    let _open = tab.unwrap();
    let feed = {
        let mut line = world.hubs[0].inner.line.lock();
        Arc::clone(&line.open(G1).unwrap().feed)
    };
    let _reads = feed.reading.lock().await;
    let place = world.hubs[0].locate(SOMEBODY, from_ref(&known), ROOM).await;
    assert_eq!(place.unwrap(), Some(G1));
}

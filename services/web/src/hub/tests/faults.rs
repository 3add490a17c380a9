//! What a bus does that was away, fell back to an older state, or lost the way to this replica.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use contracts::{
    Event, GuildId, RoleId,
    envelope::Unpublished,
    event::RoomCreated,
    state::{AudienceChange, Changed, Channel, Role},
};
use event_bus::{Body, Delivery, Entry};

use super::{
    super::{Cursor, Health, Hub, Transport, Wish},
    all,
    browser::{Dispatched, Tab},
    script::{Stage, Ticks, id, join},
    world::{ROOM, SECRET, SOMEBODY, channel, standings},
};

const G1: GuildId = GuildId::new(1);
const G2: GuildId = GuildId::new(2);

async fn open(hub: &Hub, guilds: &[GuildId], cursor: Cursor) -> Tab {
    let wish = Wish {
        user: SOMEBODY,
        guilds: standings(guilds),
        mask: all(),
        cursor,
        snapshot: false,
        transport: Transport::Sse,
    };
    Tab::begin(hub, wish, String::new()).await.unwrap()
}

async fn resume(hub: &Hub, guilds: &[GuildId], cursor: u64) -> Vec<Dispatched> {
    let mut tab = open(hub, guilds, Cursor::After(id(cursor).into())).await;
    while tab.turn(<[u8]>::len).await {}
    tab.received
}

fn users(tab: &Tab) -> Vec<u64> {
    tab.received.iter().map(Dispatched::user).collect()
}

#[tokio::test(start_paused = true)]
async fn a_live_channel_that_has_fallen_silent_is_found_out_repaired_and_made_anew() {
    let stage = Stage::new(&[G1]).await;
    let mut tab = open(&stage.hub, &[G1], Cursor::Now).await;
    stage.script.set_ticks(Ticks::Vanish);
    stage.script.append(&join(G1, 1, 110, 2, 7));
    // Nothing but a tick that does not come back tells that something is missing.
    tab.wait_for(1).await;
    assert_eq!(users(&tab), [7]);
    while stage.hub.health() != Health::Detached {
        tokio::time::sleep(super::super::pulse::EVERY).await;
    }
    assert!(stage.script.subscribed() >= 2);
    stage.script.set_ticks(Ticks::Return);
    while stage.hub.health() != Health::Ready {
        tokio::time::sleep(super::super::pulse::EVERY).await;
    }
    stage.script.publish(join(G1, 110, 120, 3, 8));
    tab.wait_for(2).await;
    assert_eq!(users(&tab), [7, 8]);
}

fn room_created(made: &Channel) -> Unpublished {
    let created = Event::RoomCreated(RoomCreated {
        guild_id: G1,
        channel_id: made.id,
        name: made.name.clone(),
        parent_id: None,
        user_limit: 0,
    });
    Unpublished::new(G1, &created, 1, None).unwrap()
}

/// The room is for nobody from here on.
fn hide(guild: GuildId, previous: u64, ms: u64, seq: u64) -> Entry {
    let was = Some(channel(guild, ROOM, false));
    let hidden = Changed::from(was, channel(guild, ROOM, true));
    Entry {
        body: Body::Audience(AudienceChange::Channel(hidden)),
        ..join(guild, previous, ms, seq, 1)
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_behind_the_one_before_puts_rooms_right_only_when_it_is_as_far() {
    let stage = Stage::new(&[G1]).await;
    let _known_here = open(&stage.hub, &[G1], Cursor::Now).await;
    stage.script.set_ticks(Ticks::Vanish);
    let missing = [hide(G1, 1, 105, 2), join(G1, 105, 110, 3, 7)];
    for entry in &missing {
        stage.script.append(entry);
    }
    // Another replica told everything up to 110, but not yet that the room is gone.
    let cursor = Cursor::parse("110-0~1-0");
    let mut tab = open(&stage.hub, &[G1], cursor).await;
    let arrival = async {
        tokio::task::yield_now().await;
        for entry in missing {
            stage.script.deliver(Delivery::Entry(Box::new(entry)));
        }
    };
    tokio::join!(tab.wait_for(1), arrival);
    assert_eq!(tab.names(), ["room.deleted"]);
    assert_eq!(tab.cursor, "110-0");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_made_while_rooms_are_still_to_be_put_right_is_told_once() {
    let stage = Stage::new(&[G1]).await;
    let _known_here = open(&stage.hub, &[G1], Cursor::Now).await;
    let role = Role {
        id: RoleId::new(60),
        name: String::new(),
        permissions: 0,
        position: 1,
    };
    for entry in [
        hide(G1, 1, 105, 2),
        // Since then any room may have come into sight.
        Entry {
            body: Body::Audience(AudienceChange::Role(Changed::new(role))),
            ..join(G1, 105, 106, 3, 1)
        },
        join(G1, 106, 110, 4, 7),
    ] {
        stage.script.publish(entry);
    }
    stage.level().await;
    let mut tab = open(&stage.hub, &[G1], Cursor::parse("110-0~1-0")).await;
    // Everything up to here is read, and the rooms are due.
    tab.turn(<[u8]>::len).await;
    let made = channel(G1, SECRET, false);
    for entry in [
        Entry {
            body: Body::Audience(AudienceChange::Channel(Changed::new(made.clone()))),
            ..join(G1, 110, 120, 5, 1)
        },
        Entry {
            body: Body::Event(room_created(&made).publish(id(121))),
            ..join(G1, 120, 121, 5, 1)
        },
    ] {
        stage.script.publish(entry);
    }
    stage.level().await;
    tab.wait_for(2).await;
    assert_eq!(tab.names(), ["room.created", "room.deleted"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_repair_from_a_bus_that_never_waits_lets_others_of_its_thread_run() {
    let stage = Stage::new(&[G1]).await;
    // It is followed, and nobody who reads slowly is waited for.
    drop(open(&stage.hub, &[G1], Cursor::Now).await);
    let mut previous = 1;
    for n in 0..2_000 {
        let at = 101 + n;
        stage.script.append(&join(G1, previous, at, 2 + n, 7));
        previous = at;
    }
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let repaired = stage.hub.repair().await.unwrap();
    assert_eq!(repaired, 2_000);
    assert!(turns.load(Ordering::Relaxed) >= 3, "{turns:?}");
    other.abort();
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_away_leaves_the_replica_degraded_and_one_that_never_came_starting() {
    let stage = Stage::new(&[G1]).await;
    stage.script.set_ticks(Ticks::Fail);
    while stage.hub.health() != Health::Away {
        tokio::time::sleep(super::super::pulse::EVERY).await;
    }
    stage.script.set_ticks(Ticks::Return);
    while stage.hub.health() != Health::Ready {
        tokio::time::sleep(super::super::pulse::EVERY).await;
    }
    let never = Stage::starting(&[G1], Ticks::Fail);
    tokio::time::sleep(super::super::pulse::EVERY * 10).await;
    assert_eq!(never.hub.health(), Health::Starting);
}

#[tokio::test(start_paused = true)]
async fn what_is_published_again_under_other_ids_is_told_once_and_nobody_is_reset() {
    let stage = Stage::new(&[G1, G2]).await;
    let mut tab = open(&stage.hub, &[G1, G2], Cursor::Now).await;
    stage.script.publish(join(G1, 1, 110, 2, 7));
    tab.wait_for(1).await;
    // The bus falls back to id 1 of the guild; the publisher says position 2 again, under another id, then what is new.
    let again = [join(G1, 1, 200, 2, 7), join(G1, 200, 201, 3, 8)];
    stage.script.set_log(G1, 200, again.to_vec());
    stage.script.set_clock(201);
    stage.script.deliver(Delivery::Interrupted);
    tab.wait_for(2).await;
    // The same again, live.
    let live = [
        join(G2, 1, 202, 2, 9),
        join(G2, 1, 203, 2, 9),
        join(G2, 203, 204, 3, 10),
    ];
    for entry in live {
        stage.script.publish(entry);
    }
    tab.wait_for(4).await;
    assert_eq!(users(&tab), [7, 8, 9, 10]);
    assert_eq!(tab.cursor, "204-0");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_went_back_resets_everybody_and_every_cursor_of_before() {
    let stage = Stage::new(&[G1, G2]).await;
    let mut tabs = [
        open(&stage.hub, &[G1], Cursor::Now).await,
        open(&stage.hub, &[G2], Cursor::Now).await,
    ];
    stage.script.set_clock(500);
    stage.level().await;
    for tab in &mut tabs {
        tab.idle();
        assert!(tab.cursor.starts_with("500-"), "{}", tab.cursor);
    }
    stage.script.set_clock(300);
    // A cursor above the clock is of the future; one that this replica handed out itself may not be looked up.
    let told = resume(&stage.hub, &[G1], 600).await;
    assert_eq!(told[0].data, r#"{"reason":"future"}"#);
    stage.script.publish(join(G1, 1, 400, 2, 7));
    for tab in &mut tabs {
        tab.wait_for(1).await;
        assert_eq!(tab.received[0].data, r#"{"reason":"epoch"}"#);
    }
    stage.script.publish(join(G2, 1, 401, 2, 8));
    tabs[1].wait_for(2).await;
    assert_eq!(tabs[1].received[1].user(), 8);
    stage.script.set_clock(600);
    for cursor in [450, 500] {
        let told = resume(&stage.hub, &[G1], cursor).await;
        assert_eq!(told[0].data, r#"{"reason":"epoch"}"#, "{cursor}");
    }
    stage.level().await;
    assert_eq!(resume(&stage.hub, &[G1], 600).await, []);
}

#[tokio::test(start_paused = true)]
async fn something_else_in_place_of_what_was_seen_resets_the_guild_alone() {
    let stage = Stage::new(&[G1, G2]).await;
    let mut rewound = open(&stage.hub, &[G1], Cursor::Now).await;
    let mut other = open(&stage.hub, &[G2], Cursor::Now).await;
    stage.script.publish(join(G1, 1, 110, 2, 7));
    rewound.wait_for(1).await;
    stage.script.set_log(G1, 0, vec![join(G1, 0, 1, 1, 1)]);
    stage.script.publish(join(G1, 1, 120, 3, 8));
    rewound.wait_for(2).await;
    assert_eq!(rewound.names(), ["voice.joined", "reset"]);
    stage.script.publish(join(G2, 1, 130, 2, 9));
    other.wait_for(1).await;
    assert_eq!(users(&other), [9]);
    let told = resume(&stage.hub, &[G1], 110).await;
    assert_eq!(told[0].data, r#"{"reason":"epoch"}"#);
    assert_eq!(resume(&stage.hub, &[G2], 115).await[0].user(), 9);
}

/// Misses so many entries in one guild and a few in others, with so many viewers; the pages that were read.
async fn reads_of_a_repair(viewers: usize, missed: u64) -> usize {
    let guilds: Vec<_> = (1..=5).map(GuildId::new).collect();
    let stage = Stage::new(&guilds).await;
    let mut tabs = Vec::new();
    for _ in 0..viewers {
        tabs.push(open(&stage.hub, &guilds, Cursor::Now).await);
    }
    let before = stage.script.reads();
    let mut last = vec![1; guilds.len()];
    for step in 0..missed {
        let few = step + 50 >= missed;
        let index = if few { 1 + step as usize % 4 } else { 0 };
        let previous = std::mem::replace(&mut last[index], 110 + step);
        let entry = join(guilds[index], previous, 110 + step, step + 2, step);
        stage.script.append(&entry);
    }
    stage.script.deliver(Delivery::Interrupted);
    let mut reading = Vec::new();
    for mut tab in tabs {
        reading.push(tokio::spawn(async move {
            tab.wait_for(missed as usize).await;
            assert_eq!(users(&tab), (0..missed).collect::<Vec<_>>());
        }));
    }
    for reading in reading {
        reading.await.unwrap();
    }
    stage.script.reads() - before
}

#[tokio::test(start_paused = true)]
async fn a_repair_reads_as_much_for_two_hundred_viewers_as_for_one() {
    let reads = reads_of_a_repair(1, 200).await;
    assert_eq!(reads_of_a_repair(200, 200).await, reads);
    assert_eq!(reads, 5, "a page of each guild");
}

#[tokio::test(start_paused = true)]
async fn a_hole_larger_than_the_ring_is_repaired_at_the_pace_of_the_viewers() {
    let missed = super::super::ring::RING_ENTRIES as u64 + 1_500;
    let reads = reads_of_a_repair(1, missed).await;
    assert_eq!(reads_of_a_repair(12, missed).await, reads);
}

//! A channel becomes private, and right after that somebody writes in it, while much else happens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use contracts::GuildId;

use super::{
    all,
    browser::Tab,
    world::{ROOM, World},
};

const ROUNDS: u64 = 40;
const SECRETS: u64 = 5;
const BROWSERS: usize = 12;

/// A browser that reads, falls behind, breaks off and comes back at another replica, until `over`.
async fn browse(
    world: Arc<World>,
    guilds: Vec<GuildId>,
    number: usize,
    over: Arc<AtomicBool>,
    begun: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut hub = number % 2;
    let mut tab = Tab::open(&world, hub, &guilds, all(), false).await.unwrap();
    begun.fetch_add(1, Ordering::AcqRel);
    let mut received = Vec::new();
    let mut turns = 0;
    loop {
        let last = over.load(Ordering::Acquire);
        for _ in 0..=number % 4 {
            tab.turn(<[u8]>::len).await;
        }
        tokio::task::yield_now().await;
        turns += 1;
        if turns % (40 + number) == 0 {
            hub = 1 - hub;
            let cursor = tab.cursor.clone();
            let back = Tab::resume(&world, hub, &guilds, all(), &cursor)
                .await
                .unwrap();
            received.extend(std::mem::replace(&mut tab, back).received);
        }
        if last {
            world.settled().await;
            while tab.turn(<[u8]>::len).await {}
            received.extend(tab.received);
            return received.into_iter().map(|event| event.data).collect();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_in_a_channel_right_after_it_became_private_reaches_nobody() {
    // The last guild stays as it is.
    let guilds: Vec<_> = (1..=ROUNDS + 1).map(GuildId::new).collect();
    let open = guilds[ROUNDS as usize];
    let world = Arc::new(World::new(2, &guilds).await);
    let (over, begun) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let browsers: Vec<_> = (0..BROWSERS)
        .map(|number| {
            let (world, guilds) = (Arc::clone(&world), guilds.clone());
            let (over, begun) = (Arc::clone(&over), Arc::clone(&begun));
            tokio::spawn(browse(world, guilds, number, over, begun))
        })
        .collect();
    let opened = async {
        while begun.load(Ordering::Acquire) < BROWSERS {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), opened)
        .await
        .unwrap();
    let mut said = Vec::new();
    for (round, guild) in guilds[..ROUNDS as usize].iter().enumerate() {
        let noise = guilds[(round + 7) % guilds.len()];
        for user in 1..=20 {
            world.join(noise, ROOM, user + 100 * round as u64).await;
        }
        world.message(*guild, ROOM, 1, "for some").await;
        world.hide(*guild, ROOM, true).await;
        for message in 0..SECRETS {
            world.message(*guild, ROOM, 10 + message, "a secret").await;
        }
        said.push(format!("to all: {round}."));
        world.message(open, ROOM, round as u64, &said[round]).await;
        tokio::task::yield_now().await;
    }
    over.store(true, Ordering::Release);
    for browser in browsers {
        let received = browser.await.unwrap();
        assert!(received.iter().all(|data| !data.contains("a secret")));
        let heard = received.iter().filter(|data| data.contains("to all: "));
        let heard: Vec<_> = heard.collect();
        assert_eq!(heard.len(), said.len());
        assert!(
            heard
                .iter()
                .zip(&said)
                .all(|(heard, said)| heard.contains(said))
        );
    }
}

//! What a tick says of the live channel.

use contracts::EventId;

use super::{Author, DEADLINE, Factory, event, next};
use crate::{Batch, DELIVERY_QUEUE, Delivery, Retention, Subscription};

/// Ticks during which others publish.
const TICKS: usize = 40;

async fn tick(subscription: &mut Subscription) -> EventId {
    match next(subscription).await {
        Delivery::Tick(id) => id,
        other => panic!("no tick: {other:?}"),
    }
}

/// To a subscription that watches nothing yet, too.
pub async fn a_tick_comes_back_to_its_subscription_alone(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut subscription = bus.subscribe().await.expect("answers");
    let mut other = bus.subscribe().await.expect("answers");
    let mut last = EventId::ZERO;
    for _ in 0..5 {
        let drawn = subscription.watcher().tick().await.expect("answers");
        assert!(drawn > last);
        assert_eq!(bus.clock().await.expect("answers"), drawn);
        assert_eq!(tick(&mut subscription).await, drawn);
        last = drawn;
    }
    let drawn = other.watcher().tick().await.expect("answers");
    assert_eq!(tick(&mut other).await, drawn);
    assert!(subscription.try_next().is_none());
}

/// It is above all entries before it, and no later entry has its id.
pub async fn a_tick_draws_from_the_clock_of_the_entries(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (one, two) = (deployment.bus(), deployment.bus());
    let mut author = Author::seeded(&one, 1).await;
    let subscription = two.subscribe().await.expect("answers");
    let watcher = subscription.watcher();
    let mut last = EventId::ZERO;
    for _ in 0..50 {
        let ids = author.publish(vec![event(author.guild, "a")]).await;
        let drawn = watcher.tick().await.expect("answers");
        assert!(last < ids[0] && ids[0] < drawn, "{last} {ids:?} {drawn}");
        last = drawn;
    }
}

/// While others publish in several guilds: what has a lower id came before it, what has a higher one comes after.
pub async fn a_tick_comes_behind_all_entries_up_to_it(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (one, two) = (deployment.bus(), deployment.bus());
    let mut subscription = one.subscribe().await.expect("answers");
    let watcher = subscription.watcher();
    let mut authors = Vec::new();
    for guild in 1..=4 {
        let bus = if guild % 2 == 0 { &one } else { &two };
        let author = Author::seeded(bus, guild).await;
        watcher.watch(author.guild).await.expect("answers");
        authors.push(author);
    }
    let publishing = authors.iter_mut().map(|author| async {
        let mut ids = Vec::new();
        for _ in 0..TICKS {
            let new = vec![event(author.guild, "a"), event(author.guild, "b")];
            ids.extend(author.publish(new).await);
        }
        ids
    });
    let publishing = futures_util::future::join_all(publishing);
    let ticking = async {
        let mut drawn = Vec::new();
        for _ in 0..TICKS {
            drawn.push(watcher.tick().await.expect("answers"));
        }
        drawn
    };
    let (ids, drawn) = tokio::join!(publishing, ticking);
    let mut expected: Vec<(EventId, bool)> = ids.concat().iter().map(|id| (*id, false)).collect();
    expected.extend(drawn.iter().map(|id| (*id, true)));
    expected.sort_unstable();
    for expected in expected {
        let delivered = match next(&mut subscription).await {
            Delivery::Entry(entry) => (entry.id, false),
            Delivery::Tick(id) => (id, true),
            other => panic!("{other:?}"),
        };
        assert_eq!(delivered, expected);
    }
}

/// It would say more than was delivered.
pub async fn no_tick_comes_behind_what_was_left_out(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let mut subscription = bus.subscribe().await.expect("answers");
    let watcher = subscription.watcher();
    watcher.watch(guild).await.expect("answers");
    let mut published = 0;
    while published < DELIVERY_QUEUE + 2_000 {
        let changes: Vec<_> = (0..8)
            .map(|_| author.change((0..64).map(|_| event(guild, "a")).collect()))
            .collect();
        bus.publish(&Batch::of(changes)).await.expect("answers");
        published += 8 * 64;
    }
    watcher.tick().await.expect("answers");
    let (mut delivered, mut told) = (0, false);
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        match tokio::time::timeout(DEADLINE / 20, subscription.next()).await {
            Ok(Some(Delivery::Entry(_))) => delivered += 1,
            Ok(Some(Delivery::Interrupted)) => told = true,
            Ok(Some(Delivery::Tick(_))) => break,
            Ok(Some(Delivery::Signal(_))) => panic!("nobody sent one"),
            Ok(None) => panic!("closed"),
            // it was left out too; the next one is not
            Err(_) => drop(watcher.tick().await.expect("answers")),
        }
        assert!(tokio::time::Instant::now() < deadline, "no tick");
    }
    assert!(told || delivered == published, "{delivered} of {published}");
}

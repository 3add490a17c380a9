//! Subscriptions.

use contracts::{EventId, MessageId};

use super::{Author, DEADLINE, Factory, edited, entries, event, follow, message, next};
use crate::{Batch, Body, DELIVERY_QUEUE, Delivery, Entry, Outcome, Retention, Subscription};

/// Watches followed by a publication each.
const WATCH_ROUNDS: u64 = 2_000;

/// Entries that are published while a slow receiver catches up.
const MORE: usize = 300;

async fn entry(subscription: &mut Subscription) -> Entry {
    match next(subscription).await {
        Delivery::Entry(entry) => *entry,
        other => panic!("no entry: {other:?}"),
    }
}

/// Over all guilds, whoever publishes.
pub async fn entries_are_delivered_in_the_order_of_their_ids(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (one, two) = (deployment.bus(), deployment.bus());
    let mut subscription = two.subscribe().await.expect("answers");
    let mut authors = Vec::new();
    for guild in 1..=6 {
        let bus = if guild % 2 == 0 { &one } else { &two };
        authors.push(Author::seeded(bus, guild).await);
        let guild = authors[authors.len() - 1].guild;
        subscription.watcher().watch(guild).await.expect("answers");
    }
    let publishing = authors.iter_mut().map(|author| async {
        let mut ids = Vec::new();
        for _ in 0..50 {
            let new = vec![event(author.guild, "a"), event(author.guild, "b")];
            ids.extend(author.publish(new).await);
        }
        ids
    });
    let ids = futures_util::future::join_all(publishing).await;
    let mut expected: Vec<EventId> = ids.into_iter().flatten().collect();
    expected.sort_unstable();
    for id in expected {
        assert_eq!(entry(&mut subscription).await.id, id);
    }
    assert!(subscription.try_next().is_none());
}

/// And each subscription chooses for itself.
pub async fn only_watched_guilds_are_delivered(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut one = Author::seeded(&bus, 1).await;
    let mut two = Author::seeded(&bus, 12).await;
    let mut subscription = bus.subscribe().await.expect("answers");
    let mut other = bus.subscribe().await.expect("answers");
    subscription
        .watcher()
        .watch(two.guild)
        .await
        .expect("answers");
    other.watcher().watch(one.guild).await.expect("answers");
    let first = one.publish(vec![event(one.guild, "a")]).await;
    let second = two.publish(vec![event(two.guild, "b")]).await;
    let delivered = entry(&mut subscription).await;
    assert_eq!((delivered.id, delivered.guild), (second[0], two.guild));
    assert_eq!(entry(&mut other).await.id, first[0]);
}

/// From the return of `watch` on.
pub async fn nothing_published_after_a_watch_is_missed(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut authors = Vec::new();
    for guild in 1..=4 {
        authors.push(Author::seeded(&bus, guild).await);
    }
    let mut subscription = bus.subscribe().await.expect("answers");
    let watcher = subscription.watcher();
    for round in 0..WATCH_ROUNDS {
        let author = &mut authors[(round % 4) as usize];
        watcher.watch(author.guild).await.expect("answers");
        let ids = author.publish(vec![event(author.guild, "a")]).await;
        assert_eq!(entry(&mut subscription).await.id, ids[0], "round {round}");
        watcher.unwatch(author.guild).await.expect("answers");
    }
}

/// Also the last guild of all.
pub async fn an_unwatched_guild_falls_silent_and_can_be_watched_again(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut one = Author::seeded(&bus, 1).await;
    let mut two = Author::seeded(&bus, 2).await;
    let mut subscription = bus.subscribe().await.expect("answers");
    let watcher = subscription.watcher();
    watcher
        .unwatch(one.guild)
        .await
        .expect("what is not watched can be unwatched");
    watcher.watch(one.guild).await.expect("answers");
    watcher.watch(one.guild).await.expect("twice is once");
    let first = one.publish(vec![event(one.guild, "a")]).await;
    assert_eq!(entry(&mut subscription).await.id, first[0]);
    watcher.unwatch(one.guild).await.expect("answers");
    // the answer to a later order tells that the earlier one was obeyed
    watcher.watch(two.guild).await.expect("answers");
    one.publish(vec![event(one.guild, "unheard")]).await;
    let heard = two.publish(vec![event(two.guild, "b")]).await;
    assert_eq!(entry(&mut subscription).await.id, heard[0]);
    watcher.unwatch(two.guild).await.expect("answers");
    watcher.watch(one.guild).await.expect("answers");
    let again = one.publish(vec![event(one.guild, "c")]).await;
    assert_eq!(entry(&mut subscription).await.id, again[0]);
}

/// Neither duplicates nor changes that are behind.
pub async fn what_is_refused_is_not_delivered(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let mut subscription = bus.subscribe().await.expect("answers");
    subscription
        .watcher()
        .watch(author.guild)
        .await
        .expect("answers");
    let first = author.change(vec![event(author.guild, "a")]);
    let applied = author.apply(first.clone()).await;
    assert_eq!(author.outcome(first).await, Outcome::Duplicate);
    let stored = author.position;
    let lost = author.change(vec![event(author.guild, "lost")]);
    let behind = author.change(vec![event(author.guild, "behind")]);
    assert_eq!(
        author.outcome(behind.clone()).await,
        Outcome::Behind { stored }
    );
    let ids = [
        applied,
        author.apply(lost).await,
        author.apply(behind).await,
    ]
    .concat();
    for id in ids {
        assert_eq!(entry(&mut subscription).await.id, id);
    }
}

/// As an entry of its own, before those of its change.
pub async fn a_reseed_is_delivered(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let mut subscription = bus.subscribe().await.expect("answers");
    subscription
        .watcher()
        .watch(author.guild)
        .await
        .expect("answers");
    let first = author.publish(vec![event(author.guild, "a")]).await;
    let ids = author.reseed(vec![event(author.guild, "new")]).await;
    assert_eq!(entry(&mut subscription).await.id, first[0]);
    let reseed = entry(&mut subscription).await;
    assert!(matches!(reseed.body, Body::Reseed) && reseed.logged());
    assert_eq!(
        (reseed.previous, Some(reseed.position)),
        (first[0], author.position)
    );
    let new = entry(&mut subscription).await;
    assert_eq!((new.id, new.previous), (ids[0], reseed.id));
    let page = bus
        .read(author.guild, EventId::ZERO, EventId::MAX, 9)
        .await
        .expect("answers");
    assert_eq!(page.floor, Some(reseed.id));
}

/// Field by field; and it is in the log before it is delivered.
pub async fn what_is_delivered_is_what_is_read(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let mut subscription = bus.subscribe().await.expect("answers");
    subscription
        .watcher()
        .watch(author.guild)
        .await
        .expect("answers");
    let gone = contracts::state::AudienceChange::ChannelGone(super::state::channel(1, "gone"));
    for n in 0..20 {
        let new = vec![
            event(author.guild, "ü"),
            crate::NewEntry::Audience(gone.clone()),
            message(author.guild, n, "text"),
        ];
        author.publish(new).await;
    }
    for n in 0..60 {
        let live = entry(&mut subscription).await;
        let log = entries(&*bus, author.guild).await;
        assert_eq!(format!("{live:?}"), format!("{:?}", log[n + 1]));
    }
}

/// It finds one `Interrupted` behind what fitted, and the rest in the log.
pub async fn a_receiver_that_is_too_slow_is_told_and_can_catch_up(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let mut subscription = bus.subscribe().await.expect("answers");
    subscription.watcher().watch(guild).await.expect("answers");
    let mut ids = Vec::new();
    while ids.len() < DELIVERY_QUEUE + 1_000 {
        let changes = (0..8)
            .map(|_| author.change((0..64).map(|_| event(guild, "a")).collect()))
            .collect();
        for outcome in bus.publish(&Batch::of(changes)).await.expect("answers") {
            let Outcome::Applied(new) = outcome else {
                panic!("{outcome:?}")
            };
            ids.extend(new);
        }
    }
    let before = entries(&*bus, guild).await[0].id;
    // it wakes up while others publish
    let receiving = follow(&*bus, &mut subscription, guild, before, ids.len() + MORE);
    let publishing = async {
        let mut ids = Vec::new();
        for _ in 0..MORE {
            ids.extend(author.publish(vec![event(guild, "b")]).await);
            tokio::task::yield_now().await;
        }
        ids
    };
    let ((seen, interruptions), more) = tokio::join!(receiving, publishing);
    assert!(interruptions > 0, "too much for the queue");
    ids.extend(more);
    assert_eq!(seen, ids);
}

/// What was delivered stays readable, then comes the end.
pub async fn a_subscription_ends_with_its_bus(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut subscription = bus.subscribe().await.expect("answers");
    let watcher = subscription.watcher();
    watcher
        .watch(contracts::GuildId::new(1))
        .await
        .expect("answers");
    drop((bus, deployment));
    let end = tokio::time::timeout(DEADLINE, subscription.next())
        .await
        .expect("in time");
    assert!(end.is_none());
    let refused = watcher.watch(contracts::GuildId::new(1)).await;
    assert!(
        matches!(refused, Err(crate::BusError::Closed)),
        "{refused:?}"
    );
}

/// One that nobody reads and one that was dropped.
pub async fn subscriptions_do_not_disturb_each_other(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let idle = bus.subscribe().await.expect("answers");
    idle.watcher().watch(guild).await.expect("answers");
    let dropped = bus.subscribe().await.expect("answers");
    dropped.watcher().watch(guild).await.expect("answers");
    drop(dropped);
    let mut subscription = bus.subscribe().await.expect("answers");
    subscription.watcher().watch(guild).await.expect("answers");
    for n in 0..100 {
        let new = vec![edited(guild, n, "a"); 100];
        for id in author.publish(new).await {
            assert_eq!(entry(&mut subscription).await.id, id);
        }
    }
    let mut change = author.change(vec![]);
    change.redact = vec![MessageId::new(1)];
    author.apply(change).await;
    drop(idle);
}

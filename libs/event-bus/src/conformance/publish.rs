//! Ids, positions, outcomes, reseeds.

use contracts::EventId;

use super::{Author, Factory, entries, event, message};
use crate::{Batch, Change, NewEntry, Outcome, Position, Retention, StateOp};

/// Every id is above all that were given before, whoever publishes and wherever.
pub async fn ids_strictly_increase_over_all_guilds_and_publishers(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (one, two) = (deployment.bus(), deployment.bus());
    let mut authors = vec![
        Author::seeded(&one, 1).await,
        Author::seeded(&two, 2).await,
        Author::seeded(&one, 3).await,
        Author::seeded(&two, 4).await,
    ];
    let mut last = EventId::ZERO;
    for round in 0..50 {
        for author in &mut authors {
            let new = vec![event(author.guild, "a"), event(author.guild, "b")];
            for id in author.publish(new).await {
                assert!(id > last, "{id} after {last} in round {round}");
                last = id;
            }
            assert_eq!(two.clock().await.expect("the bus answers"), last);
        }
    }
}

/// Publishing again changes nothing.
pub async fn a_change_that_was_applied_is_a_duplicate(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let first = author.change(vec![event(author.guild, "a")]);
    let second = author.change(vec![event(author.guild, "b")]);
    author.apply(first.clone()).await;
    author.apply(second.clone()).await;
    let (log, clock) = (
        entries(&*bus, author.guild).await,
        bus.clock().await.expect("answers"),
    );
    for again in [first, second.clone()] {
        assert_eq!(author.outcome(again).await, Outcome::Duplicate);
    }
    let mut reseed = second;
    reseed.reseed = true;
    assert_eq!(author.outcome(reseed).await, Outcome::Duplicate);
    assert_eq!(entries(&*bus, author.guild).await.len(), log.len());
    assert_eq!(bus.clock().await.expect("answers"), clock);
}

/// A hole in the positions is told, and nothing at all is written.
pub async fn a_change_that_builds_on_another_position_is_behind_and_writes_nothing(
    factory: &impl Factory,
) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut unknown = Author::new(&bus, 7);
    let change = unknown.change(vec![event(unknown.guild, "a")]);
    assert_eq!(
        unknown.outcome(change).await,
        Outcome::Behind { stored: None }
    );

    let mut author = Author::seeded(&bus, 1).await;
    author.publish(vec![message(author.guild, 1, "text")]).await;
    let stored = author.position;
    let _lost = author.change(vec![]);
    let mut change = author.change(vec![event(author.guild, "b")]);
    change.state = vec![StateOp::RemoveGuild];
    change.redact = vec![contracts::MessageId::new(1)];
    let before = bus.snapshot(&[author.guild]).await.expect("answers");
    assert_eq!(
        author.outcome(change.clone()).await,
        Outcome::Behind { stored }
    );
    change.previous = None;
    assert_eq!(author.outcome(change).await, Outcome::Behind { stored });
    let after = bus
        .snapshot(&[author.guild, unknown.guild])
        .await
        .expect("answers");
    assert_eq!(after.id, before.id);
    assert_eq!(after.guilds.len(), 1);
    assert_eq!(after.guilds[0].state, before.guilds[0].state);
    assert_eq!(Some(after.guilds[0].position), stored);
    let log = entries(&*bus, author.guild).await;
    assert!(format!("{:?}", log.last()).contains("text"), "not redacted");
}

/// 10 is after 9, and a later generation is after every `seq` of an earlier one.
pub async fn positions_compare_as_numbers(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let author = Author::new(&bus, 1);
    let positions = [
        (1, 9, 9),
        (1, 9, 10),
        (1, 10, 0),
        (9, 100, 3),
        (10, 0, 0),
        (10, 0, 1),
        (1_700_000_000_000, 2, 0),
    ];
    let mut previous = None;
    for (generation, seq, part) in positions {
        let position = Position {
            generation,
            seq,
            part,
        };
        let change = Change {
            guild: author.guild,
            previous,
            position,
            reseed: previous.is_none(),
            state: vec![],
            entries: vec![],
            redact: vec![],
            ids: vec![],
        };
        assert_eq!(
            author.outcome(change.clone()).await,
            Outcome::Applied(vec![]),
            "{position}"
        );
        assert_eq!(
            author.outcome(change).await,
            Outcome::Duplicate,
            "{position}"
        );
        previous = Some(position);
    }
}

/// One outcome each, in order; what can't be applied stops nothing else.
pub async fn a_batch_answers_for_each_change_and_applies_what_it_can(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    assert_eq!(bus.publish(&Batch::default()).await.expect("answers"), []);
    let mut one = Author::seeded(&bus, 1).await;
    let mut two = Author::seeded(&bus, 2).await;
    let first = one.change(vec![event(one.guild, "a")]);
    let lost = two.change(vec![]);
    let behind = two.change(vec![event(two.guild, "never")]);
    let second = one.change(vec![event(one.guild, "b"), event(one.guild, "c")]);
    let changes = vec![first.clone(), behind, second, first, lost];
    let outcomes = bus.publish(&Batch::of(changes)).await.expect("answers");
    let [
        Outcome::Applied(a),
        Outcome::Behind { stored: Some(_) },
        Outcome::Applied(b),
        Outcome::Duplicate,
        Outcome::Applied(none),
    ] = outcomes.as_slice()
    else {
        panic!("{outcomes:?}");
    };
    assert!(a.len() == 1 && b.len() == 2 && none.is_empty());
    let ids: Vec<_> = entries(&*bus, one.guild)
        .await
        .iter()
        .map(|entry| entry.id)
        .collect();
    assert_eq!(ids[1..], [a[0], b[0], b[1]]);
    assert_eq!(entries(&*bus, two.guild).await.len(), 1);
}

/// The log begins with the reseed, whose id is the floor.
pub async fn a_reseed_forgets_what_was_and_raises_the_floor(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let role = contracts::state::Role {
        id: contracts::RoleId::new(3),
        name: "old".to_owned(),
        permissions: 1,
        position: 0,
    };
    author.set(vec![StateOp::SetRole(role)]).await;
    let old = author
        .publish(vec![
            message(author.guild, 1, "x"),
            event(author.guild, "a"),
        ])
        .await;
    let new = author.reseed(vec![event(author.guild, "new")]).await;
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    let stored = &cut.guilds[0];
    assert!(stored.state.roles.is_empty(), "the old state is gone");
    assert!(stored.floor > old[1] && stored.floor < new[0]);
    assert_eq!(stored.last, new[0]);
    let log = entries(&*bus, author.guild).await;
    assert!(matches!(log[0].body, crate::Body::Reseed));
    assert_eq!((log[0].id, log[0].previous), (stored.floor, old[1]));
    assert_eq!(
        (log[1].id, log[1].previous, log.len()),
        (new[0], log[0].id, 2)
    );
    // what was kept of the old message does not come back
    author.redact(1).await;
    assert_eq!(entries(&*bus, author.guild).await.len(), 3);
}

/// More changes than one script takes, and changes with many parts.
pub async fn a_large_batch_is_applied_whole(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let many = |count| -> Vec<NewEntry> { (0..count).map(|_| event(guild, "x")).collect() };
    let changes: Vec<_> = (0..Batch::LIMIT + 10)
        .map(|n| author.change(many(n % 40)))
        .collect();
    let expected: usize = changes.iter().map(|change| change.entries.len()).sum();
    let outcomes = bus.publish(&Batch::of(changes)).await.expect("answers");
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Applied(_)))
    );
    assert_eq!(entries(&*bus, guild).await.len(), expected + 1);
}

/// In the order in which they were begun, whether one guild's or several's, also when the script is not loaded yet.
pub async fn batches_under_way_at_once_are_applied_in_order(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (seeding, bus) = (deployment.bus(), deployment.bus());
    let mut one = Author::seeded(&seeding, 1).await;
    let mut two = Author::seeded(&seeding, 2).await;
    for _ in 0..20 {
        let batches: Vec<Batch> = (0..32)
            .map(|n| {
                let mut changes = vec![one.change(vec![event(one.guild, "a")])];
                if n % 3 == 0 {
                    changes.push(two.change(vec![event(two.guild, "b")]));
                }
                Batch::of(changes)
            })
            .collect();
        let publishing = batches.iter().map(|batch| bus.publish(batch));
        let mut last = EventId::ZERO;
        for outcomes in futures_util::future::join_all(publishing).await {
            for outcome in outcomes.expect("answers") {
                let Outcome::Applied(ids) = outcome else {
                    panic!("{outcome:?}");
                };
                assert!(ids[0] > last);
                last = ids[0];
            }
        }
    }
}

/// Also when two draw at once.
pub async fn an_epoch_is_larger_than_every_earlier_one(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (one, two) = (deployment.bus(), deployment.bus());
    let mut last = 0;
    for _ in 0..100 {
        let (a, b) = tokio::join!(one.draw_epoch(), two.draw_epoch());
        let (a, b) = (a.expect("answers"), b.expect("answers"));
        assert!(a > last && b > last && a != b);
        last = a.max(b);
    }
}

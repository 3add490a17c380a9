//! A message is created once, whether the dispatch or a back-fill brings it first.

use std::time::Duration;

use contracts::MessageId;

use super::{Author, Factory, edited, entries, event, message, next};
use crate::{Delivery, Retention, StateOp, conformance::state::role};

/// With all else of its change applied, and neither read nor delivered.
pub async fn a_second_creation_of_a_message_is_left_out(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let mut subscription = bus.subscribe().await.expect("answers");
    subscription.watcher().watch(guild).await.expect("answers");
    let first = author
        .publish(vec![message(guild, 1, "a"), edited(guild, 1, "b")])
        .await;
    let mut change = author.change(vec![
        event(guild, "x"),
        message(guild, 1, "a"),
        message(guild, 2, "c"),
        message(guild, 2, "c"),
        event(guild, "y"),
    ]);
    change.state = vec![StateOp::SetRole(role(7, 1))];
    let ids = author.apply(change).await;
    assert_eq!((ids[1], ids[3]), (first[0], ids[2]));
    let expected = [first[0], first[1], ids[0], ids[2], ids[4]];
    let log = entries(&*bus, guild).await;
    let logged: Vec<_> = log[1..].iter().map(|entry| entry.id).collect();
    assert_eq!(logged, expected);
    assert!(log.windows(2).all(|pair| pair[1].previous == pair[0].id));
    for id in expected {
        let Delivery::Entry(entry) = next(&mut subscription).await else {
            panic!("no entry");
        };
        assert_eq!(entry.id, id);
    }
    let cut = bus.snapshot(&[guild]).await.expect("answers");
    assert_eq!(cut.guilds[0].state.roles.len(), 1);
    assert_eq!(Some(cut.guilds[0].position), author.position);
}

/// Also one that was redacted, but not one that the log no longer holds.
pub async fn a_creation_is_known_as_long_as_the_log_holds_it(factory: &impl Factory) {
    let retention = Retention {
        age: Duration::from_secs(3600),
        entries: 4,
    };
    let deployment = factory.deployment(retention).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let first = author.publish(vec![message(guild, 1, "a")]).await;
    author.redact(1).await;
    assert_eq!(author.publish(vec![message(guild, 1, "a")]).await, first);
    // its edit stays when it goes
    author
        .publish(vec![edited(guild, 1, "b"), event(guild, "c")])
        .await;
    author.publish(vec![event(guild, "d")]).await;
    let again = author.publish(vec![message(guild, 1, "a")]).await;
    assert!(again > first);
    assert_eq!(author.publish(vec![message(guild, 1, "a")]).await, again);
    // and its text is found by a redaction
    author.redact(1).await;
    let log = format!("{:?}", entries(&*bus, guild).await);
    assert!(!log.contains("a.txt"), "{log}");
}

/// An edit alone, a message of another guild, a reseed.
pub async fn what_is_no_creation_leaves_none_out(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let mut other = Author::seeded(&bus, 2).await;
    let guild = author.guild;
    let edit = author.publish(vec![edited(guild, 1, "b")]).await;
    let elsewhere = other.publish(vec![message(other.guild, 1, "a")]).await;
    let created = author.publish(vec![message(guild, 1, "a")]).await;
    assert!(edit < elsewhere && elsewhere < created);
    let mut change = author.change(vec![]);
    change.redact = vec![MessageId::new(1)];
    author.apply(change).await;
    author.reseed(vec![]).await;
    assert!(author.publish(vec![message(guild, 1, "a")]).await > created);
}

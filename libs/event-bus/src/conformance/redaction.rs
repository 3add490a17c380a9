//! A deleted message's text is gone from the log.

use std::time::Duration;

use super::{Author, Factory, edited, entries, event, message};
use crate::{Body, Entry, Retention};

fn payloads(log: &[Entry]) -> Vec<serde_json::Value> {
    log.iter()
        .filter_map(|entry| match &entry.body {
            Body::Event(envelope) => {
                Some(serde_json::from_str(envelope.payload.get()).expect("payloads are JSON"))
            }
            _ => None,
        })
        .collect()
}

/// In its place, with the same id, author and time.
pub async fn a_redacted_message_is_read_without_its_text(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let secret = "s3cr3t \" \\ } \u{1f98a}";
    author.publish(vec![event(author.guild, "before")]).await;
    author
        .publish(vec![
            message(author.guild, 10, secret),
            event(author.guild, "after"),
        ])
        .await;
    let before = entries(&*bus, author.guild).await;
    author.redact(10).await;
    let after = entries(&*bus, author.guild).await;
    assert_eq!(after.len(), before.len() + 1);
    for (old, new) in before.iter().zip(&after) {
        assert_eq!(
            (old.id, old.previous, old.position),
            (new.id, new.previous, new.position)
        );
    }
    let mut expected = payloads(&before);
    expected[1]["content"] = serde_json::Value::Null;
    expected[1]["attachments"] = serde_json::json!([]);
    assert_eq!(payloads(&after)[..3], expected[..]);
    assert!(!format!("{after:?}").contains("s3cr3t"));
    // again, and after a while, it is the same
    author.redact(10).await;
    assert_eq!(
        payloads(&entries(&*bus, author.guild).await)[..3],
        expected[..]
    );
}

/// Also one that was published in the same change.
pub async fn every_version_of_a_message_is_redacted_and_no_other_message(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let mut other = Author::seeded(&bus, 2).await;
    other
        .publish(vec![message(other.guild, 10, "elsewhere")])
        .await;
    author
        .publish(vec![
            message(author.guild, 10, "version"),
            message(author.guild, 11, "neighbour"),
        ])
        .await;
    for n in 0..5 {
        author
            .publish(vec![edited(author.guild, 10, &format!("version{n}"))])
            .await;
        author
            .publish(vec![edited(author.guild, 11, &format!("neighbour{n}"))])
            .await;
    }
    let mut change = author.change(vec![edited(author.guild, 10, "version5")]);
    change.redact = vec![contracts::MessageId::new(10)];
    author.apply(change).await;
    let log = format!("{:?}", entries(&*bus, author.guild).await);
    assert!(!log.contains("version"), "{log}");
    assert!((0..5).all(|n| log.contains(&format!("neighbour{n}"))));
    assert!(format!("{:?}", entries(&*bus, other.guild).await).contains("elsewhere"));
}

/// A deletion of something older than the log.
pub async fn a_redaction_of_an_unknown_message_changes_nothing(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    author
        .publish(vec![message(author.guild, 10, "kept")])
        .await;
    author.redact(12).await;
    let log = entries(&*bus, author.guild).await;
    assert!(log.len() == 3 && format!("{log:?}").contains("kept"));
}

/// Redacted or not, it goes with its age or number, and later redactions find nothing.
pub async fn a_redacted_message_is_trimmed_like_any_other(factory: &impl Factory) {
    let deployment = factory
        .deployment(Retention {
            age: Duration::from_secs(3600),
            entries: 5,
        })
        .await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    for n in 0..20 {
        let version = if n % 2 == 0 { message } else { edited };
        author
            .publish(vec![version(author.guild, n % 3, &format!("text{n}."))])
            .await;
        if n % 4 == 0 {
            author.redact(n % 3).await;
        }
        let log = entries(&*bus, author.guild).await;
        assert!(log.len() <= 5);
        for pair in log.windows(2) {
            assert_eq!(pair[1].previous, pair[0].id);
        }
    }
    for message in 0..3 {
        author.redact(message).await;
    }
    assert!(!format!("{:?}", entries(&*bus, author.guild).await).contains("text"));
}

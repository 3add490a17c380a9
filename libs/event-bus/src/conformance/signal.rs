//! Words to all subscriptions.

use contracts::{Signal, UserId};

use super::{Author, Factory, event, next};
use crate::{Delivery, Retention, Subscription};

/// Signals that are sent among entries.
const SIGNALS: u64 = 40;

fn ended(session: &str) -> Signal {
    Signal::SessionEnded {
        session: session.to_owned(),
    }
}

async fn signal(subscription: &mut Subscription) -> Signal {
    match next(subscription).await {
        Delivery::Signal(signal) => signal,
        other => panic!("no signal: {other:?}"),
    }
}

/// Those of the process that sent it and of others, whatever they watch; and each once.
pub async fn a_signal_reaches_every_subscription(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (one, two) = (deployment.bus(), deployment.bus());
    let author = Author::seeded(&one, 1).await;
    let mut subscriptions = Vec::new();
    for bus in [&one, &one, &two] {
        let mut subscription = bus.subscribe().await.expect("answers");
        subscription.watcher().tick().await.expect("answers");
        assert!(matches!(next(&mut subscription).await, Delivery::Tick(_)));
        subscriptions.push(subscription);
    }
    let watcher = subscriptions[0].watcher();
    watcher.watch(author.guild).await.expect("answers");
    let user_id = UserId::new(7);
    let sent = [ended("a tag"), Signal::UserSignedOut { user_id }];
    for (bus, word) in [&one, &two].into_iter().zip(&sent) {
        bus.signal(word).await.expect("answers");
        for subscription in &mut subscriptions {
            assert_eq!(signal(subscription).await, *word);
        }
    }
}

/// None is lost and no entry either.
pub async fn signals_come_through_among_entries(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    let mut subscription = bus.subscribe().await.expect("answers");
    subscription.watcher().watch(guild).await.expect("answers");
    let signalling = async {
        for n in 0..SIGNALS {
            bus.signal(&ended(&n.to_string())).await.expect("answers");
        }
    };
    let publishing = async {
        let mut ids = Vec::new();
        for _ in 0..SIGNALS {
            ids.extend(author.publish(vec![event(guild, "a")]).await);
        }
        ids
    };
    let ((), ids) = tokio::join!(signalling, publishing);
    let (mut heard, mut seen) = (Vec::new(), Vec::new());
    while heard.len() < SIGNALS as usize || seen.len() < ids.len() {
        match next(&mut subscription).await {
            Delivery::Signal(signal) => heard.push(signal),
            Delivery::Entry(entry) => seen.push(entry.id),
            other => panic!("neither: {other:?}"),
        }
    }
    let sent: Vec<_> = (0..SIGNALS).map(|n| ended(&n.to_string())).collect();
    assert_eq!((heard, seen), (sent, ids));
}

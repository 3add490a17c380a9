//! Publishing again what the bus has forgotten. A second deployment stands for a Redis that lagged behind when it took over.

use std::time::Duration;

use contracts::EventId;

use super::{Author, Deployment, Factory, entries, event, message, sample::typing};
use crate::{Change, Retention, StateOp};

/// Changes that were published elsewhere, with their ids, and an author of the deployment that has forgotten them.
struct Forgotten {
    author: Author,
    changes: Vec<Change>,
}

/// The deployment is seeded before the other, so that every id of the other's changes is above its clock.
async fn forgotten(behind: &dyn Deployment, ahead: &dyn Deployment) -> Forgotten {
    let author = Author::seeded(&behind.bus(), 1).await;
    let mut before = Author::seeded(&ahead.bus(), 1).await;
    let mut changes = Vec::new();
    for n in 0..5 {
        let guild = author.guild;
        let new = vec![event(guild, "a"), typing(guild), message(guild, n, "text")];
        let mut change = before.change(new);
        change.ids = before.apply(change.clone()).await;
        changes.push(change);
    }
    Forgotten { author, changes }
}

/// As if nothing had been forgotten; and what comes next is above them.
pub async fn what_is_run_again_keeps_its_ids(factory: &impl Factory) {
    let behind = factory.deployment(Retention::default()).await;
    let ahead = factory.deployment(Retention::default()).await;
    let Forgotten {
        mut author,
        changes,
    } = forgotten(&*behind, &*ahead).await;
    let bus = behind.bus();
    let floor = bus.snapshot(&[author.guild]).await.expect("answers").guilds[0].floor;
    for change in &changes {
        assert_eq!(author.apply(change.clone()).await, change.ids);
        assert_eq!(
            Some(&bus.clock().await.expect("answers")),
            change.ids.last()
        );
    }
    let known = entries(&*ahead.bus(), author.guild).await;
    let again = entries(&*bus, author.guild).await;
    assert_eq!(
        format!("{:?}", again[2..].to_vec()),
        format!("{:?}", known[2..].to_vec()),
        "all but the seeds and what names them"
    );
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    assert_eq!(cut.guilds[0].floor, floor);
    author.position = changes.last().map(|change| change.position);
    let change = Change {
        previous: author.position,
        position: crate::Position {
            generation: 9,
            seq: 1,
            part: 0,
        },
        ids: vec![],
        ..changes[0].clone()
    };
    assert!(author.apply(change).await[0] > cut.id);
}

/// Each entry for itself; whoever was told the old id is told that it can't be continued.
pub async fn an_id_that_is_not_above_the_clock_is_replaced(factory: &impl Factory) {
    let behind = factory.deployment(Retention::default()).await;
    let ahead = factory.deployment(Retention::default()).await;
    let Forgotten { author, changes } = forgotten(&*behind, &*ahead).await;
    let bus = behind.bus();
    let mut other = Author::seeded(&bus, 2).await;
    let new = (0..20).map(|_| event(other.guild, "new")).collect();
    other.publish(new).await;
    let mut last = bus.clock().await.expect("answers");
    for change in &changes {
        let ids = author.apply(change.clone()).await;
        assert!(ids[0] > last && ids[2] > ids[0] && ids[1] == ids[0]);
        last = ids[2];
        let page = bus
            .read(author.guild, change.ids[2], EventId::MAX, 9)
            .await
            .expect("answers");
        assert_eq!(page.floor, Some(last));
    }
    let log = entries(&*bus, author.guild).await;
    assert_eq!(log.len(), 11);
    assert!(log.windows(2).all(|pair| pair[1].previous == pair[0].id));
    // one that is too low beside one that is not
    let far = EventId::new(last.ms + 3_600_000, 5);
    let change = Change {
        previous: Some(changes[4].position),
        position: crate::Position {
            generation: 9,
            seq: 1,
            part: 0,
        },
        entries: vec![event(author.guild, "a"), event(author.guild, "b")],
        ids: vec![changes[0].ids[0], far],
        ..changes[4].clone()
    };
    let ids = author.apply(change).await;
    assert!(ids[0] > last && ids[1] == far, "{ids:?}");
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    assert_eq!((cut.guilds[0].floor, cut.id), (ids[0], far));
}

/// Not when older entries are dropped later.
pub async fn a_raised_floor_does_not_fall(factory: &impl Factory) {
    let retention = Retention {
        age: Duration::from_secs(3600),
        entries: 8,
    };
    let deployment = factory.deployment(retention).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    for _ in 0..8 {
        author.publish(vec![event(author.guild, "a")]).await;
    }
    let mut change = author.change(vec![event(author.guild, "b")]);
    change.ids = vec![EventId::new(1, 1)];
    let raised = author.apply(change).await[0];
    let mut floor = raised;
    for _ in 0..20 {
        author.publish(vec![event(author.guild, "c")]).await;
        let cut = bus.snapshot(&[author.guild]).await.expect("answers");
        assert!(cut.guilds[0].floor >= floor);
        floor = cut.guilds[0].floor;
    }
    assert!(floor > raised, "and rises again when its entry is dropped");
}

/// A reseed voids every earlier id, so those of its change are new.
pub async fn a_reseed_looks_at_no_ids(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let mut change = author.change(vec![event(author.guild, "a")]);
    change.reseed = true;
    change.state = vec![StateOp::SetGuild(author.facts())];
    change.ids = vec![EventId::new(1, 1)];
    let ids = author.apply(change).await;
    let log = entries(&*bus, author.guild).await;
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    assert_eq!((log[0].id, log[1].id), (cut.guilds[0].floor, ids[0]));
    assert!(log[0].id < ids[0]);
}

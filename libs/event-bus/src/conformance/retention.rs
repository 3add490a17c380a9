//! What is trimmed, and that the floor says so.

use std::time::Duration;

use contracts::EventId;

use super::{Author, DEADLINE, Factory, entries, event};
use crate::Retention;

/// The floor is the highest id that is gone: exactly that.
pub async fn too_many_entries_raise_the_floor(factory: &impl Factory) {
    let deployment = factory
        .deployment(Retention {
            age: Duration::from_secs(3600),
            entries: 10,
        })
        .await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let mut all = vec![entries(&*bus, author.guild).await[0].id];
    for count in [1, 3, 8, 2, 700, 1, 25, 9] {
        let new = (0..count).map(|_| event(author.guild, "a")).collect();
        all.extend(author.publish(new).await);
        let kept: Vec<_> = entries(&*bus, author.guild)
            .await
            .iter()
            .map(|entry| entry.id)
            .collect();
        let (gone, expected) = all.split_at(all.len().saturating_sub(10));
        assert_eq!(kept, expected);
        let page = bus
            .read(author.guild, EventId::ZERO, EventId::MAX, 1)
            .await
            .expect("answers");
        assert_eq!(page.floor, Some(gone.last().copied().unwrap_or(all[0])));
        let cut = bus.snapshot(&[author.guild]).await.expect("answers");
        assert_eq!(Some(cut.guilds[0].floor), page.floor);
    }
}

/// What is older than the retention goes with the next change of the guild.
pub async fn old_entries_raise_the_floor(factory: &impl Factory) {
    let age = Duration::from_millis(400);
    let deployment = factory.deployment(Retention { age, entries: 100 }).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let old = author
        .publish(vec![event(author.guild, "a"), event(author.guild, "b")])
        .await;
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        deployment.pass(age + Duration::from_millis(50)).await;
        let new = author.publish(vec![event(author.guild, "c")]).await;
        let kept = entries(&*bus, author.guild).await;
        let page = bus
            .read(author.guild, EventId::ZERO, EventId::MAX, 1)
            .await
            .expect("answers");
        assert!(page.floor >= Some(old[1]), "the old ones are gone");
        assert!(kept.iter().all(|entry| Some(entry.id) > page.floor));
        if kept.iter().any(|entry| entry.id == new[0]) {
            assert_eq!((kept[0].id, page.floor), (new[0], Some(kept[0].previous)));
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "a new entry is never kept"
        );
    }
}

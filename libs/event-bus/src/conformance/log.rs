//! Reading the log.

use contracts::{EventId, GuildId, state::AudienceChange};

use super::{Author, Factory, entries, event, message, sample::typing};
use crate::{Body, NewEntry, Retention};

/// `previous` names the entry before, from the first on.
pub async fn entries_form_a_chain_in_each_guild(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut one = Author::seeded(&bus, 1).await;
    let mut two = Author::seeded(&bus, 2).await;
    for n in 0..20 {
        one.publish((0..n % 4).map(|_| event(one.guild, "a")).collect())
            .await;
        let gone = AudienceChange::GuildGone;
        two.publish(vec![NewEntry::Audience(gone), message(two.guild, n, "m")])
            .await;
    }
    for guild in [one.guild, two.guild] {
        let mut last = EventId::ZERO;
        for entry in entries(&*bus, guild).await {
            assert_eq!((entry.previous, entry.guild), (last, guild));
            last = entry.id;
        }
        let cut = bus.snapshot(&[guild]).await.expect("answers");
        assert_eq!(cut.guilds[0].last, last);
    }
}

/// Page by page the whole log is read once.
pub async fn a_page_ends_at_its_limit_and_says_that_there_is_more(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    author
        .publish((0..29).map(|_| event(guild, "a")).collect())
        .await;
    let all: Vec<_> = entries(&*bus, guild)
        .await
        .iter()
        .map(|entry| entry.id)
        .collect();
    assert_eq!(all.len(), 30);
    for limit in [1, 7, 10, 29, 30, 31, usize::MAX] {
        let (mut read, mut after) = (Vec::new(), EventId::ZERO);
        loop {
            let page = bus
                .read(guild, after, EventId::MAX, limit)
                .await
                .expect("answers");
            assert!(page.entries.len() <= limit);
            read.extend(page.entries.iter().map(|entry| entry.id));
            after = *read
                .last()
                .expect("a page that is not the last is not empty");
            assert_eq!(page.more, read.len() < 30, "limit {limit}");
            if !page.more {
                break;
            }
        }
        assert_eq!(read, all, "limit {limit}");
    }
}

/// `after < id ≤ upto`.
pub async fn a_page_lies_between_its_bounds(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let guild = author.guild;
    author
        .publish((0..9).map(|_| event(guild, "a")).collect())
        .await;
    let all: Vec<_> = entries(&*bus, guild)
        .await
        .iter()
        .map(|entry| entry.id)
        .collect();
    for (from, to) in [(0, 9), (0, 0), (3, 5), (5, 3), (9, 9)] {
        let page = bus
            .read(guild, all[from], all[to], 100)
            .await
            .expect("answers");
        let read: Vec<_> = page.entries.iter().map(|entry| entry.id).collect();
        let expected: Vec<_> = all
            .iter()
            .copied()
            .filter(|id| *id > all[from] && *id <= all[to])
            .collect();
        assert_eq!((read, page.more), (expected, false));
        assert!(page.floor.is_some());
    }
    let none = bus
        .read(guild, EventId::MAX, EventId::MAX, 10)
        .await
        .expect("answers");
    assert!(none.entries.is_empty() && !none.more && none.floor.is_some());
    let none = bus
        .read(guild, EventId::ZERO, EventId::ZERO, 10)
        .await
        .expect("answers");
    assert!(none.entries.is_empty());
}

/// So that a reader knows that there is nothing to continue.
pub async fn an_unknown_guild_has_no_floor(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let page = bus
        .read(GuildId::new(404), EventId::ZERO, EventId::MAX, 10)
        .await
        .expect("answers");
    assert!(page.floor.is_none() && page.entries.is_empty() && !page.more);
    assert_eq!(bus.clock().await.expect("answers"), EventId::ZERO);
    bus.ping().await.expect("answers");
}

/// It has the id of the entry before, and the position moves on.
pub async fn typing_is_delivered_and_never_kept(factory: &impl Factory) {
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
    let clock = bus.clock().await.expect("answers");
    let live = author.publish(vec![typing(author.guild)]).await;
    assert_eq!(live, first);
    assert_eq!(bus.clock().await.expect("answers"), clock);
    let mixed = vec![
        typing(author.guild),
        event(author.guild, "b"),
        typing(author.guild),
    ];
    let ids = author.publish(mixed).await;
    assert_eq!((ids[0], ids[2]), (first[0], ids[1]));
    for (id, logged) in [
        (first[0], true),
        (first[0], false),
        (ids[0], false),
        (ids[1], true),
        (ids[2], false),
    ] {
        let crate::Delivery::Entry(entry) = super::next(&mut subscription).await else {
            panic!("interrupted");
        };
        assert_eq!((entry.id, entry.logged()), (id, logged));
        assert!(logged || entry.previous == entry.id);
        let Body::Event(envelope) = &entry.body else {
            panic!("not an event")
        };
        assert_eq!(envelope.id, id);
    }
    assert_eq!(entries(&*bus, author.guild).await.len(), 3);
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    assert_eq!(
        (Some(cut.guilds[0].position), cut.guilds[0].last),
        (author.position, ids[1])
    );
}

/// What browsers get is what the gateway wrote, in any script and with any escape.
pub async fn payloads_come_back_byte_for_byte(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let texts = [
        "",
        "plain",
        "a \"quote\" \\ back",
        "\u{1f98a} ключ \u{202e}",
        "l1\nl2\r\n\0",
        "%d %s {\"id\":\"1-1\",",
        " - 1-2n ",
    ];
    for (id, text) in (1..).zip(texts) {
        for entry in [event(author.guild, text), message(author.guild, id, text)] {
            let NewEntry::Event(sent) = entry.clone() else {
                unreachable!()
            };
            let ids = author.publish(vec![entry]).await;
            let log = entries(&*bus, author.guild).await;
            let Some(Body::Event(read)) = log.last().map(|entry| &entry.body) else {
                panic!("not an event");
            };
            assert_eq!(read.payload.get(), sent.payload.get());
            assert_eq!(
                (read.id, read.event, read.ts),
                (ids[0], sent.event, sent.ts)
            );
            assert_eq!(
                (read.guild_id, read.channel_id),
                (sent.guild_id, sent.channel_id)
            );
        }
    }
}

mod people;
mod story;

use std::sync::Arc;

use serde_json::json;

use super::{payload::Payload, *};
use crate::browser::{Arrival, Record};
use story::{GUILD, NELLY, OTHER, ROOM, SECOND, Story, TEXT, VIEW};

/// A story of messages, and people in rooms, that a browser received as it should.
fn told_well() -> (Story, Vec<(u64, Arc<Payload>)>) {
    let mut story = Story::new();
    for round in 0..5 {
        story.message(100 + round);
        story.voice(Some(ROOM));
        story.voice(Some(OTHER));
        story.voice(None);
    }
    let told = story.told();
    (story, told)
}

#[test]
fn what_was_received_once_and_in_order_is_clean() {
    let (mut story, told) = told_well();
    // join, leave and join, leave
    assert_eq!(told.len(), 5 * 5);
    story.receive(&told);
    let verdict = story.judge();
    assert!(verdict.is_clean(false), "{verdict:#?}");
    assert_eq!(verdict.deliveries, 25);
}

#[test]
fn a_lost_event_is_noticed_wherever_it_was() {
    for place in 0..25 {
        let (mut story, mut told) = told_well();
        told.remove(place);
        story.receive(&told);
        let verdict = story.judge();
        assert_eq!(
            (verdict.lost, verdict.doubled),
            (1, 0),
            "{place}: {verdict:#?}"
        );
        assert!(!verdict.is_clean(true));
    }
}

#[test]
fn a_doubled_event_is_noticed_wherever_it_was() {
    for place in 0..25 {
        for again in [place, 24] {
            let (mut story, mut told) = told_well();
            told.insert(again, told[place].clone());
            story.receive(&told);
            let verdict = story.judge();
            assert_eq!(
                (verdict.lost, verdict.doubled),
                (0, 1),
                "{place}: {verdict:#?}"
            );
        }
    }
}

#[test]
fn two_events_that_changed_places_are_noticed() {
    let (mut story, mut told) = told_well();
    told.swap(5, 6);
    story.receive(&told);
    let verdict = story.judge();
    assert_eq!(
        (verdict.lost, verdict.doubled, verdict.reordered),
        (0, 0, 1)
    );
}

#[test]
fn a_foreign_event_is_noticed() {
    let (mut story, mut told) = told_well();
    let foreign = |change: fn(&mut told::Key)| {
        let Payload::Told(mut other) = (*told[0].1).clone() else {
            panic!("the first one is an event");
        };
        change(&mut other.key);
        (told[3].0, Arc::new(Payload::Told(other)))
    };
    let strangers = [
        foreign(|key| key.subject = 999),
        foreign(|key| key.guild = 2),
        foreign(|key| key.detail = "8".to_owned()),
    ];
    for (place, stranger) in strangers.into_iter().enumerate() {
        told.insert(place * 3, stranger);
    }
    story.receive(&told);
    let verdict = story.judge();
    assert_eq!((verdict.unexpected, verdict.lost), (3, 0), "{verdict:#?}");
}

#[test]
fn another_text_is_noticed_unless_it_was_taken_away_with_the_message() {
    let content = |told: &mut [(u64, Arc<Payload>)], text: Option<&str>| {
        if let Payload::Told(first) = Arc::make_mut(&mut told[0].1) {
            first.content = text.map(str::to_owned);
        }
    };
    let (mut story, mut told) = told_well();
    content(&mut told, Some("changed"));
    story.receive(&told);
    assert_eq!(story.judge().altered, 1);

    let (mut story, mut told) = told_well();
    content(&mut told, None);
    story.receive(&told);
    assert_eq!(story.judge().altered, 1);

    let (mut story, _) = told_well();
    story.happen(
        "MESSAGE_DELETE",
        json!({ "id": "100", "channel_id": TEXT.to_string() }),
    );
    let mut told = story.told();
    content(&mut told, None);
    story.receive(&told);
    assert!(story.judge().is_clean(false));
}

#[test]
fn what_only_others_may_see_is_a_leak_and_nothing_else_is_owed() {
    let mut story = Story::new();
    story.message(100);
    story.channel("CHANNEL_UPDATE", TEXT, 0, VIEW);
    for _ in 0..3 {
        story.voice(Some(ROOM));
        story.voice(None);
    }
    story.message(101);
    for _ in 0..3 {
        story.voice(Some(ROOM));
        story.voice(None);
    }
    story.channel("CHANNEL_UPDATE", TEXT, 0, 0);
    story.voice(Some(ROOM));
    story.message(102);
    story.voice(None);
    let told = story.told();
    let message = |id| {
        let found = told.iter().position(
            |(_, payload)| matches!(&**payload, Payload::Told(told) if told.key.subject == id),
        );
        found.unwrap()
    };
    let hidden = message(101);

    let mut well = told.clone();
    well.remove(hidden);
    story.receive(&well);
    assert!(story.judge().is_clean(false), "{:#?}", story.judge());

    story.record = Record::default();
    story.receive(&told);
    assert_eq!(story.judge().leaked, 1);

    story.record = Record::default();
    well.remove(message(100));
    story.receive(&well);
    assert_eq!(
        story.judge().lost,
        0,
        "it went within a second of the change"
    );

    story.record = Record::default();
    let last = well.len() - 2;
    well.remove(last);
    story.receive(&well);
    assert_eq!(story.judge().lost, 1, "the channel was back for long");
}

#[test]
fn a_room_that_stays_on_the_screen_is_noticed() {
    let mut story = Story::new();
    story.record.arrivals.push(Arrival {
        at_micros: 10 * SECOND,
        payload: Arc::new(Payload::read(
            "snapshot",
            r#"{"guilds":[{"guildId":"1","rooms":[
                {"channelId":"20","name":"c20","userLimit":0,"members":[]},
                {"channelId":"21","name":"c21","userLimit":0,"members":[]}]}]}"#,
        )),
        ids: Arc::default(),
    });
    story.voice(Some(ROOM));
    story.happen("CHANNEL_DELETE", json!({ "id": OTHER.to_string() }));
    let mut told = story.told();
    story.receive(&told);
    assert!(story.judge().is_clean(false), "{:#?}", story.judge());
    story.record.arrivals.truncate(1);
    told.pop();
    story.receive(&told);
    let verdict = story.judge();
    assert_eq!((verdict.lost, verdict.wrong_pictures), (1, 1));
}

#[test]
fn resets_gaps_and_ids_that_go_back_are_noticed() {
    let (mut story, told) = told_well();
    story.receive(&told);
    for (event, data) in [
        ("reset", r#"{"reason":"trimmed"}"#),
        ("gap", r#"{"guildId":"1"}"#),
    ] {
        story.record.arrivals.push(Arrival {
            at_micros: story.n * SECOND,
            payload: Arc::new(Payload::read(event, data)),
            ids: Arc::default(),
        });
    }
    let verdict = story.judge();
    assert_eq!((verdict.resets["trimmed"], verdict.gaps), (1, 1));
    assert!(!verdict.is_clean(false));
    assert!(verdict.is_clean(true));
    story
        .record
        .backwards
        .push(("5-0".to_owned(), "4-0".to_owned()));
    assert!(!story.judge().is_clean(true));
}

#[test]
fn a_browser_that_gave_up_is_noticed() {
    let (mut story, told) = told_well();
    story.receive(&told);
    story.record.gave_up = Some("503".to_owned());
    assert_eq!(story.judge().gave_up, 1);
    assert!(!story.judge().is_clean(true));
}

#[test]
fn what_an_announced_hole_took_is_not_lost_and_nothing_else_is_forgiven() {
    let (mut story, told) = told_well();
    let (from, to) = (told[10].0, told[12].0);
    let mut holed = told.clone();
    holed.drain(10..13);
    story.receive(&holed);
    assert_eq!(story.judge().lost, 3);
    story.mercy = Mercy {
        announced: true,
        forgotten: vec![(from, to)],
    };
    assert!(story.judge().is_clean(true), "{:#?}", story.judge());

    story.record = Record::default();
    holed.remove(2);
    story.receive(&holed);
    assert_eq!(story.judge().lost, 1, "one that was long before the hole");
}

#[test]
fn a_reset_says_what_is_missing_before_it_and_nothing_after_it() {
    let (mut story, told) = told_well();
    story.mercy.announced = true;
    story.receive(&told[..5]);
    story.record.arrivals.push(Arrival {
        at_micros: told[14].0,
        payload: Arc::new(Payload::read("reset", r#"{"reason":"expired"}"#)),
        ids: Arc::default(),
    });
    story.receive(&told[15..]);
    assert!(story.judge().is_clean(true), "{:#?}", story.judge());
    story.record.arrivals.pop();
    assert_eq!(story.judge().lost, 1);
}

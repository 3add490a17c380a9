use contracts::{
    ChannelId, Envelope, Event, EventId, EventKind, GuildId,
    envelope::{self, Unpublished},
    snapshot::Snapshot,
};
use serde_json::{Value, json, value::to_raw_value};

use crate::with_unknown_fields;

/// Every event with its payload as browsers receive it, optional fields included.
fn samples() -> Vec<(EventKind, Value)> {
    let flags = json!({"mute": true, "deaf": false, "selfMute": true, "selfDeaf": false, "stream": true, "video": false, "suppress": false});
    let author = json!({"userId": "3", "username": "nelly", "displayName": "Nelly", "avatar": null, "avatarUrl": "https://cdn/3.png", "bot": false, "onBehalfOf": "4"});
    let attachment = json!({"id": "9", "filename": "a.png", "contentType": "image/png", "size": 12, "url": "https://cdn/a.png"});
    let emoji = json!({"id": null, "name": "🎺", "animated": false});
    let member = json!({"guildId": "1", "userId": "3", "username": "nelly", "displayName": "Nelly", "avatar": "hash", "avatarUrl": "https://cdn/3.png", "roles": ["5", "6"]});
    vec![
        (
            EventKind::VoiceJoined,
            json!({"guildId": "1", "channelId": "2", "userId": "3", "username": "nelly", "avatar": null, "displayName": "Nelly", "avatarUrl": "https://cdn/3.png", "flags": flags}),
        ),
        (
            EventKind::VoiceLeft,
            json!({"guildId": "1", "channelId": null, "userId": "3", "previousChannelId": "2", "moved": true}),
        ),
        (
            EventKind::VoiceUpdated,
            json!({"guildId": "1", "channelId": "2", "userId": "3", "flags": flags}),
        ),
        (
            EventKind::RoomCreated,
            json!({"guildId": "1", "channelId": "2", "name": "Lounge", "parentId": "7", "userLimit": 5}),
        ),
        (
            EventKind::RoomUpdated,
            json!({"guildId": "1", "channelId": "2", "name": "Lounge", "parentId": "7", "userLimit": 0}),
        ),
        (
            EventKind::RoomDeleted,
            json!({"guildId": "1", "channelId": "2", "access": true}),
        ),
        (
            EventKind::MessageCreated,
            json!({"guildId": "1", "channelId": "2", "messageId": "8", "author": author, "content": "hello", "attachments": [attachment], "createdAt": 1_763_836_800_123_u64, "replyTo": "7"}),
        ),
        (
            EventKind::MessageUpdated,
            json!({"guildId": "1", "channelId": "2", "messageId": "8", "author": author, "content": null, "attachments": [], "createdAt": 1, "editedAt": null}),
        ),
        (
            EventKind::MessageDeleted,
            json!({"guildId": "1", "channelId": "2", "messageId": "8"}),
        ),
        (
            EventKind::ReactionAdded,
            json!({"guildId": "1", "channelId": "2", "messageId": "8", "userId": "3", "emoji": emoji}),
        ),
        (
            EventKind::ReactionRemoved,
            json!({"guildId": "1", "channelId": "2", "messageId": "8", "userId": "3", "emoji": emoji}),
        ),
        (
            EventKind::ReactionCleared,
            json!({"guildId": "1", "channelId": "2", "messageId": "8", "emoji": emoji}),
        ),
        (
            EventKind::TypingStarted,
            json!({"guildId": "1", "channelId": "2", "userId": "3", "ts": 1_763_836_800_123_u64}),
        ),
        (
            EventKind::PresenceUpdated,
            json!({"guildId": "1", "userId": "3", "status": "dnd", "activities": [{"name": "Chess", "type": 0, "state": "thinking"}]}),
        ),
        (EventKind::MemberJoined, member.clone()),
        (EventKind::MemberUpdated, member),
        (
            EventKind::MemberLeft,
            json!({"guildId": "1", "userId": "3"}),
        ),
        (
            EventKind::Gap,
            json!({"guildId": "1", "since": 10, "until": 20, "kinds": ["voice.joined", "typing.started"]}),
        ),
    ]
}

fn read(kind: EventKind, payload: &Value) -> Event {
    let raw = to_raw_value(payload).expect("JSON");
    Event::read(kind, &raw).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

#[test]
fn every_event_has_its_documented_fields_and_no_others() {
    let covered: Vec<_> = samples().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(covered, EventKind::ALL, "an event without a sample");
    for (kind, payload) in samples() {
        let event = read(kind, &payload);
        assert_eq!(event.kind(), kind);
        assert_eq!(
            serde_json::to_value(&event).expect("JSON"),
            payload,
            "{kind}"
        );
    }
}

#[test]
fn unknown_fields_are_passed_over_at_every_depth() {
    for (kind, payload) in samples() {
        assert_eq!(
            read(kind, &with_unknown_fields(&payload)),
            read(kind, &payload),
            "{kind}"
        );
    }
}

#[test]
fn optional_fields_may_be_absent_and_are_then_not_written() {
    let bare = [
        (
            EventKind::RoomCreated,
            json!({"guildId": "1", "channelId": "2", "name": "Lounge", "userLimit": 0}),
        ),
        (
            EventKind::RoomDeleted,
            json!({"guildId": "1", "channelId": "2"}),
        ),
        (
            EventKind::ReactionCleared,
            json!({"guildId": "1", "channelId": "2", "messageId": "8"}),
        ),
        (
            EventKind::PresenceUpdated,
            json!({"guildId": "1", "userId": "3", "status": "idle", "activities": [{"name": "Chess", "type": 0}]}),
        ),
    ];
    for (kind, payload) in bare {
        assert_eq!(
            serde_json::to_value(read(kind, &payload)).expect("JSON"),
            payload,
            "{kind}"
        );
    }
    let joined = json!({"guildId": "1", "channelId": "2", "userId": "3", "username": "n", "avatar": null, "displayName": "N", "avatarUrl": "u"});
    let Event::VoiceJoined(joined) = read(EventKind::VoiceJoined, &joined) else {
        panic!("another event")
    };
    assert_eq!(joined.flags, contracts::event::VoiceFlags::default());
}

#[test]
fn a_payload_that_lacks_what_it_must_have_is_refused() {
    for (kind, payload) in samples() {
        let mut payload = payload;
        payload
            .as_object_mut()
            .expect("an object")
            .remove("guildId");
        let raw = to_raw_value(&payload).expect("JSON");
        assert!(Event::read(kind, &raw).is_err(), "{kind}");
    }
}

#[test]
fn the_names_of_events_are_these() {
    let names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    let documented = [
        "voice.joined",
        "voice.left",
        "voice.updated",
        "room.created",
        "room.updated",
        "room.deleted",
        "message.created",
        "message.updated",
        "message.deleted",
        "reaction.added",
        "reaction.removed",
        "reaction.cleared",
        "typing.started",
        "presence.updated",
        "member.joined",
        "member.updated",
        "member.left",
        "gap",
    ];
    assert_eq!(names, documented);
    for kind in EventKind::ALL {
        assert_eq!(kind.name().parse(), Ok(*kind));
        assert_eq!(
            serde_json::to_value(kind).expect("JSON"),
            json!(kind.name())
        );
        assert_eq!(
            serde_json::from_value::<EventKind>(json!(kind.name())).expect("a name"),
            *kind
        );
        assert_eq!(kind.live_only(), kind.name() == "typing.started");
    }
    assert!("voice".parse::<EventKind>().is_err() && "".parse::<EventKind>().is_err());
}

#[test]
fn who_may_receive_an_event_follows_from_its_channel() {
    for (kind, payload) in samples() {
        let audience = read(kind, &payload).audience();
        let whole_guild = matches!(
            kind.name().split('.').next(),
            Some("presence" | "member" | "gap")
        );
        let expected = (!whole_guild).then(|| ChannelId::new(2));
        assert_eq!(audience, expected, "{kind}");
    }
}

#[test]
fn the_envelope_has_its_documented_fields() {
    let (kind, payload) = samples().swap_remove(1);
    let event = read(kind, &payload);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let unpublished = Unpublished::new(
        GuildId::new(1),
        &event,
        1_763_836_800_120,
        Some(trace.to_owned()),
    )
    .expect("JSON");
    let published = unpublished.publish(EventId::new(1_763_836_800_123, 0));
    let written = serde_json::to_value(&published).expect("JSON");
    let documented = json!({"v": envelope::VERSION, "id": "1763836800123-0", "event": "voice.left", "guildId": "1", "channelId": "2",
        "ts": 1_763_836_800_120_u64, "trace": trace, "payload": payload});
    assert_eq!(written, documented);
    let back: Envelope =
        serde_json::from_str(&with_unknown_fields(&documented).to_string()).expect("an envelope");
    assert_eq!(
        (back.id, back.event, back.channel_id),
        (published.id, published.event, published.channel_id)
    );
}

#[test]
fn a_guild_wide_event_says_null_and_an_untraced_one_nothing() {
    let event = read(
        EventKind::MemberLeft,
        &json!({"guildId": "1", "userId": "3"}),
    );
    let envelope = Unpublished::new(GuildId::new(1), &event, 5, None)
        .expect("JSON")
        .publish(EventId::new(7, 1));
    let written = serde_json::to_value(&envelope).expect("JSON");
    assert_eq!(written["channelId"], Value::Null);
    assert!(written.get("trace").is_none());
}

#[test]
fn a_snapshot_and_the_notices_have_their_documented_fields() {
    let member = json!({"userId": "3", "username": "nelly", "displayName": "Nelly", "avatar": null, "avatarUrl": "u",
        "flags": {"mute": false, "deaf": false, "selfMute": false, "selfDeaf": false, "stream": false, "video": false, "suppress": false}});
    let snapshot = json!({"guilds": [{"guildId": "1", "name": "Guild", "iconUrl": null, "unavailable": false, "rooms": [
        {"channelId": "2", "name": "Lounge", "parentId": "7", "userLimit": 5, "members": [member]},
        {"channelId": "3", "name": "Stage", "userLimit": 0, "members": []}]}]});
    let read: Snapshot =
        serde_json::from_value(with_unknown_fields(&snapshot)).expect("a snapshot");
    assert_eq!(serde_json::to_value(read).expect("JSON"), snapshot);
    for reason in ["expired", "trimmed", "epoch", "future"] {
        let notice = json!({"reason": reason});
        let read: contracts::event::Reset =
            serde_json::from_value(notice.clone()).expect("a reset");
        assert_eq!(serde_json::to_value(read).expect("JSON"), notice);
    }
    for reason in ["draining", "overload", "bus"] {
        let notice = json!({"reason": reason});
        let read: contracts::event::Unavailable =
            serde_json::from_value(notice.clone()).expect("a notice");
        assert_eq!(serde_json::to_value(read).expect("JSON"), notice);
    }
}

use proptest::prelude::*;

use super::*;

const GUILD: GuildId = GuildId::new(1);

fn message(previous: EventId, id: EventId, position: Position, body: &str) -> Vec<u8> {
    format!("1 {previous} {id} {position} {body}").into_bytes()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = live(GUILD, &bytes);
        let _ = own(&bytes);
    }

    #[test]
    fn anything_that_looks_like_a_message_is_read_or_refused(
        head in "[12]? ?[0-9-]{0,6} ?[0-9-]{0,6} ?[0-9:]{0,8} ?[earx]?", tail: Vec<u8>
    ) {
        let _ = live(GUILD, &[head.into_bytes(), tail].concat());
    }

    #[test]
    fn a_message_is_read_back(
        previous: (u64, u64), id: (u64, u64), position: (u64, u64, u32), name in ".{0,40}"
    ) {
        let (previous, id) = (EventId::new(previous.0, previous.1), EventId::new(id.0, id.1));
        let position = Position { generation: position.0, seq: position.1, part: position.2 };
        let payload = serde_json::json!({ "name": name }).to_string();
        let json = format!(
            r#"{{"id":"{id}","v":1,"event":"room.created","guildId":"1","channelId":"2","ts":3,"payload":{payload}}}"#
        );
        let entry = live(GUILD, &message(previous, id, position, &format!("e{json}"))).unwrap();
        prop_assert_eq!((entry.previous, entry.id, entry.position), (previous, id, position));
        let Body::Event(envelope) = entry.body else { panic!("not an event") };
        prop_assert_eq!(envelope.payload.get(), payload);
        prop_assert_eq!(envelope.id, id);
    }
}

#[test]
fn a_subscription_knows_its_own_messages() {
    assert!(matches!(own(b"probe 7"), Some(OwnMessage::Probe(7))));
    assert!(matches!(own(b"tick 7-1"), Some(OwnMessage::Tick(id)) if id == EventId::new(7, 1)));
    for other in ["", "probe", "probe x", "tick 7", "tock 7-1", "tick 7-1 "] {
        assert!(own(other.as_bytes()).is_none(), "{other}");
    }
}

#[test]
fn another_version_is_refused() {
    let position = Position {
        generation: 1,
        seq: 1,
        part: 0,
    };
    let mut bytes = message(EventId::ZERO, EventId::new(1, 0), position, "r");
    assert!(matches!(live(GUILD, &bytes).unwrap().body, Body::Reseed));
    bytes[0] = b'2';
    assert!(live(GUILD, &bytes).is_none());
}

#[test]
fn unreadable_values_name_their_key_and_not_their_content() {
    let row = ["5-0", "4-0", "1:1:0", "e{\"secret\"", "0"];
    let reply = ["0-0", "0"]
        .into_iter()
        .chain(row)
        .map(Value::from)
        .collect();
    let error = page(GUILD, Value::Array(reply)).unwrap_err().to_string();
    assert!(
        error.contains("log:1") && !error.contains("secret"),
        "{error}"
    );

    let error = facts(GUILD, &"secret".into()).unwrap_err().to_string();
    assert!(
        error.contains("guild:1") && !error.contains("secret"),
        "{error}"
    );
    assert!(clock(&"x".into()).is_err());
    assert!(page(GUILD, Value::Null).is_err());
    assert!(cut(Value::Array(vec!["1-0".into(), "x".into()])).is_err());
}

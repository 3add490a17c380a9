use proptest::prelude::*;

use super::*;
use crate::{Event, decode};

#[test]
fn a_dispatch_is_split_without_looking_at_its_payload() {
    let received = read(br#"{"t":"X_Y","s":42,"op":0,"d":{"a":[1, 2]}}"#).unwrap();
    let expected = Received::Dispatch {
        seq: Some(42),
        name: "X_Y".into(),
        d: r#"{"a":[1, 2]}"#,
    };
    assert_eq!(received, expected);
}

#[test]
fn a_sequence_may_start_at_zero() {
    let received = read(br#"{"op":0,"s":0,"t":"READY","d":{}}"#).unwrap();
    assert!(matches!(received, Received::Dispatch { seq: Some(0), .. }));
}

#[test]
fn fields_may_be_missing_null_or_unknown() {
    let table: [(&[u8], Received<'_>); 9] = [
        (br#"{"op":11}"#, Received::HeartbeatAck),
        (
            br#"{"op":11,"d":null,"s":null,"t":null,"x":1}"#,
            Received::HeartbeatAck,
        ),
        (
            br#"{"op":9}"#,
            Received::InvalidSession { resumable: false },
        ),
        (
            br#"{"op":9,"d":true}"#,
            Received::InvalidSession { resumable: true },
        ),
        (br#"{"op":7,"d":null}"#, Received::ReconnectAsked),
        (br#"{"op":1,"d":5}"#, Received::HeartbeatAsked),
        (br#"{"op":99,"d":{}}"#, Received::Unknown),
        (br#"{"op":0,"s":1}"#, Received::Unknown),
        (b"{}", Received::Unknown),
    ];
    for (message, expected) in table {
        assert_eq!(
            read(message).unwrap(),
            expected,
            "{}",
            String::from_utf8_lossy(message)
        );
    }
}

#[test]
fn the_heartbeat_interval_is_kept_within_reason() {
    let of = |ms: &str| {
        read(format!(r#"{{"op":10,"d":{{"heartbeat_interval":{ms}}}}}"#).as_bytes()).map(
            |received| match received {
                Received::Hello { interval } => interval,
                other => panic!("{other:?}"),
            },
        )
    };
    assert_eq!(of("41250").unwrap(), Duration::from_millis(41_250));
    assert_eq!(of("0").unwrap(), MIN_INTERVAL);
    assert_eq!(of("99999999999").unwrap(), MAX_INTERVAL);
    of("null").unwrap_err();
}

#[test]
fn a_hello_without_an_interval_is_refused() {
    read(br#"{"op":10}"#).unwrap_err();
}

#[test]
fn errors_never_quote_the_payload() {
    let error = decode("TYPING_START", r#"{"channel_id":"tell-nobody"}"#).unwrap_err();
    assert!(!error.to_string().contains("tell-nobody"), "{error}");
}

#[test]
fn a_type_that_is_not_carried_is_not_parsed() {
    assert_eq!(decode("INTERACTION_CREATE", "not even JSON"), Ok(None));
}

#[test]
fn a_resumed_may_have_any_payload() {
    assert_eq!(decode("RESUMED", "null"), Ok(Some(Event::Resumed)));
}

/// The names of all carried types, from the events' own table.
const CARRIED: [&str; 8] = [
    "READY",
    "GUILD_CREATE",
    "VOICE_STATE_UPDATE",
    "MESSAGE_CREATE",
    "PRESENCE_UPDATE",
    "CHANNEL_UPDATE",
    "GUILD_MEMBER_UPDATE",
    "MESSAGE_REACTION_ADD",
];

fn json() -> impl Strategy<Value = serde_json::Value> {
    let key = prop::sample::select(vec![
        "op",
        "s",
        "t",
        "d",
        "id",
        "guild_id",
        "channel_id",
        "user",
        "user_id",
        "type",
        "flags",
        "roles",
        "members",
        "channels",
        "heartbeat_interval",
        "emoji",
        "activities",
        "name",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[0-9]{1,21}".prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(read(&bytes));
    }

    #[test]
    fn no_json_makes_it_panic(value in json(), name in prop::sample::select(CARRIED.to_vec())) {
        let text = value.to_string();
        drop(read(text.as_bytes()));
        drop(decode(name, &text));
    }

    #[test]
    fn a_frame_of_any_payload_keeps_it_as_it_is(value in json(), seq in any::<u64>()) {
        let d = value.to_string();
        let text = format!(r#"{{"op":0,"t":"X","s":{seq},"d":{d}}}"#);
        let expected = Received::Dispatch { seq: Some(seq), name: "X".into(), d: &d };
        prop_assert_eq!(read(text.as_bytes()).unwrap(), expected);
    }
}

use contracts::{EventId, EventKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{super::Block, browser::EventSource};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\r\n\u{0}\u{feff}:\u{2028} ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the payload holds, however it is laid out and wherever the network cuts the bytes.
    #[test]
    fn any_payload_arrives_as_it_was(
        value in json(), kind in 0..EventKind::ALL.len(), ms: u64, n: u64, layout in 0..3u8, cut: prop::sample::Index, with_id: bool,
    ) {
        let text = match layout {
            0 => value.to_string(),
            1 => serde_json::to_string_pretty(&value).unwrap(),
            _ => serde_json::to_string_pretty(&value).unwrap().replace('\n', "\r\n"),
        };
        let (kind, id) = (EventKind::ALL[kind], EventId::new(ms, n));
        let bytes = Block::encode(kind.name(), Some(id), &text).bytes(with_id);
        let mut source = EventSource::default();
        let at = cut.index(bytes.len());
        let mut dispatched = source.feed(&bytes[..at]);
        dispatched.extend(source.feed(&bytes[at..]));
        prop_assert_eq!(dispatched.len(), 1);
        prop_assert_eq!(&dispatched[0].name, kind.name());
        prop_assert_eq!(&dispatched[0].id, &if with_id { id.to_string() } else { String::new() });
        prop_assert_eq!(serde_json::from_str::<Value>(&dispatched[0].data).unwrap(), value);
    }

    /// The same, as a WebSocket message, which is encoded once.
    #[test]
    fn any_payload_arrives_over_a_websocket_as_it_was(
        value in json(), kind in 0..EventKind::ALL.len(), ms: u64, n: u64, ts: u64, pretty: bool, with_id: bool,
    ) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let (kind, id) = (EventKind::ALL[kind], EventId::new(ms, n));
        let block = Block::encode(kind.name(), Some(id), &text).at(ts);
        let message = block.message(with_id);
        let mut expected = json!({ "v": 1, "type": "event", "event": kind.name(), "ts": ts, "payload": value });
        if with_id {
            expected["id"] = id.to_string().into();
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&message).unwrap(), expected);
        prop_assert_eq!(message.as_ptr(), block.clone().message(with_id).as_ptr());
    }
}

use contracts::link::{Body, Message};
use serde_json::{Value, json};

use crate::with_unknown_fields;

fn samples() -> [Value; 5] {
    [
        json!({"type": "event", "ts": 5, "data": {"v": 1, "id": "7-1", "event": "member.left", "guildId": "1", "channelId": null, "ts": 4,
            "payload": {"guildId": "1", "userId": "3"}}}),
        json!({"type": "command", "requestId": "r1", "ts": 5, "data": {"command": "createRoom", "payload": {"name": "Lounge"}, "actor": "3",
            "idempotencyKey": "k1"}}),
        json!({"type": "command", "requestId": "r2", "ts": 5, "data": {"command": "bus.clock", "payload": {}}}),
        json!({"type": "ack", "requestId": "r1", "ts": 5, "data": {"result": {"channelId": "2", "inviteToken": "t", "inviteUrl": "u"}}}),
        json!({"type": "error", "requestId": "r1", "ts": 5, "data": {"code": "not-in-voice", "message": "You are in no voice channel.", "status": 409}}),
    ]
}

#[test]
fn a_message_is_read_and_written_as_documented() {
    for sample in samples() {
        let message: Message = serde_json::from_str(&sample.to_string())
            .unwrap_or_else(|error| panic!("{sample}: {error}"));
        assert_eq!(serde_json::to_value(&message).expect("JSON"), sample);
    }
}

#[test]
fn unknown_fields_are_passed_over_and_payloads_passed_on() {
    for sample in samples() {
        let richer = with_unknown_fields(&sample).to_string();
        let message: Message =
            serde_json::from_str(&richer).unwrap_or_else(|error| panic!("{richer}: {error}"));
        if let Body::Command(command) = &message.body {
            assert!(
                command.payload.get().contains("fromTheFuture"),
                "a payload is passed on unread"
            );
        }
        assert_eq!(message.ts, 5);
    }
}

#[test]
fn what_is_no_message_is_refused() {
    for text in [
        "{}",
        "[]",
        r#"{"type":"hello","ts":1,"data":{}}"#,
        r#"{"type":"ack","ts":1}"#,
        r#"{"type":"event","ts":1,"data":null}"#,
        r#"{"type":"command","ts":1,"data":{"command":"createRoom","payload":{},"actor":"3"}}"#,
    ] {
        assert!(serde_json::from_str::<Message>(text).is_err(), "{text}");
    }
}

use contracts::{
    Envelope, UserId,
    link::{Ack, Body, Command, LinkError, Message},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, value::to_raw_value};

use crate::with_unknown_fields;

fn written(body: Body, request_id: Option<&str>) -> Value {
    let message = Message {
        body,
        request_id: request_id.map(str::to_owned),
        ts: 5,
    };
    serde_json::to_value(message).expect("JSON")
}

fn read<T: DeserializeOwned>(data: &Value) -> T {
    serde_json::from_str(&data.to_string()).unwrap_or_else(|error| panic!("{data}: {error}"))
}

#[test]
fn a_message_is_written_as_documented() {
    let envelope = json!({"v": 1, "id": "7-1", "event": "member.left", "guildId": "1", "channelId": null, "ts": 4,
        "payload": {"guildId": "1", "userId": "3"}});
    let event = Body::Event(read::<Envelope>(&envelope));
    assert_eq!(
        written(event, None),
        json!({"type": "event", "data": envelope, "ts": 5})
    );

    let command = Body::Command(Command {
        command: "createRoom".to_owned(),
        payload: to_raw_value(&json!({"name": "Lounge"})).expect("JSON"),
        actor: UserId::new(3),
        idempotency_key: "k1".to_owned(),
    });
    let data = json!({"command": "createRoom", "payload": {"name": "Lounge"}, "actor": "3", "idempotencyKey": "k1"});
    assert_eq!(
        written(command, Some("r1")),
        json!({"type": "command", "data": data, "requestId": "r1", "ts": 5})
    );

    let ack = Body::Ack(Ack {
        result: to_raw_value(&json!({"moved": true})).expect("JSON"),
    });
    assert_eq!(
        written(ack, Some("r1")),
        json!({"type": "ack", "data": {"result": {"moved": true}}, "requestId": "r1", "ts": 5})
    );

    let error = Body::Error(LinkError {
        code: "not-in-voice".to_owned(),
        message: "Not in voice.".to_owned(),
    });
    assert_eq!(
        written(error, Some("r1")),
        json!({"type": "error", "data": {"code": "not-in-voice", "message": "Not in voice."}, "requestId": "r1", "ts": 5})
    );
}

#[test]
fn what_a_message_carries_is_read_with_unknown_fields_and_its_payload_unread() {
    let data = json!({"command": "createRoom", "payload": {"name": "Lounge"}, "actor": "3", "idempotencyKey": "k1"});
    let command: Command = read(&with_unknown_fields(&data));
    assert_eq!(
        (command.command.as_str(), command.actor),
        ("createRoom", UserId::new(3))
    );
    assert!(
        command.payload.get().contains("fromTheFuture"),
        "a payload is passed on unread"
    );
    let ack: Ack = read(&with_unknown_fields(&json!({"result": {"moved": true}})));
    assert!(ack.result.get().contains("moved"));
    let error: LinkError = read(&with_unknown_fields(&json!({"code": "c", "message": "m"})));
    assert_eq!(
        error,
        LinkError {
            code: "c".to_owned(),
            message: "m".to_owned()
        }
    );
}

#[test]
fn what_is_no_message_is_refused() {
    for text in [
        "{}",
        "[]",
        r#"{"type":"hello","ts":1,"data":{}}"#,
        r#"{"type":"ack","ts":1}"#,
        r#"{"type":"event","ts":1,"data":null}"#,
    ] {
        assert!(serde_json::from_str::<Message>(text).is_err(), "{text}");
    }
}

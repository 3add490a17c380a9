use std::fmt::Debug;

use contracts::{Problem, problem::FieldProblem, rpc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::with_unknown_fields;

/// Reads the sample, with and without fields from the future, and expects to write exactly the sample.
#[track_caller]
fn holds<T: Serialize + DeserializeOwned + Debug + PartialEq>(sample: &Value) {
    let read: T = serde_json::from_value(sample.clone()).expect("the sample is read");
    let richer: T =
        serde_json::from_value(with_unknown_fields(sample)).expect("a newer sample is read");
    assert_eq!(read, richer);
    assert_eq!(&serde_json::to_value(&read).expect("JSON"), sample);
}

#[test]
fn inputs_and_outputs_of_functions_have_their_documented_fields() {
    holds::<rpc::CreateRoom>(&json!({"name": "Lounge", "userLimit": 5, "guildId": "1"}));
    holds::<rpc::CreateRoom>(&json!({"name": "Lounge"}));
    holds::<rpc::RoomMade>(
        &json!({"channelId": "2", "inviteToken": "t", "inviteUrl": "https://f/join/t"}),
    );
    holds::<rpc::JoinRoom>(&json!({"token": "t"}));
    holds::<rpc::RoomJoined>(&json!({"guildId": "1", "channelId": "2", "moved": true}));
    holds::<rpc::ConnectUserToVoiceChannel>(
        &json!({"guildId": "1", "channelId": "2", "userId": "3"}),
    );
    holds::<rpc::UserConnected>(&json!({"moved": false}));
    holds::<rpc::DeleteRoom>(&json!({"channelId": "2"}));
    holds::<rpc::CreateInvite>(&json!({"channelId": "2", "expiresIn": 60, "maxUses": 1}));
    holds::<rpc::CreateInvite>(&json!({"channelId": "2"}));
    holds::<rpc::InviteMade>(
        &json!({"inviteId": "i", "inviteToken": "t", "inviteUrl": "https://f/join/t"}),
    );
    holds::<rpc::RevokeInvite>(&json!({"inviteId": "i"}));
    holds::<rpc::SendMessage>(&json!({"channelId": "2", "content": "hello"}));
    holds::<rpc::MessageSent>(&json!({"messageId": "8"}));
    holds::<rpc::AddReaction>(&json!({"channelId": "2", "messageId": "8", "emoji": "🎺"}));
    holds::<rpc::StreamToken>(&json!({"token": "t", "expiresAt": 1_763_836_800_123_u64}));
    holds::<rpc::Done>(&json!({}));
    holds::<rpc::ChannelAbilities>(
        &json!({"guildId": "1", "channelId": "2", "may": ["readMessages", "sendMessage", "addReaction",
            "connectSelf", "connectOthers", "createInvite", "deleteRoom"]}),
    );
    holds::<rpc::Me>(
        &json!({"userId": "3", "username": "nelly", "displayName": "Nelly", "avatarUrl": "u", "operator": true}),
    );
    holds::<rpc::SharedGuild>(&json!({"guildId": "1", "name": "Guild", "iconUrl": null}));
}

#[test]
fn a_problem_document_has_its_documented_fields() {
    let bare = Problem::new(401, "unauthenticated", "Sign in first");
    let written = serde_json::to_value(&bare).expect("JSON");
    assert_eq!(
        written,
        json!({"type": "about:blank", "status": 401, "title": "Sign in first", "code": "unauthenticated"})
    );
    let full = Problem {
        errors: vec![FieldProblem {
            field: "name".into(),
            code: "too-long".into(),
            message: "1 to 100 characters".into(),
        }],
        request_id: Some("r1".into()),
        ..Problem::new(400, "validation", "Some fields are wrong").detail("name is too long")
    };
    let documented = json!({"type": "about:blank", "status": 400, "title": "Some fields are wrong", "code": "validation",
        "detail": "name is too long", "errors": [{"field": "name", "code": "too-long", "message": "1 to 100 characters"}], "requestId": "r1"});
    assert_eq!(serde_json::to_value(full).expect("JSON"), documented);
    holds::<Problem>(&documented);
}

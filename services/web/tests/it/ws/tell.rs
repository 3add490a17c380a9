use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    browser::{Browser, Stream},
    publisher::{ROOM, SECRET},
    replica::{Deployment, GUILD},
    socket::{Heard, Socket, Told},
};

/// What an SSE stream told, in the form of a WebSocket's.
fn of_sse(stream: &Stream) -> Vec<Told> {
    let events = stream.events().into_iter();
    events
        .map(|event| {
            let payload = serde_json::from_str(&event.data).unwrap();
            (event.name, event.id, payload)
        })
        .collect()
}

fn users(told: &[Told]) -> Vec<u64> {
    let users = told.iter().map(|(_, _, payload)| &payload["userId"]);
    users
        .map(|user| user.as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn both_transports_tell_the_same_and_continue_each_other() {
    let deployment = Deployment::in_memory().await;
    let (one, two) = (deployment.replica(&[]).await, deployment.replica(&[]).await);
    let browser = Browser::signed_in(&one).await;
    let sse = browser.stream("snapshot=1").await;
    let mut ws = Socket::stream(&one, &browser, json!({ "snapshot": true })).await;
    let snapshot = ws.told().await;
    assert_eq!(snapshot.0, "snapshot");
    assert_eq!(snapshot.2["guilds"][0]["rooms"][0]["name"], "Lobby");
    sse.wait(1).await;
    for user in 1..=20 {
        deployment.publisher.join(GUILD, SECRET, 1_000 + user).await;
        deployment.publisher.join(GUILD, ROOM, user).await;
    }
    let told = ws.events(20).await;
    sse.wait(21).await;
    let expected = of_sse(&sse);
    assert_eq!(snapshot.2, expected[0].2);
    assert_eq!(told, expected[1..]);

    // On by the other transport, at the other replica.
    let fifth = &told[4].1;
    let resumed = browser.at(&two).resume("", Some(fifth)).await;
    resumed.wait(15).await;
    assert_eq!(of_sse(&resumed), told[5..]);
    let tenth = of_sse(&resumed)[4].1.clone();
    let more = json!({ "lastEventId": tenth });
    let mut back = Socket::stream(&two, &browser.at(&two), more).await;
    assert_eq!(back.events(10).await, told[10..]);
    deployment.publisher.join(GUILD, ROOM, 21).await;
    assert_eq!(users(&back.events(1).await), [21]);

    let more = json!({ "lastEventId": "nonsense" });
    let mut reset = Socket::stream(&one, &browser, more).await;
    let (name, id, payload) = reset.told().await;
    assert_eq!((name.as_str(), id.as_str()), ("reset", ""));
    assert_eq!(payload, json!({ "reason": "future" }));
}

#[tokio::test]
async fn filters_are_kept() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let more = json!({ "events": ["room.*"], "guilds": [GUILD.to_string()] });
    let mut rooms = Socket::stream(&web, &browser, more).await;
    // The cursor that a stream begins with.
    assert_eq!(rooms.told().await.0, "");
    deployment.publisher.join(GUILD, ROOM, 7).await;
    deployment.publisher.hide(GUILD, ROOM, "Lobby", true).await;
    let told = rooms.events(1).await;
    assert_eq!(told[0].0, "room.deleted");
    assert_eq!(told[0].2["access"], Value::Bool(true));
}

#[tokio::test]
async fn pings_are_answered_and_floods_are_not() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let mut socket = Socket::stream(&web, &browser, json!({})).await;
    assert_eq!(socket.told().await.0, "");
    socket.send(Message::Ping(b"abc".to_vec().into())).await;
    assert_eq!(socket.hear().await, Heard::Pong(b"abc".to_vec()));
    socket.say(&json!({ "v": 1, "type": "ping" })).await;
    let pong = Heard::Said(contracts::StreamMessage::Pong { v: 1 });
    assert_eq!(socket.hear().await, pong);
    socket.say(&json!({ "anything": "else" })).await;
    deployment.publisher.join(GUILD, ROOM, 7).await;
    assert_eq!(users(&socket.events(1).await), [7]);
    for _ in 0..60 {
        socket.say(&json!({ "v": 1, "type": "ping" })).await;
    }
    assert_eq!(socket.code().await, 1008);

    let mut socket = Socket::stream(&web, &browser, json!({})).await;
    socket.send(Message::Binary(vec![0].into())).await;
    assert_eq!(socket.code().await, 1003);
}

use contracts::StreamMessage;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    browser::{Browser, client},
    replica::{Deployment, GUILD, OTHER},
    socket::{Heard, Socket, token},
};

/// The code and the fields of the error that is said before the end, and how it ends.
fn refused(said: &[StreamMessage], end: &Heard) -> (String, Vec<String>, u16) {
    let (StreamMessage::Error { code, errors, .. }, Heard::Closed(close, _)) = (&said[0], end)
    else {
        panic!("{said:?} {end:?}");
    };
    let fields = errors.iter().map(|error| error.field.clone()).collect();
    (code.clone(), fields, *close)
}

#[tokio::test]
async fn the_first_message_opens_a_stream_or_is_refused_with_a_code() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let token = token(&browser).await;
    let auth = |more: Value| {
        let mut auth = json!({ "v": 1, "type": "auth", "token": token });
        let fields = auth.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        auth.to_string()
    };
    let foreign = auth(json!({ "guilds": [OTHER.to_string()] }));
    let wrong = auth(json!({ "guilds": ["abc"], "events": ["voice.jumped"] }));
    let crowd: Vec<_> = (0..300).map(|id| id.to_string()).collect();
    let crowd = auth(json!({ "guilds": crowd }));
    let table: &[(String, &str, &[&str], u16)] = &[
        ("hello".to_owned(), "validation", &[], 4400),
        ("{}".to_owned(), "validation", &[], 4400),
        (
            r#"{"v":1,"type":"ping"}"#.to_owned(),
            "validation",
            &[],
            4400,
        ),
        (
            r#"{"v":1,"type":"auth"}"#.to_owned(),
            "validation",
            &[],
            4400,
        ),
        (auth(json!({ "v": 2 })), "validation", &["v"], 4400),
        (wrong, "validation", &["guilds", "events"], 4400),
        (crowd, "validation", &["guilds"], 4400),
        (
            auth(json!({ "token": "nonsense" })),
            "unauthorized",
            &[],
            4401,
        ),
        (auth(json!({ "token": "" })), "unauthorized", &[], 4401),
        (foreign, "forbidden", &[], 4403),
    ];
    for (message, code, fields, close) in table {
        let mut socket = Socket::open(&web).await;
        socket.send(Message::Text(message.clone().into())).await;
        let (said, end) = socket.end().await;
        let (told, named, closed) = refused(&said, &end);
        assert_eq!((told.as_str(), closed), (*code, *close), "{message}");
        assert_eq!(named, *fields, "{message}");
    }
    let mut socket = Socket::open(&web).await;
    socket.send(Message::Binary(vec![1, 2, 3].into())).await;
    assert_eq!(socket.code().await, 1003);
    let mut socket = Socket::open(&web).await;
    let long = "x".repeat(20 << 10);
    socket.send(Message::Text(long.into())).await;
    assert!(matches!(
        socket.end().await.1,
        Heard::Closed(1002, _) | Heard::Gone
    ));
    let mut socket = Socket::open(&web).await;
    let good = auth(json!({ "guilds": [GUILD.to_string()], "events": ["voice.*"] }));
    socket.send(Message::Text(good.into())).await;
    let ready = socket.hear().await;
    assert!(matches!(ready, Heard::Said(StreamMessage::Ready { .. })));
    assert!(web.metric("fanfare_ws_connections_total") >= 13.0);
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let mut socket = Socket::open(&web).await;
    let begun = std::time::Instant::now();
    assert_eq!(socket.code().await, 4401);
    assert!(begun.elapsed() >= std::time::Duration::from_secs(4));
    assert!(web.metric("fanfare_streams_active") < 1.0);
}

#[tokio::test]
async fn foreign_pages_open_nothing_and_a_plain_request_is_told_so() {
    let deployment = Deployment::in_memory().await;
    let web = deployment
        .replica(&[("ALLOWED_ORIGINS", "https://app.example")])
        .await;
    let answer = Socket::connect(&web, "https://evil.example").await;
    assert_eq!(answer.err().unwrap().status(), 403);
    assert!(Socket::connect(&web, "https://app.example").await.is_ok());
    let plain = client().get(format!("{}/api/ws", web.url)).send().await;
    let plain = plain.unwrap();
    assert_eq!(plain.status(), 400);
    let problem: Value = plain.json().await.unwrap();
    assert_eq!(problem["errors"][0]["field"], "upgrade");
}

#[tokio::test]
async fn the_token_of_a_session_that_is_over_opens_nothing() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let token = token(&browser).await;
    let out = browser
        .request("POST", "/auth/logout")
        .header("origin", &web.url)
        .header("content-type", "application/json");
    assert!(out.send().await.unwrap().status().as_u16() < 400);
    let mut socket = Socket::open(&web).await;
    socket.auth(&token, json!({})).await;
    assert_eq!(socket.code().await, 4401);
}

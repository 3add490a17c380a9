//! A small Gateway client that shows everything it gets.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::stage::{DEADLINE, Stage};

/// GUILDS, voice states, messages, reactions, typing.
pub(crate) const PLAIN: u64 = 3713;
/// The same with members, presences and message content.
pub(crate) const FULL: u64 = 36739;

/// What came.
#[derive(Debug)]
pub(crate) enum Seen {
    Text(Value),
    Bytes(Vec<u8>),
    Closed(u16),
    Lost,
}

pub(crate) struct Shard {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) seq: u64,
    pub(crate) session: String,
    pub(crate) resume_url: String,
}

impl Shard {
    pub(crate) async fn open(url: &str) -> Self {
        let (socket, _) = timeout(DEADLINE, connect_async(url))
            .await
            .unwrap()
            .unwrap();
        Self {
            socket,
            seq: 0,
            session: String::new(),
            resume_url: String::new(),
        }
    }

    /// Connected and greeted.
    pub(crate) async fn connect(stage: &Stage) -> Self {
        let url = format!("ws://{}/gateway/?v=10&encoding=json", stage.addr);
        let mut shard = Self::open(&url).await;
        shard.hello().await;
        shard
    }

    /// Identified, with all guilds there.
    pub(crate) async fn ready(stage: &Stage, intents: u64) -> (Self, Value) {
        let mut shard = Self::connect(stage).await;
        let guilds = shard.identify(intents, 0, 1).await;
        (shard, guilds)
    }

    pub(crate) async fn hello(&mut self) -> u64 {
        let hello = self.json().await;
        assert_eq!(hello["op"], 10, "{hello}");
        hello["d"]["heartbeat_interval"].as_u64().unwrap()
    }

    /// Identifies; READY's data and all guilds under `created`.
    pub(crate) async fn identify(&mut self, intents: u64, shard: u64, shards: u64) -> Value {
        self.send(&identify("token", intents, &json!([shard, shards])))
            .await;
        let mut ready = self.until("READY").await;
        self.session = text(&ready["session_id"]);
        self.resume_url = text(&ready["resume_gateway_url"]);
        let mut created = Vec::new();
        for _ in ready["guilds"].as_array().unwrap() {
            created.push(self.until("GUILD_CREATE").await);
        }
        ready["created"] = json!(created);
        ready
    }

    pub(crate) async fn send(&mut self, payload: &Value) {
        self.send_text(&payload.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: "".into(),
        };
        self.socket.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = timeout(DEADLINE, self.socket.next()).await.unwrap() {}
    }

    pub(crate) async fn next(&mut self) -> Seen {
        loop {
            let message = timeout(DEADLINE, self.socket.next())
                .await
                .expect("nothing came");
            return match message {
                Some(Ok(Message::Text(text))) => {
                    let value: Value = match serde_json::from_str(&text) {
                        Ok(value) => value,
                        Err(_) => return Seen::Bytes(text.as_bytes().to_vec()),
                    };
                    self.seq = value["s"].as_u64().unwrap_or(self.seq);
                    Seen::Text(value)
                }
                Some(Ok(Message::Binary(bytes))) => Seen::Bytes(bytes.to_vec()),
                Some(Ok(Message::Close(frame))) => {
                    Seen::Closed(frame.map_or(1005, |frame| u16::from(frame.code)))
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Seen::Lost,
            };
        }
    }

    /// The next payload.
    pub(crate) async fn json(&mut self) -> Value {
        match self.next().await {
            Seen::Text(value) => value,
            other => panic!("expected a payload: {other:?}"),
        }
    }

    /// The data of the next dispatch of this kind; others are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let payload = self.json().await;
            if payload["t"] == kind {
                return payload["d"].clone();
            }
        }
    }

    /// The kinds of all dispatches up to the one of this kind.
    pub(crate) async fn kinds_until(&mut self, kind: &str) -> Vec<String> {
        let mut kinds = Vec::new();
        loop {
            let payload = self.json().await;
            let Some(seen) = payload["t"].as_str() else {
                continue;
            };
            kinds.push(seen.to_owned());
            if seen == kind {
                return kinds;
            }
        }
    }

    /// The code with which the server closes; payloads before are passed over.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match self.next().await {
                Seen::Closed(code) => return code,
                Seen::Lost => panic!("lost without a close code"),
                Seen::Text(_) | Seen::Bytes(_) => {}
            }
        }
    }

    /// Waits until the socket is gone without a close code.
    pub(crate) async fn lost(&mut self) {
        loop {
            match self.next().await {
                Seen::Lost => return,
                Seen::Closed(code) => panic!("closed with {code}"),
                Seen::Text(_) | Seen::Bytes(_) => {}
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn identify(token: &str, intents: u64, shard: &Value) -> Value {
    let properties = json!({ "os": "linux", "browser": "test", "device": "test" });
    json!({ "op": 2, "d": { "token": token, "properties": properties, "intents": intents, "shard": shard } })
}

pub(crate) fn resume(session: &str, seq: u64) -> Value {
    json!({ "op": 6, "d": { "token": "token", "session_id": session, "seq": seq } })
}

use std::time::Duration;

use contracts::{StreamMessage, rpc::StreamToken};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::Response},
};

use crate::{
    browser::Browser,
    replica::{PATIENCE, Replica},
};

/// What a browser's kernel takes without being read: little, so that a reader that stops is noticed soon.
const RECEIVE_BUFFER: u32 = 8 << 10;

/// An open WebSocket, read by hand.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// What comes over a WebSocket.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Said(StreamMessage),
    Pong(Vec<u8>),
    /// Code and reason.
    Closed(u16, String),
    /// The connection broke off.
    Gone,
}

/// Name, id and payload of an event; a cursor has no name.
pub(crate) type Told = (String, String, Value);

impl Socket {
    pub(crate) async fn open(web: &Replica) -> Self {
        Self::connect(web, &web.url).await.unwrap()
    }

    /// Opens one as a page of this origin.
    pub(crate) async fn connect(
        web: &Replica,
        origin: &str,
    ) -> Result<Self, Box<Response<Option<Vec<u8>>>>> {
        let mut request = format!("ws://{}/api/ws", web.addr)
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
        let socket = socket.connect(web.addr).await.unwrap();
        match client_async(request, socket).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(answer)) => Err(answer),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one and authenticates; `more` is what it asks for.
    pub(crate) async fn stream(web: &Replica, browser: &Browser, more: Value) -> Self {
        let mut socket = Self::open(web).await;
        socket.auth(&token(browser).await, more).await;
        let ready = socket.hear().await;
        let Heard::Said(StreamMessage::Ready { v: 1, retry_ms }) = ready else {
            panic!("{ready:?}");
        };
        assert!((1_000..=5_000).contains(&retry_ms), "{retry_ms}");
        socket
    }

    pub(crate) async fn auth(&mut self, token: &str, more: Value) {
        let mut auth = json!({ "v": 1, "type": "auth", "token": token });
        auth.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.say(&auth).await;
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.send(Message::Text(message.to_string().into())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next thing that comes; pings are answered on the way.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let next = timeout(PATIENCE, self.0.next()).await.expect("it speaks");
            return match next {
                Some(Ok(Message::Text(text))) => Heard::Said(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Pong(data))) => Heard::Pong(data.to_vec()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    // Our own close goes out.
                    let _over = timeout(PATIENCE, self.0.next()).await;
                    Heard::Closed(frame.code.into(), frame.reason.to_string())
                }
                Some(Ok(Message::Ping(_))) => continue,
                Some(Ok(other)) => panic!("{other:?}"),
                None | Some(Err(_)) => Heard::Gone,
            };
        }
    }

    /// The next event or cursor, whatever is warned of.
    pub(crate) async fn told(&mut self) -> Told {
        let mut heard = self.hear().await;
        while let Heard::Said(StreamMessage::Warning { .. }) = heard {
            heard = self.hear().await;
        }
        match heard {
            Heard::Said(StreamMessage::Event {
                event, id, payload, ..
            }) => {
                let id = id.map(|id| id.to_string()).unwrap_or_default();
                (event, id, payload)
            }
            Heard::Said(StreamMessage::Cursor { id, .. }) => {
                (String::new(), id.to_string(), Value::Null)
            }
            other => panic!("{other:?}"),
        }
    }

    /// The next so many events, without cursors.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<Told> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            let told = self.told().await;
            if !told.0.is_empty() {
                events.push(told);
            }
        }
        events
    }

    /// What is said before the end, and how it ends.
    pub(crate) async fn end(&mut self) -> (Vec<StreamMessage>, Heard) {
        let mut said = Vec::new();
        loop {
            match self.hear().await {
                Heard::Said(message) => said.push(message),
                Heard::Pong(_) => {}
                end => return (said, end),
            }
        }
    }

    /// The code with which it is closed.
    pub(crate) async fn code(&mut self) -> u16 {
        match self.end().await.1 {
            Heard::Closed(code, _) => code,
            other => panic!("{other:?}"),
        }
    }
}

/// A token for this browser's session.
pub(crate) async fn token(browser: &Browser) -> String {
    let request = browser
        .request("POST", "/api/rpc/issueStreamToken")
        .header("origin", &browser.base)
        .json(&json!({}));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let token: StreamToken = answer.json().await.unwrap();
    token.token
}

/// Waits until a counter or gauge has come to at least this.
pub(crate) async fn metric(web: &Replica, name: &str, least: f64) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while web.metric(name) < least {
        assert!(tokio::time::Instant::now() < deadline, "{name} stays lower");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

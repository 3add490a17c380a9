mod bus;
mod limits;

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use ::link::{CallError, Client, Endpoint, Timing};
use async_trait::async_trait;
use contracts::{
    UserId,
    link::{Command, LinkError},
};
use environment::Secret;
use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use prometheus::Registry;
use serde_json::{Value, json, value::RawValue};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::Duration,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{ClientRequestBuilder, Error, Message, protocol::CloseFrame},
};

use super::*;

const TOKEN: &str = "the-token-that-is-in-use-01234567";
const PREVIOUS: &str = "the-token-that-it-replaces-012345";
const SOON: Duration = Duration::from_secs(20);

/// Does what the payload says: `wait` until the test lets it, `refuse`, `panic`, or nothing.
struct Obedient {
    begun: AtomicUsize,
    done: AtomicUsize,
    go: Semaphore,
}

#[async_trait]
impl Commands for Obedient {
    async fn call(&self, command: Command) -> Result<Box<RawValue>, CallError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let payload: Value = serde_json::from_str(command.payload.get()).unwrap();
        match payload["do"].as_str() {
            Some("wait") => self.go.acquire().await.unwrap().forget(),
            Some("refuse") => return Err(LinkError::new(403, "forbidden", "You may not.").into()),
            Some("panic") => panic!("this command panics"),
            _ => {}
        }
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(serde_json::value::to_raw_value(&command.idempotency_key).unwrap())
    }
}

struct Stage {
    addr: SocketAddr,
    commands: Arc<Obedient>,
    lifecycle: Lifecycle,
    metrics: Registry,
    ended: JoinHandle<bool>,
}

impl Stage {
    async fn new() -> Self {
        Self::serving(None, None).await
    }

    /// With a bus in memory and limits, if there is a bus; at an address, or at any.
    async fn serving(bus: Option<Arc<dyn EventBus>>, at: Option<SocketAddr>) -> Self {
        let lifecycle = Lifecycle::new();
        let commands = Arc::new(Obedient {
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            go: Semaphore::new(0),
        });
        let metrics = Registry::new();
        let link = Link {
            tokens: Tokens::new(Some(&TOKEN.into()), Some(&PREVIOUS.into())).unwrap(),
            commands: commands.clone(),
            shared: bus.map(|bus| Shared {
                bus,
                limits: Arc::new(::limits::MemoryLimits::default()),
            }),
            metrics: LinkMetrics::register(&metrics).unwrap(),
            lifecycle: lifecycle.clone(),
        };
        let at = at.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap());
        let listener = TcpListener::bind(at).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let server = crate::server::serve(
            listener,
            link.router(),
            crate::server::HEAD_WITHIN,
            lifecycle.clone(),
        );
        lifecycle.supervise("server", server);
        let running = lifecycle.clone();
        let ended = tokio::spawn(async move { running.run(std::future::pending(), SOON).await });
        Self {
            addr,
            commands,
            lifecycle,
            metrics,
            ended,
        }
    }

    /// Ends it where it stands, as a kill would.
    async fn die(&mut self) {
        self.lifecycle.abort().cancel();
        if !self.ended.is_finished() {
            let _ended = (&mut self.ended).await;
        }
    }

    fn client(&self) -> Client {
        let endpoint = Endpoint::new(&format!("ws://{}", self.addr), Secret::from(TOKEN));
        Client::new(endpoint.unwrap(), Timing::default())
    }

    async fn connect(&self, headers: &[(&str, &str)]) -> Result<Socket, Error> {
        let uri = format!("ws://{}/link", self.addr).parse().unwrap();
        let mut request = ClientRequestBuilder::new(uri);
        for (name, value) in headers {
            request = request.with_header(*name, *value);
        }
        Ok(Socket(connect_async(request).await?.0))
    }

    async fn socket(&self) -> Socket {
        let token = format!("Bearer {TOKEN}");
        self.connect(&[("Authorization", &token)]).await.unwrap()
    }

    async fn begun(&self, count: usize) {
        let begun = async {
            while self.commands.begun.load(Ordering::Relaxed) < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, begun).await.expect("they begin");
    }

    /// The sum of all values of a metric.
    fn measured(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let families = self.metrics.gather();
        let family = families.iter().find(|family| family.name() == name);
        let metrics = family
            .into_iter()
            .flat_map(prometheus::proto::MetricFamily::get_metric);
        let matching = metrics.filter(|metric| {
            labels.iter().all(|(name, value)| {
                let mut own = metric.get_label().iter();
                own.any(|label| label.name() == *name && label.value() == *value)
            })
        });
        matching
            .map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
            .sum()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.lifecycle.abort().cancel();
    }
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn say(&mut self, text: impl Into<String>) {
        self.0
            .send(Message::Text(text.into().into()))
            .await
            .unwrap();
    }

    /// The next message, as JSON.
    async fn hear(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(SOON, self.0.next())
                .await
                .expect("in time");
            match next.expect("it is open").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The code with which it is closed.
    async fn closed(&mut self) -> u16 {
        loop {
            let next = tokio::time::timeout(SOON, self.0.next())
                .await
                .expect("in time");
            match next {
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return code.into(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn command(what: &str, key: &str) -> Command {
    Command {
        command: "createRoom".into(),
        payload: RawValue::from_string(json!({"guildId": "1", "do": what}).to_string()).unwrap(),
        actor: UserId::new(2),
        idempotency_key: key.into(),
        trace: None,
    }
}

fn message(id: &str, what: &str) -> String {
    json!({"type": "command", "requestId": id, "ts": 1, "data": command(what, id)}).to_string()
}

#[tokio::test]
async fn nothing_is_told_to_who_has_no_token() {
    let stage = Stage::new().await;
    for (authorization, version, status) in [
        (None, None, 401),
        (Some("Bearer "), None, 401),
        (Some("Bearer the-token-that-is-in-use-01234568"), None, 401),
        (Some(TOKEN), None, 401),
        (Some(&*format!("Bearer {TOKEN}")), None, 101),
        (Some(&*format!("Bearer {PREVIOUS}")), None, 101),
        (
            Some(&*format!("Bearer {TOKEN}")),
            Some("fanfare.link.v9"),
            400,
        ),
        (None, Some("fanfare.link.v9"), 401),
    ] {
        let mut headers = Vec::new();
        headers.extend(authorization.map(|value| ("Authorization", value)));
        headers.extend(version.map(|value| ("Sec-WebSocket-Protocol", value)));
        let told = match stage.connect(&headers).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(told, status, "{authorization:?} {version:?}");
    }
    assert_eq!(
        stage.measured("fanfare_link_refused_total", &[("reason", "token")]) as u32,
        5
    );
}

#[tokio::test]
async fn every_command_gets_its_one_answer() {
    let stage = Stage::new().await;
    let client = stage.client();
    let keys: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let answers = join_all(keys.iter().map(|key| client.command(command("", key)))).await;
    for (key, answer) in keys.iter().zip(answers) {
        assert_eq!(answer.unwrap().get(), format!("\"{key}\""));
    }
    let refused = client.command(command("refuse", "k")).await.unwrap_err();
    assert_eq!(
        refused,
        CallError::Refused(LinkError::new(403, "forbidden", "You may not."))
    );
    let CallError::Refused(error) = client.command(command("panic", "k")).await.unwrap_err() else {
        panic!("an error");
    };
    assert_eq!(error.code, "internal");
    let CallError::Refused(error) = client.ask("format.disk", &json!({})).await.unwrap_err() else {
        panic!("an error");
    };
    assert_eq!(error.code, "unknown-command");
    assert_eq!(stage.measured("fanfare_link_connections", &[]) as u32, 1);
    let done = [("command", "createRoom"), ("outcome", "done")];
    assert_eq!(
        stage.measured("fanfare_link_commands_total", &done) as u32,
        200
    );
}

#[tokio::test]
async fn who_does_not_speak_link_is_told_and_closed() {
    let stage = Stage::new().await;
    let no_id = json!({"type": "command", "ts": 1, "data": command("", "k")}).to_string();
    let ack = json!({"type": "ack", "requestId": "r", "ts": 1, "data": {"result": 1}}).to_string();
    for (text, code) in [
        ("createRoom", "invalid-message"),
        (&*no_id, "missing-request-id"),
        (&*ack, "unexpected-message"),
    ] {
        let mut socket = stage.socket().await;
        socket.say(text).await;
        let told = socket.hear().await;
        assert_eq!(
            (&told["type"], &told["data"]["code"]),
            (&json!("error"), &json!(code))
        );
        assert!(told.get("requestId").is_none());
        assert_eq!(socket.closed().await, 1008);
    }
    let mut socket = stage.socket().await;
    socket
        .0
        .send(Message::Binary(vec![1].into()))
        .await
        .unwrap();
    assert_eq!(socket.closed().await, 1003);
    let mut socket = stage.socket().await;
    socket.say("x".repeat(MAX_MESSAGE + 1)).await;
    assert_eq!(socket.closed().await, 1009);
    assert_eq!(stage.commands.begun.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn too_many_commands_at_once_are_refused_and_the_rest_is_done() {
    let stage = Stage::new().await;
    let mut socket = stage.socket().await;
    let most = connection::IN_FLIGHT;
    for n in 0..most {
        socket.say(message(&n.to_string(), "wait")).await;
    }
    socket.say(message("surplus", "wait")).await;
    let told = socket.hear().await;
    assert_eq!(
        (&told["requestId"], &told["data"]["code"]),
        (&json!("surplus"), &json!("overloaded"))
    );
    assert_eq!(told["data"]["status"], 503);
    stage.commands.go.add_permits(most);
    for _ in 0..most {
        assert_eq!(socket.hear().await["type"], "ack");
    }
    socket.say(message("later", "")).await;
    assert_eq!(socket.hear().await["requestId"], "later");
}

#[tokio::test]
async fn a_stopping_gateway_finishes_what_is_under_way_and_takes_no_more() {
    let mut stage = Stage::new().await;
    let mut socket = stage.socket().await;
    socket.say(message("under-way", "wait")).await;
    stage.begun(1).await;
    stage.lifecycle.begin_drain();
    socket.say(message("late", "wait")).await;
    let told = socket.hear().await;
    assert_eq!(
        (&told["requestId"], &told["data"]["code"]),
        (&json!("late"), &json!("elsewhere"))
    );
    stage.commands.go.add_permits(1);
    let told = socket.hear().await;
    assert_eq!(
        (&told["requestId"], &told["type"]),
        (&json!("under-way"), &json!("ack"))
    );
    assert_eq!(socket.closed().await, 1001);
    assert!(
        (&mut stage.ended).await.unwrap(),
        "it ends in time and well"
    );
    assert_eq!(stage.commands.done.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_command_is_done_to_its_end_although_nobody_waits_for_it() {
    let mut stage = Stage::new().await;
    let mut socket = stage.socket().await;
    socket.say(message("r", "wait")).await;
    stage.begun(1).await;
    drop(socket);
    stage.lifecycle.begin_drain();
    stage.commands.go.add_permits(1);
    assert!((&mut stage.ended).await.unwrap());
    assert_eq!(stage.commands.done.load(Ordering::Relaxed), 1);
}

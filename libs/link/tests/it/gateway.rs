//! A gateway that answers by a test's word.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use contracts::{
    UserId,
    link::{Ack, Body, Command, LinkError, Message as LinkMessage},
};
use environment::Secret;
use futures_util::{SinkExt as _, StreamExt as _};
use link::{Endpoint, Timing};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
    time::{Instant, sleep},
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
    },
};

pub(crate) const TOKEN: &str = "a-token-of-thirty-two-characters";

/// Short, so that a test of what takes too long is soon over.
pub(crate) fn timing() -> Timing {
    Timing {
        connect: Duration::from_secs(10),
        reach: Duration::from_millis(400),
        call: Duration::from_millis(800),
        ping: Duration::from_millis(100),
        silence: Duration::from_millis(500),
        pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(50),
        hand_over: Duration::from_millis(600),
    }
}

/// What it does with a command.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Ack(&'static str),
    Error(LinkError),
    /// Nothing at all.
    Silence,
    /// The connection breaks.
    Break,
}

/// A server on a port of its own.
pub(crate) struct Gateway {
    pub(crate) addr: SocketAddr,
    /// How often it was connected to, and how many commands came.
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) commands: Arc<Mutex<Vec<String>>>,
    reply: Arc<Mutex<Reply>>,
    /// Neither reads nor answers any more, pings included.
    pub(crate) frozen: Arc<AtomicBool>,
    events: broadcast::Sender<String>,
    task: tokio::task::JoinHandle<()>,
}

impl Gateway {
    pub(crate) async fn start(reply: Reply) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), reply).await
    }

    pub(crate) async fn at(addr: SocketAddr, reply: Reply) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (events, _) = broadcast::channel(16);
        let mut gateway = Self {
            addr,
            connections: Arc::default(),
            commands: Arc::default(),
            reply: Arc::new(Mutex::new(reply)),
            frozen: Arc::default(),
            events,
            task: tokio::spawn(async {}),
        };
        let (connections, commands) = (
            Arc::clone(&gateway.connections),
            Arc::clone(&gateway.commands),
        );
        let (reply, frozen) = (Arc::clone(&gateway.reply), Arc::clone(&gateway.frozen));
        let events = gateway.events.clone();
        gateway.task = tokio::spawn(async move {
            // Dropped with the task, and with it every connection.
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                open.spawn(serve(
                    stream,
                    Arc::clone(&commands),
                    Arc::clone(&reply),
                    Arc::clone(&frozen),
                    events.subscribe(),
                ));
            }
        });
        gateway
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.addr)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(&self.url(), Secret::from(TOKEN)).unwrap()
    }

    pub(crate) fn answer(&self, reply: Reply) {
        *self.reply.lock() = reply;
    }

    pub(crate) fn event(&self, data: &str) {
        let text = format!(r#"{{"type":"event","ts":1,"data":{data}}}"#);
        self.events.send(text).unwrap();
    }

    pub(crate) fn received(&self) -> usize {
        self.commands.lock().len()
    }

    pub(crate) fn connected(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Is gone, with all its connections.
    pub(crate) async fn stop(self) {
        self.task.abort();
        let _aborted = (&mut { self }.task).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the signature is that of the handshake's callback"
)]
fn judge(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    if header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        let mut refused = ErrorResponse::new(None);
        *refused.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::UNAUTHORIZED;
        return Err(refused);
    }
    assert_eq!(request.uri().path(), "/link");
    let protocol = header("sec-websocket-protocol").unwrap().parse().unwrap();
    response
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    Ok(response)
}

async fn serve(
    stream: TcpStream,
    commands: Arc<Mutex<Vec<String>>>,
    reply: Arc<Mutex<Reply>>,
    frozen: Arc<AtomicBool>,
    mut events: broadcast::Receiver<String>,
) {
    let Ok(mut socket) = accept_hdr_async(stream, judge).await else {
        return;
    };
    loop {
        if frozen.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let message = tokio::select! {
            message = socket.next() => message,
            event = events.recv() => {
                socket.send(Message::Text(event.unwrap().into())).await.unwrap();
                continue;
            }
        };
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => continue,
            _ => return,
        };
        let asked: LinkMessage = serde_json::from_str(&text).unwrap();
        commands.lock().push(text.to_string());
        let reply = reply.lock().clone();
        let body = match reply {
            Reply::Ack(result) => Body::Ack(Ack {
                result: RawValue::from_string(result.into()).unwrap(),
            }),
            Reply::Error(error) => Body::Error(error),
            Reply::Silence => continue,
            Reply::Break => return,
        };
        let answer = LinkMessage {
            body,
            request_id: asked.request_id,
            ts: 1,
        };
        let answer = serde_json::to_string(&answer).unwrap();
        socket.send(Message::Text(answer.into())).await.unwrap();
    }
}

/// A command in guild 1.
pub(crate) fn command(key: &str) -> Command {
    Command {
        command: "createRoom".into(),
        payload: RawValue::from_string(r#"{"guildId":"1"}"#.into()).unwrap(),
        actor: UserId::new(2),
        idempotency_key: key.into(),
        trace: None,
    }
}

pub(crate) fn elsewhere() -> Reply {
    Reply::Error(LinkError::new(503, LinkError::ELSEWHERE, "not here"))
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !so().await {
        assert!(Instant::now() < deadline, "{what}: not in time");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Fails where something that should happen soon does not.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let soon = tokio::time::timeout(Duration::from_secs(20), future).await;
    soon.expect("in time")
}

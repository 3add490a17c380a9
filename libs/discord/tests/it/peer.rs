//! The other side of the socket: a Gateway that does what a test says.

use std::time::Duration;

use flate2::{Compress, FlushCompress};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::CloseFrame,
    },
};
use zstd_safe::{CCtx, InBuffer, OutBuffer, zstd_sys::ZSTD_EndDirective};

/// Longer than anything takes, short enough that a stuck test ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it happens in time")
}

/// A listening Gateway.
pub(crate) struct Gateway {
    listener: TcpListener,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/gateway", self.listener.local_addr().unwrap())
    }

    /// The next connection, with its handshake done.
    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        let mut uri = String::new();
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let note = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            uri = request.uri().to_string();
            Ok(response)
        };
        let socket = soon(accept_hdr_async(stream, note)).await.unwrap();
        let coder = Coder::of(&uri);
        Peer { socket, uri, coder }
    }

    /// Accepts and hangs up before the handshake.
    pub(crate) async fn refuse(&self) {
        drop(soon(self.listener.accept()).await.unwrap());
    }

    /// Accepts, greets and takes the IDENTIFY, up to READY.
    pub(crate) async fn establish(&self, session: &str, resume_url: &str) -> Peer {
        let mut peer = self.accept().await;
        peer.hello(60_000).await;
        peer.expect(2).await;
        peer.ready(session, resume_url).await;
        peer
    }

    /// Accepts, greets and takes the RESUME; returns its payload.
    pub(crate) async fn resumed(&self) -> (Peer, Value) {
        let mut peer = self.accept().await;
        peer.hello(60_000).await;
        let resume = peer.expect(6).await;
        (peer, resume)
    }
}

/// One connection.
pub(crate) struct Peer {
    socket: WebSocketStream<TcpStream>,
    pub(crate) uri: String,
    coder: Coder,
}

impl Peer {
    pub(crate) async fn send(&mut self, value: Value) {
        let message = self.coder.encode(&value.to_string());
        soon(self.socket.send(message)).await.unwrap();
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        soon(self.socket.send(message)).await.unwrap();
    }

    pub(crate) async fn hello(&mut self, heartbeat_interval: u64) {
        self.send(json!({"op": 10, "d": {"heartbeat_interval": heartbeat_interval}}))
            .await;
    }

    pub(crate) async fn ready(&mut self, session: &str, resume_url: &str) {
        self.dispatch(
            0,
            "READY",
            json!({
                "v": 10, "user": {"id": "9", "username": "bot"}, "guilds": [{"id": "1"}],
                "session_id": session, "resume_gateway_url": resume_url,
            }),
        )
        .await;
    }

    pub(crate) async fn dispatch(&mut self, seq: u64, name: &str, d: Value) {
        self.send(json!({"op": 0, "s": seq, "t": name, "d": d}))
            .await;
    }

    pub(crate) async fn typing(&mut self, seq: u64) {
        let d = json!({"channel_id": "5", "user_id": "2", "guild_id": "1", "timestamp": seq});
        self.dispatch(seq, "TYPING_START", d).await;
    }

    /// The next payload, which must have this opcode; heartbeats in between pass unless asked for.
    pub(crate) async fn expect(&mut self, op: u64) -> Value {
        loop {
            let message = soon(self.socket.next())
                .await
                .expect("a message")
                .expect("a frame");
            let Message::Text(text) = message else {
                panic!("op {op}, not {message:?}")
            };
            let value: Value = serde_json::from_str(&text).unwrap();
            if value["op"] == op {
                return value["d"].clone();
            }
            assert_eq!(value["op"], 1, "op {op} or a heartbeat");
        }
    }

    /// The opcodes that the client sends before it closes or is gone.
    pub(crate) async fn last_words(&mut self) -> Vec<u64> {
        let mut ops = vec![];
        while let Some(Ok(Message::Text(text))) = soon(self.socket.next()).await {
            let value: Value = serde_json::from_str(&text).unwrap();
            ops.push(value["op"].as_u64().unwrap());
        }
        ops
    }

    /// The code of the client's close; `None` = the socket was dropped without one.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        soon(self.socket.close(Some(frame))).await.unwrap();
        while let Some(Ok(_)) = soon(self.socket.next()).await {}
    }
}

/// What a connection's query asks for.
enum Coder {
    Plain,
    Zlib(Compress),
    Zstd(CCtx<'static>),
}

impl Coder {
    fn of(uri: &str) -> Self {
        if uri.contains("compress=zlib-stream") {
            Self::Zlib(Compress::new(flate2::Compression::default(), true))
        } else if uri.contains("compress=zstd-stream") {
            Self::Zstd(CCtx::create())
        } else {
            Self::Plain
        }
    }

    fn encode(&mut self, text: &str) -> Message {
        let mut room = vec![0; text.len() + 4096];
        match self {
            Self::Plain => return Message::text(text),
            Self::Zlib(context) => {
                room.clear();
                context
                    .compress_vec(text.as_bytes(), &mut room, FlushCompress::Sync)
                    .unwrap();
            }
            Self::Zstd(context) => {
                let mut output = OutBuffer::around(room.as_mut_slice());
                let mut input = InBuffer::around(text.as_bytes());
                let end = ZSTD_EndDirective::ZSTD_e_flush;
                let left = context
                    .compress_stream2(&mut output, &mut input, end)
                    .unwrap();
                assert_eq!(left, 0);
                let written = output.pos();
                room.truncate(written);
            }
        }
        Message::binary(room)
    }
}

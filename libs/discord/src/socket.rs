use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        self, Message,
        protocol::{CloseFrame, WebSocketConfig},
    },
};
use url::Url;

use crate::{
    Timing, close,
    end::End,
    limit::{MAX_PAYLOAD, SendLimit, Urgency},
};

/// The largest message on the wire, in bytes: as much as it may be after decompression.
const MAX_WIRE: usize = 64 << 20;

/// One reader of few, small messages needs no more, in bytes.
const BUFFER: usize = 32 << 10;

/// An open WebSocket to the Gateway that keeps to Discord's limits.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    limit: SendLimit,
    timing: Timing,
}

/// Whether a frame left.
#[must_use]
pub(crate) enum Sent {
    /// It did.
    Yes,
    /// The limit has no room for it before then.
    NotBefore(Instant),
}

impl Socket {
    /// Opens it: TCP, TLS and WebSocket within one time-out.
    pub(crate) async fn open(url: &Url, timing: &Timing) -> Result<Self, End> {
        // Fails where the process has chosen a provider already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_WIRE))
            .max_frame_size(Some(MAX_WIRE));
        let connected = connect_async_with_config(url.as_str(), Some(config), true);
        match timeout(timing.connect, connected).await {
            Ok(Ok((stream, _))) => Ok(Self {
                stream,
                limit: SendLimit::default(),
                timing: timing.clone(),
            }),
            Ok(Err(error)) => Err(End::Unreachable(error.to_string())),
            Err(_) => Err(End::Unreachable("no answer in time".into())),
        }
    }

    /// The next message. May be dropped while waiting.
    pub(crate) async fn next(&mut self) -> Result<Message, End> {
        match self.stream.next().await {
            Some(Ok(Message::Close(frame))) => {
                Err(End::Closed(frame.map(|frame| u16::from(frame.code))))
            }
            Some(Ok(message)) => Ok(message),
            Some(Err(tungstenite::Error::Capacity(error))) => {
                Err(End::Malformed(error.to_string()))
            }
            Some(Err(error)) => Err(End::Lost(error.to_string())),
            None => Err(End::Lost("end of stream".into())),
        }
    }

    /// Sends a text frame, if the limit allows it now.
    pub(crate) async fn send(&mut self, payload: String, urgency: Urgency) -> Result<Sent, End> {
        if payload.len() > MAX_PAYLOAD {
            return Err(End::Malformed(
                "what we would send is larger than 4096 bytes".into(),
            ));
        }
        if let Err(until) = self.limit.take(urgency, Instant::now()) {
            return Ok(Sent::NotBefore(until));
        }
        match timeout(self.timing.send, self.stream.send(payload.into())).await {
            Ok(Ok(())) => Ok(Sent::Yes),
            Ok(Err(error)) => Err(End::Lost(error.to_string())),
            Err(_) => Err(End::Lost("nothing could be sent in time".into())),
        }
    }

    /// Closes it so that the session can be resumed, and waits a moment for the other side.
    pub(crate) async fn close(mut self) {
        let farewell = async {
            let frame = CloseFrame {
                code: close::RESUMABLE.into(),
                reason: "".into(),
            };
            if self.stream.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        if timeout(self.timing.close, farewell).await.is_err() {
            tracing::debug!(
                component = "Gateway",
                "The closing handshake was not answered"
            );
        }
    }
}

use std::time::Duration;

use contracts::link::{Ack, Body, Message as LinkMessage};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        ClientRequestBuilder, Error, Message,
        http::{StatusCode, Uri},
        protocol::{CloseFrame, WebSocketConfig},
    },
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Listener,
    waiting::{Sending, Waiting},
};
use crate::{Endpoint, MAX_ANSWER, PROTOCOL, Timing};

/// Few readers of mostly small messages need no more, in bytes.
const BUFFER: usize = 16 << 10;

/// How long a message may take to leave: the gateway reads all the time.
const WRITE: Duration = Duration::from_secs(10);

/// How long the gateway may take to answer a farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// A request on its way out.
pub(super) struct Outgoing {
    pub(super) text: String,
    pub(super) sending: Sending,
}

/// An open WebSocket to a gateway.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens it, or says why not.
    pub(super) async fn open(endpoint: &Endpoint, timing: &Timing) -> Result<Self, String> {
        // Fails where the process has chosen a provider already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(MAX_ANSWER))
            .max_frame_size(Some(MAX_ANSWER));
        let uri: Uri = endpoint
            .address()
            .parse()
            .map_err(|_| "its address can't be used".to_owned())?;
        let authorization = format!("Bearer {}", endpoint.token.expose());
        let request = ClientRequestBuilder::new(uri)
            .with_header("Authorization", authorization)
            .with_sub_protocol(PROTOCOL);
        let connected = connect_async_with_config(request, Some(config), true);
        match timeout(timing.connect, connected).await {
            Ok(Ok((stream, _))) => Ok(Self(stream)),
            Ok(Err(Error::Http(response))) => Err(match response.status() {
                StatusCode::UNAUTHORIZED => {
                    "the gateway does not accept LINK_TOKEN: it must be the same there".to_owned()
                }
                StatusCode::NOT_FOUND => {
                    "the gateway serves no LINK: it needs LINK_TOKEN too".to_owned()
                }
                status => format!("the gateway answers {status}"),
            }),
            // The request is in the error of a wrong one, and with it the token.
            Ok(Err(Error::Io(error))) => Err(error.to_string()),
            Ok(Err(Error::Tls(error))) => Err(error.to_string()),
            Ok(Err(_)) => Err("it does not speak LINK".to_owned()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    /// Sends what is queued and hands out what comes, until one of the two ends; why it did.
    pub(super) async fn run(
        self,
        mut queue: mpsc::Receiver<Outgoing>,
        waiting: &Waiting,
        timing: &Timing,
        closed: &CancellationToken,
        listener: &mut dyn Listener,
    ) -> String {
        let (mut sink, mut stream) = self.0.split();
        let writing = async {
            let mut ping = interval(timing.ping);
            ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let message = tokio::select! {
                    outgoing = queue.recv() => match outgoing {
                        Some(outgoing) if outgoing.sending.settle() => Message::Text(outgoing.text.into()),
                        // The caller has given it up.
                        Some(_) => continue,
                        None => return "the client is closed".to_owned(),
                    },
                    _ = ping.tick() => Message::Ping(Vec::new().into()),
                    () = closed.cancelled() => return "the client is closed".to_owned(),
                };
                match timeout(WRITE, sink.send(message)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "nothing could be sent in time".to_owned(),
                }
            }
        };
        let reading = async {
            loop {
                let message = match timeout(timing.silence, stream.next()).await {
                    Ok(Some(Ok(message))) => message,
                    Ok(Some(Err(error))) => return error.to_string(),
                    Ok(None) => return "it was closed".to_owned(),
                    Err(_) => return "nothing came for too long".to_owned(),
                };
                match message {
                    Message::Text(text) => read(text.as_str(), waiting, listener),
                    Message::Close(Some(CloseFrame { code, reason })) => {
                        return format!("the gateway closed it: {} {reason}", u16::from(code));
                    }
                    Message::Close(None) => return "the gateway closed it".to_owned(),
                    _ => {}
                }
            }
        };
        let why = tokio::select! {
            why = writing => why,
            why = reading => why,
        };
        let _left = timeout(FAREWELL, sink.close()).await;
        why
    }
}

fn read(text: &str, waiting: &Waiting, listener: &mut dyn Listener) {
    match serde_json::from_str::<LinkMessage>(text) {
        Ok(LinkMessage {
            body, request_id, ..
        }) => match (body, request_id) {
            (Body::Event(data), _) => listener.event(data),
            (Body::Ack(Ack { result }), Some(id)) => waiting.answer(&id, Ok(result)),
            (Body::Error(error), Some(id)) => waiting.answer(&id, Err(error)),
            (Body::Error(error), None) => {
                warn!(component = "WS", %error, "the gateway complains");
            }
            // A gateway of another version may say more.
            _ => {}
        },
        Err(error) => warn!(component = "WS", %error, "the gateway says something unreadable"),
    }
}

//! Serves LINK: the WebSocket over which web asks for what users want done.

mod advertise;
mod answer;
mod connection;
mod metrics;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::Arc;

use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{WebSocket, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use event_bus::EventBus;
use lifecycle::Lifecycle;
use limits::Limits;
use link::{Commands, PATH, PROTOCOL};
use tokio::sync::Semaphore;
use tracing::{info, warn};

pub(crate) use advertise::advertised;
pub(crate) use metrics::LinkMetrics;
pub(crate) use tokens::Tokens;

/// Connections at once, a few for each replica of web; a further one is answered 503.
const CONNECTIONS: usize = 512;

/// The largest message that is taken, in bytes. Inputs are small.
const MAX_MESSAGE: usize = 64 << 10;

/// The largest message that is read, so that whoever sends one that is too large is told why the connection ends. A larger
/// one ends it without a word.
const MAX_READ: usize = 4 * MAX_MESSAGE;

/// Bytes that a connection reads at once, and gathers before it writes.
const BUFFER: usize = 16 << 10;

/// What is served to whoever shows the token.
pub(crate) struct Link {
    pub(crate) tokens: Tokens,
    pub(crate) commands: Arc<dyn Commands>,
    pub(crate) shared: Option<Shared>,
    pub(crate) metrics: LinkMetrics,
    pub(crate) lifecycle: Lifecycle,
}

/// What web shares over LINK in a deployment without Redis: this gateway holds it in memory for all replicas.
pub(crate) struct Shared {
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) limits: Arc<dyn Limits>,
}

struct Served {
    link: Link,
    places: Arc<Semaphore>,
}

impl Link {
    /// The route of LINK.
    pub(crate) fn router(self) -> Router {
        let served = Served {
            link: self,
            places: Arc::new(Semaphore::new(CONNECTIONS)),
        };
        Router::new()
            .route(PATH, any(open))
            .with_state(Arc::new(served))
    }
}

/// Judges the token before anything else, so that nothing is told to who has none.
async fn open(
    State(served): State<Arc<Served>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let metrics = &served.link.metrics;
    if !served.link.tokens.accept(&headers) {
        metrics.refused("token");
        warn!(
            component = "WS",
            "LINK was asked for without its token: LINK_TOKEN must be the same at web and gateway"
        );
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) && !speaks_ours(&headers) {
        metrics.refused("version");
        let message = format!("this gateway speaks {PROTOCOL}");
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    if served.link.lifecycle.drain().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "this gateway is stopping").into_response();
    }
    let Ok(place) = Arc::clone(&served.places).try_acquire_owned() else {
        metrics.refused("full");
        return (StatusCode::SERVICE_UNAVAILABLE, "too many connections").into_response();
    };
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(MAX_READ)
        .max_frame_size(MAX_READ)
        .on_upgrade(async move |socket: WebSocket| {
            // The upgrade runs in a task that nobody waits for; from here on somebody does.
            let lifecycle = served.link.lifecycle.clone();
            lifecycle.track(async move {
                let open = served.link.metrics.opened();
                info!(component = "WS", "LINK is open");
                connection::serve(socket, &served.link).await;
                drop((open, place));
            });
        })
}

fn speaks_ours(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let offered = offered.filter_map(|value| value.to_str().ok());
    offered
        .flat_map(|list| list.split(','))
        .any(|protocol| protocol.trim() == PROTOCOL)
}

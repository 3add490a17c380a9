use std::{
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::Router;
use http::Request;
use hyper::{body, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use lifecycle::CancellationToken;
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit, time::Instant};
use tower::util::MapRequest;
use tracing::trace;

use super::{addresses::Counted, patient::Patient};
use crate::{client_address::Peer, metrics::Metrics, patience::Patience};

/// How long the head of a request may take, and how long a connection may be idle: longer than the 60 s of common load
/// balancers, which otherwise send requests into connections that are being closed.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(65);

/// Longest head of a request; hyper answers 431 beyond it.
const BUFFER: usize = 32 << 10;

/// Most headers of a request.
const HEADERS: usize = 64;

/// How connections are closed.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// Cancelled when no request is awaited any more.
    pub(super) begun: CancellationToken,
    /// When what still runs is cut off, for instance a stream whose reader has stopped reading; set before.
    pub(super) latest: OnceLock<Instant>,
}

/// A connection that was accepted.
pub(super) struct Incoming {
    pub(super) socket: TcpStream,
    pub(super) peer: Peer,
    pub(super) kept: Kept,
}

/// A connection's place among all and among those of its address, free when the last clone is dropped. Whoever takes a
/// connection over from HTTP finds it among the extensions of the request and keeps it as long as the connection.
#[derive(Debug, Clone)]
pub(crate) struct Kept(#[expect(dead_code, reason = "held until it is dropped")] Arc<Places>);

/// See [`Kept`].
#[derive(Debug)]
struct Places {
    _among_all: OwnedSemaphorePermit,
    _of_its_address: Counted,
}

impl Kept {
    pub(super) fn new(among_all: OwnedSemaphorePermit, of_its_address: Counted) -> Self {
        Self(Arc::new(Places {
            _among_all: among_all,
            _of_its_address: of_its_address,
        }))
    }
}

/// Serves one connection until it ends, or until it is closed, then no longer than what runs.
pub(super) async fn serve(
    incoming: Incoming,
    router: Router,
    head_within: Duration,
    closing: Arc<Closing>,
    metrics: Arc<Metrics>,
) {
    let Incoming { socket, peer, kept } = incoming;
    // Events are small and must not wait for each other.
    let _best_effort = socket.set_nodelay(true);
    let patience = Patience::default();
    let patient = Patient::new(socket, patience.clone(), metrics.socket_wait());
    let of_connection = (patience.clone(), kept.clone());
    let service = MapRequest::new(router, move |mut request: Request<body::Incoming>| {
        let (patience, kept) = of_connection.clone();
        let extensions = request.extensions_mut();
        extensions.insert(patience);
        extensions.insert(kept);
        extensions.insert(peer);
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .max_buf_size(BUFFER)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(patient), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = closing.begun.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let latest = closing.latest.get().copied().unwrap_or_else(Instant::now);
            tokio::time::timeout_at(latest, connection).await.unwrap_or(Ok(()))
        }
    };
    if patience.is_over() {
        metrics.slow_consumer_closed();
    }
    if let Err(error) = outcome {
        trace!(component = "WS", %error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests;

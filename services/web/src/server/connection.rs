use std::{pin::pin, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use lifecycle::CancellationToken;
use tokio::net::TcpStream;
use tracing::trace;

use super::patient::Patient;

/// How long the head of a request may take, and how long a connection may be idle: longer than the 60 s of common load
/// balancers, which otherwise send requests into connections that are being closed.
const HEAD_TIMEOUT: Duration = Duration::from_secs(65);

/// Longest head of a request; hyper answers 431 beyond it.
const BUFFER: usize = 32 << 10;

/// Most headers of a request.
const HEADERS: usize = 64;

/// Serves one connection until it ends, or until `closing`, then no longer than what runs.
pub(super) async fn serve(socket: TcpStream, router: Router, closing: CancellationToken) {
    // Events are small and must not wait for each other.
    let _best_effort = socket.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER)
        .max_headers(HEADERS)
        .serve_connection(
            TokioIo::new(Patient::new(socket)),
            TowerToHyperService::new(router),
        )
        .with_upgrades();
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        trace!(component = "WS", %error, "a connection broke off");
    }
}

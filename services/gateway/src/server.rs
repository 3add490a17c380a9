//! The server of the gateway's port: so many connections, none of which takes its time with a request.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use lifecycle::{CancellationToken, Lifecycle};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tracing::{debug, warn};

/// Most connections at once, LINK's excepted, which are counted for themselves; further ones wait in the kernel.
const CONNECTIONS: usize = 1_024;

/// How long the head of a request may take, and how long a connection may be idle.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Longest head of a request; hyper answers 431 beyond it.
const BUFFER: usize = 16 << 10;

/// Most headers of a request.
const HEADERS: usize = 64;

/// How long requests that are under way are waited for at the end.
const LAST: Duration = Duration::from_secs(5);

/// Pause after an accept that failed (for want of file descriptors, or because the connection was gone already).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until the drain.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    head_within: Duration,
    lifecycle: Lifecycle,
) -> io::Result<()> {
    let (drain, places) = (lifecycle.drain(), Arc::new(Semaphore::new(CONNECTIONS)));
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = drain.cancelled() => return Ok(()),
            accepted = accepted => accepted,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                warn!(component = "Gateway", %error, "a connection can't be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (router, drain) = (router.clone(), drain.clone());
        lifecycle.track(async move {
            let _place = place;
            connection(socket, router, head_within, drain).await;
        });
    }
}

/// Serves one connection until it ends or is upgraded; once the drain has begun no longer than what is under way.
async fn connection(
    socket: TcpStream,
    router: Router,
    head_within: Duration,
    drain: CancellationToken,
) {
    // LINK's messages are small and each is waited for.
    let _best_effort = socket.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .max_buf_size(BUFFER)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            timeout(LAST, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = outcome {
        debug!(component = "Gateway", %error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// How long a head may take here.
    const WITHIN: Duration = Duration::from_millis(300);

    async fn client(lifecycle: &Lifecycle) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "here"));
        lifecycle.supervise("server", serve(listener, router, WITHIN, lifecycle.clone()));
        TcpStream::connect(address).await.unwrap()
    }

    /// What is answered until the connection is closed, in time.
    async fn answer(client: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        let read = timeout(WITHIN * 10, client.read_to_end(&mut answer)).await;
        // A connection may also be cut off.
        let _read = read.expect("it is closed");
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn who_sends_no_head_or_half_of_one_or_nothing_more_is_not_waited_for() {
        let lifecycle = Lifecycle::new();
        for (sent, said) in [
            ("", ""),
            ("GET / HTTP/1.1\r\nHost: a\r\nX-Sl", ""),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "here"),
        ] {
            let mut client = client(&lifecycle).await;
            client.write_all(sent.as_bytes()).await.unwrap();
            let answer = answer(&mut client).await;
            assert!(answer.ends_with(said), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
        let lifecycle = Lifecycle::new();
        let (mut read, mut write) = client(&lifecycle).await.into_split();
        let slow = tokio::spawn(async move {
            while write.write_all(b"G").await.is_ok() {
                sleep(WITHIN / 10).await;
            }
        });
        let mut answer = Vec::new();
        let over = timeout(WITHIN * 10, read.read_to_end(&mut answer)).await;
        let _read = over.expect("it is closed");
        slow.abort();
    }
}

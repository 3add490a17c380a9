//! Accepts connections: so many, with time-outs, and until the last stream has ended.

mod connection;
mod patient;

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use lifecycle::{CancellationToken, Lifecycle};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, sleep, sleep_until},
};
use tracing::{info, warn};

use crate::{metrics::Metrics, streams::Streams};
use connection::Closing;

/// Most connections at once; further ones wait in the kernel.
const CONNECTIONS: usize = 25_000;

/// How long requests are still answered after the drain began: so long load balancers may need to notice.
const LINGER: Duration = Duration::from_millis(500);

/// The part of the grace period after which the listener is closed whatever is still open.
const ACCEPT_SHARE: f64 = 0.8;

/// The part of the grace period after which connections are cut off.
const CUT_SHARE: f64 = 0.9;

/// How often it is looked whether the last stream has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Pause after an accept that failed for want of something (file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The public server.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) streams: Streams,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) grace: Duration,
    pub(crate) lifecycle: Lifecycle,
    /// Cancelled when nothing is served any more.
    pub(crate) done: CancellationToken,
}

impl Server {
    /// Serves until the drain is over.
    pub(crate) async fn run(self) -> io::Result<()> {
        let _done = self.done.clone().drop_guard();
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let closing = Arc::new(Closing::default());
        let over = self.over(&closing);
        tokio::pin!(over);
        loop {
            let permit = tokio::select! {
                () = &mut over => break,
                permit = Arc::clone(&connections).acquire_owned() => permit,
            };
            let Ok(permit) = permit else { break };
            let accepted = tokio::select! {
                () = &mut over => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, _)) => self.serve(socket, &closing, permit),
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    warn!(component = "WS", %error, "a connection can't be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        closing.begun.cancel();
        info!(component = "WS", "no more connections are accepted");
        Ok(())
    }

    fn serve(
        &self,
        socket: TcpStream,
        closing: &Arc<Closing>,
        permit: tokio::sync::OwnedSemaphorePermit,
    ) {
        let connection = connection::serve(
            socket,
            self.router.clone(),
            Arc::clone(closing),
            Arc::clone(&self.metrics),
        );
        self.lifecycle.track(async move {
            connection.await;
            drop(permit);
        });
    }

    /// Resolves when, after the drain began, the last stream has ended and load balancers had time to notice.
    async fn over(&self, closing: &Closing) {
        self.lifecycle.drain().cancelled().await;
        let begun = Instant::now();
        let _first = closing.latest.set(begun + self.grace.mul_f64(CUT_SHARE));
        info!(
            component = "WS",
            streams = self.streams.count(),
            "draining: streams are closed one by one"
        );
        self.streams.drain();
        sleep_until(begun + LINGER.min(self.grace / 4)).await;
        let latest = begun + self.grace.mul_f64(ACCEPT_SHARE);
        while self.streams.count() > 0 && Instant::now() < latest {
            sleep(LOOK).await;
        }
    }
}

/// Errors that say something of one connection only.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

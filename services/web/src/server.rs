//! Accepts connections: so many, with time-outs, and until the last stream has ended.

mod addresses;
mod connection;
mod patient;

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use ipnet::IpNet;
use lifecycle::{CancellationToken, Lifecycle};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{Instant, sleep, sleep_until},
};
use tracing::{info, warn};

use crate::{client_address::Peer, metrics::Metrics, streams::Streams};
use addresses::{Addresses, CONNECTIONS_PER_ADDRESS};
pub(crate) use connection::Kept;
use connection::{Closing, HEAD_TIMEOUT, Incoming};

/// Most connections at once; further ones wait in the kernel.
const CONNECTIONS: usize = 25_000;

/// How long requests are still answered after the drain began: so long load balancers may need to notice.
const LINGER: Duration = Duration::from_millis(500);

/// The part of the grace period after which the listener is closed whatever is still open.
const ACCEPT_SHARE: f64 = 0.8;

/// The part of the grace period after which connections are cut off.
pub(crate) const CUT_SHARE: f64 = 0.9;

/// How often it is looked whether the last stream has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Pause after an accept that failed for want of something (file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often it is said that an address has too many connections.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The public server.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) streams: Streams,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) trusted_proxies: Vec<IpNet>,
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
        let (addresses, mut warned) = (Addresses::default(), None);
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
                Ok((socket, from)) => {
                    let peer = Peer::new(from.ip());
                    let Some(counted) = addresses.enter(peer, self.most_of(peer)) else {
                        if warned.is_none_or(|at: Instant| at.elapsed() > WARN_EVERY) {
                            warned = Some(Instant::now());
                            warn!(component = "WS", address = %peer.0, "an address has too many connections; if it is a proxy's, name it in TRUSTED_PROXIES");
                        }
                        continue;
                    };
                    let incoming = Incoming {
                        socket,
                        peer,
                        kept: Kept::new(permit, counted),
                    };
                    self.serve(incoming, &closing);
                }
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

    fn serve(&self, incoming: Incoming, closing: &Arc<Closing>) {
        self.lifecycle.track(connection::serve(
            incoming,
            self.router.clone(),
            HEAD_TIMEOUT,
            Arc::clone(closing),
            Arc::clone(&self.metrics),
        ));
    }

    /// Most connections of an address.
    fn most_of(&self, peer: Peer) -> usize {
        if peer.0.is_loopback() || peer.is_in(&self.trusted_proxies) {
            CONNECTIONS
        } else {
            CONNECTIONS_PER_ADDRESS
        }
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

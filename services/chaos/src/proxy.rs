//! A relay for TCP connections that can be cut, held and healed: the wire between two processes.

mod relay;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use lifecycle::Lifecycle;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

/// How long connecting to a target may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Carries bytes.
    Whole,
    /// Connections are accepted and reset at once.
    Cut,
    /// Connections are accepted, those that exist stay open, and nothing moves in either direction. Bytes are kept, as TCP
    /// keeps what was not acknowledged.
    Hole,
}

/// What the wire does, and how often all its connections were reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Weather {
    wire: Wire,
    resets: u64,
}

/// A wire that ends at one of several addresses.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    targets: watch::Sender<Vec<SocketAddr>>,
}

impl Proxy {
    /// Listens on a free port and carries each connection to the next of the targets that accepts it.
    pub(crate) async fn start(
        lifecycle: &Lifecycle,
        targets: Vec<SocketAddr>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("a proxy can't listen")?;
        let address = listener.local_addr()?;
        let weather = watch::Sender::new(Weather {
            wire: Wire::Whole,
            resets: 0,
        });
        let proxy = Self {
            address,
            weather,
            targets: watch::Sender::new(targets),
        };
        let (accepting, tasks) = (proxy.clone(), lifecycle.clone());
        lifecycle.track(async move { accepting.accept(listener, tasks).await });
        Ok(proxy)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where new connections go from now on.
    pub(crate) fn aim(&self, targets: Vec<SocketAddr>) {
        self.targets.send_if_modified(|old| {
            let changed = *old != targets;
            *old = targets;
            changed
        });
    }

    /// Waits until there is a target.
    pub(crate) async fn aimed(&self) {
        let mut targets = self.targets.subscribe();
        // an error means that the sender is gone, and it is `self`
        let _ = targets.wait_for(|targets| !targets.is_empty()).await;
    }

    /// Resets every connection, and those that come until it is healed.
    pub(crate) fn cut(&self) {
        self.weather.send_modify(|weather| {
            weather.wire = Wire::Cut;
            weather.resets += 1;
        });
    }

    /// Stops all bytes.
    pub(crate) fn hold(&self) {
        self.weather
            .send_modify(|weather| weather.wire = Wire::Hole);
    }

    /// Carries bytes again; with `reset` the connections that exist end first.
    pub(crate) fn heal(&self, reset: bool) {
        self.weather.send_modify(|weather| {
            weather.wire = Wire::Whole;
            weather.resets += u64::from(reset);
        });
    }

    async fn accept(self, listener: TcpListener, lifecycle: Lifecycle) {
        let turn = Arc::new(AtomicUsize::new(0));
        loop {
            let accepted = tokio::select! {
                () = lifecycle_over(&lifecycle) => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((socket, _)) = accepted else {
                tokio::task::yield_now().await;
                continue;
            };
            let (proxy, turn) = (self.clone(), Arc::clone(&turn));
            lifecycle.track(async move { proxy.carry(socket, &turn).await });
        }
    }

    /// One connection from its beginning to its end.
    async fn carry(self, near: TcpStream, turn: &AtomicUsize) {
        let mut weather = self.weather.subscribe();
        let begun = *weather.borrow_and_update();
        if begun.wire == Wire::Cut {
            relay::reset(near);
            return;
        }
        let far = tokio::select! {
            far = self.connect(turn) => far,
            () = relay::broken(weather.clone(), begun.resets) => None,
        };
        match far {
            Some(far) => relay::run(near, far, weather, begun.resets).await,
            None => relay::reset(near),
        }
    }

    /// Connects to the targets in turn, once the wire carries bytes.
    async fn connect(&self, turn: &AtomicUsize) -> Option<TcpStream> {
        let mut weather = self.weather.subscribe();
        let whole = weather.wait_for(|weather| weather.wire == Wire::Whole);
        whole.await.ok()?;
        let targets = self.targets.borrow().clone();
        let first = turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..targets.len() {
            let target = targets[(first + step) % targets.len()];
            if let Ok(Ok(far)) = timeout(CONNECT_WITHIN, TcpStream::connect(target)).await {
                return Some(far);
            }
        }
        None
    }
}

async fn lifecycle_over(lifecycle: &Lifecycle) {
    lifecycle.drain().cancelled().await;
}

#[cfg(test)]
mod tests;

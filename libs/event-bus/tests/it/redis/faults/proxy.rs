use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// A TCP proxy whose connections can fall silent without being closed.
pub(super) struct Proxy {
    port: u16,
    /// Connections accepted up to this number carry nothing towards the client.
    silenced: Arc<AtomicU64>,
    accepted: Arc<AtomicU64>,
    _task: AbortOnDropHandle<()>,
}

impl Proxy {
    pub(super) async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a loopback port");
        let port = listener.local_addr().expect("a bound address").port();
        let (silenced, accepted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (muted, count) = (Arc::clone(&silenced), Arc::clone(&accepted));
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                connections.spawn(carry(client, upstream, number, Arc::clone(&muted)));
            }
        });
        Self {
            port,
            silenced,
            accepted,
            _task: AbortOnDropHandle::new(task),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Silences the connections that are open now; new ones work.
    pub(super) fn silence(&self) {
        self.silenced
            .store(self.accepted.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

async fn carry(client: TcpStream, upstream: u16, number: u64, silenced: Arc<AtomicU64>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", upstream)).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async { tokio::io::copy(&mut from_client, &mut to_server).await };
    let back = async {
        let mut buffer = [0; 16_384];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            let open = number > silenced.load(Ordering::SeqCst);
            if open && to_client.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        _ = there => {}
        () = back => {}
    }
}

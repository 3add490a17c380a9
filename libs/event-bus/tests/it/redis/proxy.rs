use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// A TCP proxy whose connections can fall silent without being closed, and lead elsewhere.
pub(super) struct Proxy {
    port: u16,
    accepted: Arc<AtomicU64>,
    line: watch::Sender<Line>,
    _task: AbortOnDropHandle<()>,
}

/// Connections are numbered from 1.
#[derive(Clone, Copy)]
struct Line {
    /// Where new connections lead.
    upstream: u16,
    /// Up to this number they carry nothing towards the client.
    silenced: u64,
}

impl Proxy {
    pub(super) async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a loopback port");
        let port = listener.local_addr().expect("a bound address").port();
        let line = watch::Sender::new(Line {
            upstream,
            silenced: 0,
        });
        let accepted = Arc::new(AtomicU64::new(0));
        let (state, count) = (line.subscribe(), Arc::clone(&accepted));
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                connections.spawn(carry(client, number, state.clone()));
            }
        });
        Self {
            port,
            accepted,
            line,
            _task: AbortOnDropHandle::new(task),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Silences the connections that are open now; new ones work.
    pub(super) fn silence(&self) {
        let accepted = self.accepted.load(Ordering::SeqCst);
        self.line.send_modify(|line| line.silenced = accepted);
    }

    /// Leads new connections to another port; those that are open stay.
    pub(super) fn lead_to(&self, upstream: u16) {
        self.line.send_modify(|line| line.upstream = upstream);
    }
}

async fn carry(client: TcpStream, number: u64, line: watch::Receiver<Line>) {
    let upstream = line.borrow().upstream;
    let Ok(server) = TcpStream::connect(("127.0.0.1", upstream)).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async { tokio::io::copy(&mut from_client, &mut to_server).await };
    let back = async {
        let mut buffer = [0; 16_384];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            let open = number > line.borrow().silenced;
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

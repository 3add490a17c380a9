//! `EventSource` by the book: keeps the last id, honours `retry:`, comes back when the connection ends.

use std::{future::pending, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use http_body::Body as _;
use hyper::{Request, Response, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use lifecycle::CancellationToken;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::{net::TcpSocket, time::Instant};

use super::{
    Place, Profile,
    event_stream::{EventStream, Piece},
    record::{Shared, unix_micros},
};
use crate::oracle::Payloads;

/// What a browser waits before it comes back until the server names a time.
const RETRY: Duration = Duration::from_secs(3);

/// The receive buffer of a slow browser's socket: small, so that what it does not read weighs on the server.
const SLOW_BUFFER: u32 = 4 * 1024;

/// One browser's stream, over all its connections.
pub(super) struct Source {
    pub(super) profile: Profile,
    pub(super) cookie: String,
    /// The host that browsers know.
    pub(super) host: String,
    /// The wire to each replica.
    pub(super) replicas: Vec<SocketAddr>,
    pub(super) balancer: SocketAddr,
    pub(super) record: Shared,
    pub(super) payloads: Arc<Payloads>,
    pub(super) seed: u64,
}

/// Why a connection is over.
enum End {
    /// The connection broke or the server ended it.
    Closed,
    /// The browser went away by itself.
    Left,
    /// An answer that ends an `EventSource` for good.
    GaveUp(String),
}

impl Source {
    /// Runs until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut retry = RETRY;
        let mut turn = rng.random_range(0..self.replicas.len());
        loop {
            turn += 1;
            let leave = self
                .profile
                .restless
                .map(|(shortest, longest)| Instant::now() + rng.random_range(shortest..longest));
            let end = tokio::select! {
                () = stop.cancelled() => return,
                end = self.connect(turn, leave, &mut retry) => end,
            };
            let pause = match end {
                End::Closed => retry,
                End::Left => Duration::ZERO,
                End::GaveUp(why) => {
                    self.record.lock().gave_up = Some(why);
                    return;
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn address(&self, turn: usize) -> SocketAddr {
        match self.profile.place {
            Place::Replica(index) => self.replicas[index],
            Place::Balanced => self.balancer,
            Place::Hopping => self.replicas[turn % self.replicas.len()],
        }
    }

    /// One connection from its beginning to its end.
    async fn connect(&self, turn: usize, leave: Option<Instant>, retry: &mut Duration) -> End {
        let Ok(socket) = TcpSocket::new_v4() else {
            return End::Closed;
        };
        if self.profile.slow.is_some() && socket.set_recv_buffer_size(SLOW_BUFFER).is_err() {
            return End::Closed;
        }
        let Ok(stream) = socket.connect(self.address(turn)).await else {
            return End::Closed;
        };
        let mut builder = http1::Builder::new();
        builder.max_buf_size(8 * 1024);
        let Ok((mut sender, connection)) = builder.handshake(TokioIo::new(stream)).await else {
            return End::Closed;
        };
        // What arrived before the connection ended is still read, so its end alone ends nothing.
        let carried = pin!(async {
            let _ = connection.await;
            pending::<End>().await
        });
        let left = async {
            match leave {
                Some(at) => tokio::time::sleep_until(at).await,
                None => pending().await,
            }
        };
        let read = async {
            let Ok(response) = sender.send_request(self.request()).await else {
                return End::Closed;
            };
            self.read(response, retry).await
        };
        tokio::select! {
            end = read => end,
            end = carried => end,
            () = left => End::Left,
        }
    }

    fn request(&self) -> Request<String> {
        let last_id = self.record.lock().last_id().map(str::to_owned);
        let mut request = Request::get(self.profile.path())
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, "text/event-stream")
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::COOKIE, &self.cookie);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        request.body(String::new()).unwrap_or_default()
    }

    async fn read(&self, response: Response<Incoming>, retry: &mut Duration) -> End {
        let kind = response.headers().get(header::CONTENT_TYPE);
        let streams = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if response.status() != 200 || !streams {
            return End::GaveUp(format!("{} {kind:?}", response.status()));
        }
        self.record.lock().opened.push(unix_micros());
        let mut body = pin!(response.into_body());
        let mut stream = EventStream::default();
        let mut reads_until = self.rest(Instant::now());
        loop {
            let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
            let Some(Ok(frame)) = frame else {
                return End::Closed;
            };
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            if stream
                .feed(&bytes, |piece| self.take(piece, retry))
                .is_err()
            {
                return End::Closed;
            }
            if let (Some(until), Some((_, pause))) = (reads_until, self.profile.slow)
                && until <= Instant::now()
            {
                tokio::time::sleep(pause).await;
                reads_until = self.rest(Instant::now());
            }
        }
    }

    /// When a slow browser stops reading for a while.
    fn rest(&self, now: Instant) -> Option<Instant> {
        self.profile.slow.map(|(reads, _)| now + reads)
    }

    fn take(&self, piece: Piece, retry: &mut Duration) {
        match piece {
            Piece::Retry(pause) => *retry = pause,
            Piece::Cursor(id) => self.record.lock().cursor(id),
            Piece::Event { event, id, data } => {
                let bytes = self.payloads.read(&event, &data);
                self.record.lock().event(bytes, id);
            }
        }
    }
}

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use prometheus::Histogram;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::patience::Patience;

/// A connection that gives up on a reader that has stopped reading: otherwise it would keep its place for ever.
#[derive(Debug)]
pub(super) struct Patient {
    socket: TcpStream,
    stalled: Option<Stalled>,
    patience: Patience,
    waits: Histogram,
}

/// A write that waits for the reader.
#[derive(Debug)]
struct Stalled {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Patient {
    /// `waits` hears how long each write waited for the reader.
    pub(super) fn new(socket: TcpStream, patience: Patience, waits: Histogram) -> Self {
        Self {
            socket,
            stalled: None,
            patience,
            waits,
        }
    }

    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            let waited = self.stalled.take().map(|stalled| stalled.since.elapsed());
            self.waits.observe(waited.unwrap_or_default().as_secs_f64());
            return written;
        }
        let limit = self.patience.limit();
        let stalled = self.stalled.get_or_insert_with(|| Stalled::now(limit));
        stalled.set_limit(limit);
        ready!(stalled.timer.as_mut().poll(cx));
        self.patience.lose();
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the reader has stopped reading",
        )))
    }
}

impl Stalled {
    fn now(limit: Duration) -> Self {
        let since = Instant::now();
        Self {
            since,
            timer: Box::pin(sleep_until(since + limit)),
        }
    }

    fn set_limit(&mut self, limit: Duration) {
        let end = self.since + limit;
        if self.timer.deadline() != end {
            self.timer.as_mut().reset(end);
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bytes);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.socket).poll_flush(cx));
        self.patience.written();
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

use std::{
    cell::RefCell,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use crate::{
    oracle::Oracle,
    plan::{Plan, now_micros},
    sse::{Body, Frame, Frames, Head},
    target::Target,
};

/// How long a stream may take from connecting to its head.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes read at once.
const BUFFER: usize = 16 * 1024;

/// The longest latency that is told apart: a minute, in µs.
const LONGEST_MICROS: u64 = 60_000_000;

/// How far the streams are, for whoever waits for them.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Have their snapshot.
    pub(crate) ready: AtomicUsize,
    /// Have seen the whole plan.
    pub(crate) complete: AtomicUsize,
    /// Are over, for whatever reason.
    pub(crate) over: AtomicUsize,
}

/// Latencies of all streams of a thread, in µs.
#[derive(Debug)]
pub(crate) struct Latencies {
    /// From the moment at which the event was due.
    pub(crate) due: Histogram<u64>,
    /// From the moment written into the event.
    pub(crate) stamped: Histogram<u64>,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        let histogram =
            || Histogram::new_with_max(LONGEST_MICROS, 3).expect("the bounds of a histogram");
        Self {
            due: histogram(),
            stamped: histogram(),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.due += &other.due;
        self.stamped += &other.stamped;
    }
}

/// One stream: reads, times and judges what comes.
pub(crate) struct Reader<'a> {
    plan: &'a Plan,
    progress: &'a Progress,
    latencies: Rc<RefCell<Latencies>>,
    /// How many may be opening at the same time.
    opening: Rc<Semaphore>,
    pub(crate) oracle: Oracle,
    ready: bool,
    /// (place, Unix µs): came before it was known when the plan began.
    early: Vec<(usize, u64)>,
    /// The reason of an in-band notice that ends or breaks the stream.
    notice: Option<&'static str>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        progress: &'a Progress,
        latencies: Rc<RefCell<Latencies>>,
        opening: Rc<Semaphore>,
    ) -> Self {
        Self {
            plan,
            progress,
            latencies,
            opening,
            oracle: Oracle::new(plan.count),
            ready: false,
            early: Vec::new(),
            notice: None,
        }
    }

    /// Reads until `stop`; an early end is an error.
    pub(crate) async fn run(
        &mut self,
        target: &Target,
        cookie: &str,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            outcome = self.read(target, cookie) => outcome,
        };
        self.settle();
        self.progress.over.fetch_add(1, Ordering::Release);
        outcome
    }

    async fn read(&mut self, target: &Target, cookie: &str) -> anyhow::Result<()> {
        let (mut socket, head, mut buffer) = {
            let opening = self.opening.clone();
            let _permit = opening.acquire().await.context("nobody closes it")?;
            let opened = tokio::time::timeout(OPEN_TIMEOUT, open(target, cookie)).await;
            opened.context("no answer in time")??
        };
        let mut filled = buffer.len();
        if head.status != 200 {
            bail!("the answer is {}", head.status);
        }
        let mut body = Body::new(head.chunked);
        let mut frames = Frames::default();
        let mut begin = head.length;
        loop {
            let at = now_micros();
            let open = self.take(&mut body, &mut frames, &buffer[begin..filled], at)?;
            if let Some(notice) = self.notice {
                bail!("the stream said `{notice}`");
            }
            if !open {
                bail!("the stream ended");
            }
            buffer.resize(BUFFER, 0);
            begin = 0;
            filled = socket
                .read(&mut buffer)
                .await
                .context("the connection broke")?;
            if filled == 0 {
                bail!("the connection was closed");
            }
        }
    }

    fn take(
        &mut self,
        body: &mut Body,
        frames: &mut Frames,
        bytes: &[u8],
        at: u64,
    ) -> anyhow::Result<bool> {
        let mut fed = Ok(());
        let open = body.feed(bytes, |content| {
            if fed.is_ok() {
                fed = frames.feed(content, |frame| self.see(&frame, at));
            }
        });
        if fed.is_err() {
            bail!("a frame is too long");
        }
        open.map_err(|_| anyhow::anyhow!("the chunks are malformed"))
    }

    fn see(&mut self, frame: &Frame<'_>, at: u64) {
        match frame.event {
            "snapshot" if !self.ready => {
                self.ready = true;
                self.progress.ready.fetch_add(1, Ordering::Release);
            }
            "reset" => self.notice = Some("reset"),
            "unavailable" => self.notice = Some("unavailable"),
            _ => {}
        }
        let Some((number, stamped)) = frame.numbered else {
            return;
        };
        let Some(place) = self.plan.place(number) else {
            return;
        };
        if !self.oracle.see(place, frame.id) {
            return;
        }
        self.latencies
            .borrow_mut()
            .stamped
            .saturating_record(at.saturating_sub(stamped));
        if self.plan.begun() {
            self.settle();
            self.record(place, at);
        } else {
            self.early.push((place, at));
        }
        if self.oracle.complete() {
            self.progress.complete.fetch_add(1, Ordering::Release);
        }
    }

    fn record(&self, place: usize, at: u64) {
        if let Some(due) = self.plan.due(place) {
            self.latencies
                .borrow_mut()
                .due
                .saturating_record(at.saturating_sub(due));
        }
    }

    fn settle(&mut self) {
        for (place, at) in std::mem::take(&mut self.early) {
            self.record(place, at);
        }
    }
}

/// Asks for the stream and reads until its head is whole.
async fn open(target: &Target, cookie: &str) -> anyhow::Result<(TcpStream, Head, Vec<u8>)> {
    let mut socket = TcpStream::connect(target.address())
        .await
        .context("it can't be reached")?;
    socket.set_nodelay(true)?;
    let request = format!(
        "GET /api/stream?snapshot=1&events=message.created HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n",
        target.authority()
    );
    socket.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::with_capacity(BUFFER);
    loop {
        if socket.read_buf(&mut bytes).await? == 0 {
            bail!("the connection was closed before an answer");
        }
        match Head::parse(&bytes) {
            Ok(Some(head)) => return Ok((socket, head, bytes)),
            Ok(None) => {}
            Err(_) => bail!("the answer is no HTTP/1.1"),
        }
    }
}

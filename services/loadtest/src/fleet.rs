use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::{runtime::Builder, sync::Semaphore, task::LocalSet};
use tokio_util::sync::CancellationToken;

use crate::{
    oracle::Verdict,
    plan::Plan,
    reader::{Latencies, Progress, Reader},
    target::Target,
};

/// How many streams of a thread may be on their way to their first bytes.
const OPENING: usize = 64;

/// The pause between two looks at how far the streams are.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Streams, spread over threads and replicas.
pub(crate) struct Fleet {
    progress: Arc<Progress>,
    stop: CancellationToken,
    threads: Vec<JoinHandle<Harvest>>,
    streams: usize,
}

/// What the streams saw.
pub(crate) struct Harvest {
    pub(crate) latencies: Latencies,
    pub(crate) verdict: Verdict,
    /// Why streams ended early, and how many.
    pub(crate) failures: BTreeMap<String, usize>,
}

/// Where the streams go and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) targets: Vec<Target>,
    pub(crate) cookie: String,
    pub(crate) streams: usize,
    pub(crate) threads: usize,
}

impl Fleet {
    /// Begins to open the streams.
    pub(crate) fn launch(destination: &Destination, plan: &Arc<Plan>) -> anyhow::Result<Self> {
        let progress = Arc::new(Progress::default());
        let stop = CancellationToken::new();
        let mut threads = Vec::new();
        for thread in 0..destination.threads {
            let (destination, plan) = (destination.clone(), plan.clone());
            let (progress, stop) = (progress.clone(), stop.clone());
            let runtime = Builder::new_current_thread()
                .enable_all()
                .build()
                .context("a runtime can't be made")?;
            let work = move || runtime.block_on(read(thread, &destination, &plan, &progress, stop));
            let handle = std::thread::Builder::new()
                .name(format!("readers-{thread}"))
                .spawn(work)
                .context("a thread can't be started")?;
            threads.push(handle);
        }
        Ok(Self {
            progress,
            stop,
            threads,
            streams: destination.streams,
        })
    }

    /// Waits until every stream has its snapshot; an early end of one, or no end of waiting, is an error.
    pub(crate) async fn ready(self, within: Duration) -> anyhow::Result<Self> {
        let begun = Instant::now();
        loop {
            if self.progress.ready.load(Ordering::Acquire) == self.streams {
                return Ok(self);
            }
            let over = self.progress.over.load(Ordering::Acquire) > 0;
            if over || begun.elapsed() > within {
                let ready = self.progress.ready.load(Ordering::Acquire);
                let streams = self.streams;
                let failures = self.land()?.failures;
                bail!("{ready} of {streams} streams opened: {failures:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until every stream has seen the whole plan or is over, but not longer than `within`.
    pub(crate) async fn complete(&self, within: Duration) {
        let begun = Instant::now();
        let done = || {
            let over = self.progress.over.load(Ordering::Acquire);
            self.progress.complete.load(Ordering::Acquire) + over >= self.streams
        };
        while !done() && begun.elapsed() < within {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends the streams and gathers what they saw.
    pub(crate) fn land(mut self) -> anyhow::Result<Harvest> {
        self.stop.cancel();
        let mut all = Harvest::new();
        for thread in std::mem::take(&mut self.threads) {
            let Ok(harvest) = thread.join() else {
                bail!("a reading thread panicked");
            };
            all.latencies.add(&harvest.latencies);
            all.verdict.add(&harvest.verdict);
            for (reason, count) in harvest.failures {
                *all.failures.entry(reason).or_default() += count;
            }
        }
        Ok(all)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Harvest {
    fn new() -> Self {
        Self {
            latencies: Latencies::new(),
            verdict: Verdict::default(),
            failures: BTreeMap::new(),
        }
    }
}

/// The streams of one thread: number `thread`, `thread + threads`, …
async fn read(
    thread: usize,
    destination: &Destination,
    plan: &Arc<Plan>,
    progress: &Arc<Progress>,
    stop: CancellationToken,
) -> Harvest {
    let latencies = Rc::new(RefCell::new(Latencies::new()));
    let opening = Rc::new(Semaphore::new(OPENING));
    let local = LocalSet::new();
    let mut tasks = Vec::new();
    for stream in (thread..destination.streams).step_by(destination.threads) {
        let target = destination.targets[stream % destination.targets.len()].clone();
        let cookie = destination.cookie.clone();
        let (plan, progress, stop) = (plan.clone(), progress.clone(), stop.clone());
        let (latencies, opening) = (latencies.clone(), opening.clone());
        tasks.push(local.spawn_local(async move {
            let mut reader = Reader::new(&plan, &progress, latencies, opening);
            let outcome = reader.run(&target, &cookie, &stop).await;
            (reader.oracle.verdict(), outcome)
        }));
    }
    let mut harvest = Harvest::new();
    local
        .run_until(async {
            for task in tasks {
                let Ok((verdict, outcome)) = task.await else {
                    continue;
                };
                harvest.verdict.add(&verdict);
                if let Err(error) = outcome {
                    *harvest.failures.entry(format!("{error:#}")).or_default() += 1;
                }
            }
        })
        .await;
    harvest.latencies.add(&latencies.borrow());
    harvest
}

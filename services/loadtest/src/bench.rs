mod child;
pub(crate) mod stack;

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    cli::{Bench, Load, Sse},
    report::Phase,
    run::sse,
};
use stack::Stack;

/// Web replicas that are started.
const REPLICAS: usize = 2;

/// Operating system threads that read.
const THREADS: u16 = 2;

/// Starts everything, measures it, stops everything, whatever happens in between.
pub(crate) async fn run(options: &Bench) -> anyhow::Result<Vec<Phase>> {
    let (mut interrupted, mut terminated) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    tokio::select! {
        phases = measure(options) => phases,
        _ = interrupted.recv() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    }
}

async fn measure(options: &Bench) -> anyhow::Result<Vec<Phase>> {
    let stack = Stack::start(REPLICAS, options.streams).await?;
    let outcome = sse(&Sse {
        load: Load {
            targets: stack.webs(),
            streams: options.streams,
            cookie: None,
            threads: THREADS,
            pids: stack.pids(),
            json: options.json,
        },
        rate: options.rate,
        duration: options.duration,
        burst: Some(options.burst),
        p95: options.p95,
        control: stack.control(),
        metrics: stack.metrics(),
    })
    .await;
    if outcome.is_err() {
        eprint!("{}", stack.last_words());
    }
    outcome
}

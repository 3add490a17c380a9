use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use reqwest::Client;

use crate::{
    Cli, bench, check,
    cli::{Command, Idle, Load, Sse},
    control,
    cost::{self, NamedPid, Sample},
    exposition,
    fleet::{Destination, Fleet},
    login,
    plan::Plan,
    proc,
    report::{self, IdleReport, Phase},
    table,
};

/// How long opening all streams may take.
const OPEN_WITHIN: Duration = Duration::from_mins(2);

/// Until memory and CPU have settled after the streams opened.
const SETTLE: Duration = Duration::from_secs(2);

/// How long the last events may take after the schedule's end.
const DRAIN_WITHIN: Duration = Duration::from_secs(20);

/// Streams go on reading for so long when everything has come: a double would come now.
const LINGER: Duration = Duration::from_secs(1);

/// Files that a process needs besides its streams.
const OTHER_FILES: u64 = 100;

/// Runs a command; true = the promises hold.
pub fn run(cli: Cli) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("a runtime can't be made")?;
    runtime.block_on(async {
        match cli.command {
            Command::Sse(options) => {
                let phases = sse(&options).await?;
                print(options.load.json, &phases, || table::phases(&phases))?;
                Ok(phases.iter().all(Phase::holds))
            }
            Command::Idle(options) => {
                let report = idle(&options).await?;
                print(options.load.json, &report, || table::idle(&report))?;
                Ok(report.failures.is_empty())
            }
            Command::Bench(options) => {
                let phases = bench::run(&options).await?;
                print(options.json, &phases, || table::phases(&phases))?;
                Ok(phases.iter().all(Phase::holds))
            }
            Command::Check => Ok(check::run()),
        }
    })
}

fn print<T: serde::Serialize>(
    json: bool,
    report: &T,
    table: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{}", table());
    }
    Ok(())
}

/// The steady phase, and the burst if one is asked for.
pub(crate) async fn sse(options: &Sse) -> anyhow::Result<Vec<Phase>> {
    let client = login::client()?;
    let destination = destination(&client, &options.load).await?;
    let pids = pids(&options.load);
    let steady = (options.duration.as_secs_f64() * f64::from(options.rate))
        .round()
        .max(1.0) as u64;
    let mut plans = vec![("steady", Plan::new(1, steady, options.rate))];
    if let Some(burst) = options.burst {
        plans.push(("burst", Plan::new(steady + 1, u64::from(burst), burst)));
    }
    let mut phases = Vec::new();
    for (name, plan) in plans {
        eprintln!(
            "{name}: {} streams, {}",
            destination.streams,
            Phase::describe(&plan)
        );
        phases.push(measure(&client, name, &destination, options, &pids, plan).await?);
    }
    Ok(phases)
}

async fn measure(
    client: &Client,
    name: &str,
    destination: &Destination,
    options: &Sse,
    pids: &[NamedPid],
    plan: Plan,
) -> anyhow::Result<Phase> {
    let plan = Arc::new(plan);
    let before = Sample::take(pids)?;
    let fleet = Fleet::launch(destination, &plan)?
        .ready(OPEN_WITHIN)
        .await?;
    tokio::time::sleep(SETTLE).await;
    let open = Sample::take(pids)?;
    let own_before = exposition::scrape(client, &options.metrics).await?;
    let begun = Instant::now();
    plan.begin(control::start(client, &options.control, &plan).await?);
    fleet.complete(plan.length() + DRAIN_WITHIN).await;
    let elapsed = begun.elapsed();
    let after = Sample::take(pids)?;
    tokio::time::sleep(LINGER).await;
    let own = exposition::scrape(client, &options.metrics)
        .await?
        .since(&own_before);
    let harvest = fleet.land()?;
    let mut latencies = vec![
        report::latency("when it was due", &harvest.latencies.due),
        report::latency("when it was emitted", &harvest.latencies.stamped),
    ];
    latencies.extend(report::bounds("gateway receipt, to socket (≤)", &own));
    Ok(Phase {
        name: name.to_owned(),
        streams: destination.streams,
        replicas: destination.targets.len(),
        events: plan.count,
        events_per_second: plan.rate,
        seconds: elapsed.as_secs_f64(),
        verdict: harvest.verdict,
        p95_bound: options.p95.as_secs_f64() * 1e3,
        deliveries_per_second: harvest.verdict.delivered as f64 / elapsed.as_secs_f64(),
        latencies,
        costs: cost::costs(&before, &open, &after, elapsed),
        failures: harvest.failures,
    })
}

async fn idle(options: &Idle) -> anyhow::Result<IdleReport> {
    let client = login::client()?;
    let destination = destination(&client, &options.load).await?;
    let pids = pids(&options.load);
    let plan = Arc::new(Plan::new(1, 0, 1));
    let before = Sample::take(&pids)?;
    let fleet = Fleet::launch(&destination, &plan)?
        .ready(OPEN_WITHIN)
        .await?;
    let open = Sample::take(&pids)?;
    tokio::time::sleep(options.hold).await;
    let after = Sample::take(&pids)?;
    let failures = fleet.land()?.failures;
    let costs = cost::costs(&before, &open, &after, options.hold);
    let grown: u64 = costs
        .iter()
        .map(|cost| cost.resident_after.saturating_sub(cost.resident_before))
        .sum();
    Ok(IdleReport {
        streams: destination.streams,
        seconds: options.hold.as_secs_f64(),
        resident_per_stream: grown as f64 / destination.streams as f64,
        costs,
        failures,
    })
}

async fn destination(client: &Client, options: &Load) -> anyhow::Result<Destination> {
    let streams = options.streams as usize;
    if proc::open_files_limit()
        .is_some_and(|limit| u64::from(options.streams) + OTHER_FILES > limit)
    {
        bail!("{streams} streams need more open files than `ulimit -n` allows");
    }
    let cookie = match &options.cookie {
        Some(cookie) => cookie.clone(),
        None => login::sign_in(client, &options.targets[0]).await?,
    };
    Ok(Destination {
        targets: options.targets.clone(),
        cookie,
        streams,
        threads: usize::from(options.threads),
    })
}

fn pids(options: &Load) -> Vec<NamedPid> {
    if options.pids.is_empty() {
        cost::listeners(&options.targets)
    } else {
        options.pids.clone()
    }
}

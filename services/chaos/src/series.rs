//! One seed or many, and the figures over all of them.

use std::{fs, panic::AssertUnwindSafe, path::PathBuf, time::Duration};

use anyhow::Context as _;
use futures_util::FutureExt as _;
use serde_json::json;

use crate::{cli::Cli, report::Report, seed};

/// Runs what the command line asks for; false if a seed failed.
pub fn run(cli: &Cli) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime can't start")?;
    runtime.block_on(async {
        tokio::select! {
            green = series(cli) => green,
            () = lifecycle::terminated() => anyhow::bail!("stopped"),
        }
    })
}

async fn series(cli: &Cli) -> anyhow::Result<bool> {
    let mut reports = Vec::new();
    for seed in cli.seed..cli.seed + cli.seeds {
        reports.push(one(cli, seed).await?);
    }
    println!("\n{}", Report::head());
    for report in &reports {
        println!("{}", report.row());
    }
    let figures = figures(&reports);
    println!("{figures:#}");
    if let Some(path) = &cli.json {
        let all = json!({ "figures": figures, "seeds": reports });
        fs::write(path, format!("{all:#}\n"))
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(reports.iter().all(|report| report.faults().is_empty()))
}

/// One seed; the logs of its processes stay if it fails.
async fn one(cli: &Cli, number: u64) -> anyhow::Result<Report> {
    println!("seed {number}");
    let logs = folder(number)?;
    // The servers' own helpers panic when a server does not come up; other seeds are still of interest.
    let run = AssertUnwindSafe(seed::run(cli, number, &logs)).catch_unwind();
    let trouble = match run.await {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err("a panic, see above".to_owned()),
    };
    let report = trouble.unwrap_or_else(|trouble| {
        let mut report = Report::new(cli, number);
        report.trouble = Some(trouble);
        report
    });
    for finding in &report.verdict.findings {
        println!("  {finding}");
    }
    let faults = report.faults();
    if faults.is_empty() {
        fs::remove_dir_all(&logs).with_context(|| format!("{} stays", logs.display()))?;
        println!("seed {number}: ok");
    } else {
        for fault in faults {
            println!("seed {number}: {fault}");
        }
        println!("logs: {}", logs.display());
        let topology = cli.topology.name();
        println!("reproduce: make chaos SEED={number} TOPOLOGY={topology}");
    }
    Ok(report)
}

/// Where a run's processes write: an empty folder beside the programs.
fn folder(seed: u64) -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("this program has no path")?;
    let target = here.ancestors().find(|folder| folder.ends_with("target"));
    let target = target.context("this program is not in a folder named target")?;
    let folder = target.join("chaos").join(seed.to_string());
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} stays", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    Ok(folder)
}

/// The figures over all seeds.
fn figures(reports: &[Report]) -> serde_json::Value {
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    let times = |of: fn(&Report) -> Vec<Duration>| {
        let mut all: Vec<_> = reports.iter().flat_map(of).collect();
        all.sort_unstable();
        let at = |share: f64| {
            let place = (all.len() as f64 * share).ceil() as usize;
            all.get(place.saturating_sub(1)).map(Duration::as_secs_f64)
        };
        json!({ "count": all.len(), "p50": at(0.5), "p95": at(0.95), "max": at(1.0) })
    };
    json!({
        "seeds": reports.len(),
        "failed": reports.iter().filter(|report| !report.faults().is_empty()).count(),
        "faults": sum(|report| report.outcomes.len() as u64),
        "dispatches": sum(|report| report.dispatches),
        "deliveries": sum(|report| report.verdict.deliveries),
        "lost": sum(|report| report.verdict.lost),
        "doubled": sum(|report| report.verdict.doubled),
        "reordered": sum(|report| report.verdict.reordered),
        "resets": sum(|report| report.verdict.resets.values().sum()),
        "identifies": sum(|report| report.identifies),
        "takeOverSeconds": times(Report::take_overs),
        "handOverSeconds": times(Report::hand_overs),
        "recoverySeconds": times(Report::recoveries),
    })
}

use std::fmt::Write as _;

use crate::{
    cost::Cost,
    report::{IdleReport, Phase},
};

const MIB: f64 = 1024.0 * 1024.0;

/// Phases as a text table.
pub(crate) fn phases(phases: &[Phase]) -> String {
    let mut text = String::new();
    for phase in phases {
        let verdict = phase.verdict;
        let _ = writeln!(
            text,
            "\n{}: {} streams over {} replicas, {} for {:.1} s",
            phase.name,
            phase.streams,
            phase.replicas,
            rate(phase),
            phase.seconds
        );
        let _ = writeln!(
            text,
            "  delivered {}  lost {}  doubled {}  out of order {}  ids going back {}  ({:.0} deliveries/s)",
            verdict.delivered,
            verdict.lost,
            verdict.doubled,
            verdict.out_of_order,
            verdict.ids_going_back,
            phase.deliveries_per_second
        );
        let _ = writeln!(
            text,
            "  {:<36}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "latency in ms, from", "p50", "p95", "p99", "p99.9", "max"
        );
        for row in &phase.latencies {
            let _ = writeln!(
                text,
                "  {:<36}{:>9.2}{:>9.2}{:>9.2}{:>9.2}{:>9.2}",
                row.from, row.p50, row.p95, row.p99, row.p999, row.max
            );
        }
        costs(&mut text, &phase.costs);
        if !phase.costs.is_empty() {
            let _ = writeln!(
                text,
                "  web: {:.2} µs CPU for each delivery, {:.1} KiB for each stream",
                phase.cpu_micros_per_delivery("web"),
                phase.resident_per_stream() / 1024.0
            );
        }
        for (reason, count) in &phase.failures {
            let _ = writeln!(text, "  {count} streams failed: {reason}");
        }
        let word = if phase.holds() { "kept" } else { "BROKEN" };
        let _ = writeln!(
            text,
            "  promise (nothing lost or doubled, p95 ≤ {} ms): {word}",
            phase.p95_bound
        );
    }
    text
}

/// Idle streams as a text table.
pub(crate) fn idle(report: &IdleReport) -> String {
    let mut text = format!(
        "\nidle: {} streams for {:.1} s\n",
        report.streams, report.seconds
    );
    costs(&mut text, &report.costs);
    let _ = writeln!(
        text,
        "  {:.1} KiB for each stream",
        report.resident_per_stream / 1024.0
    );
    for (reason, count) in &report.failures {
        let _ = writeln!(text, "  {count} streams failed: {reason}");
    }
    text
}

fn rate(phase: &Phase) -> String {
    format!("{} events at {}/s", phase.events, phase.events_per_second)
}

fn costs(text: &mut String, costs: &[Cost]) {
    if costs.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "  {:<16}{:>10}{:>12}{:>14}{:>14}{:>14}",
        "process", "CPU s", "% of a core", "MiB before", "MiB open", "MiB after"
    );
    for cost in costs {
        let _ = writeln!(
            text,
            "  {:<16}{:>10.2}{:>12.1}{:>14.1}{:>14.1}{:>14.1}",
            cost.process,
            cost.cpu_seconds,
            cost.cpu_percent,
            cost.resident_before as f64 / MIB,
            cost.resident_open as f64 / MIB,
            cost.resident_after as f64 / MIB
        );
    }
}

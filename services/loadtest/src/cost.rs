use std::{str::FromStr, time::Duration};

use serde::Serialize;

use crate::{proc, target::Target};

/// A process that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPid {
    pub(crate) name: String,
    pub(crate) pid: u32,
}

impl FromStr for NamedPid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, pid) = text.split_once('=').ok_or("it is name=pid")?;
        let pid = pid
            .parse()
            .map_err(|_| format!("`{pid}` is no process id"))?;
        Ok(Self {
            name: name.to_owned(),
            pid,
        })
    }
}

/// The processes that listen on the targets' ports, named after them.
pub(crate) fn listeners(targets: &[Target]) -> Vec<NamedPid> {
    let found = targets.iter().filter_map(|target| {
        let pid = proc::listener(target.address())?;
        Some(NamedPid {
            name: format!("web:{}", target.address().port()),
            pid,
        })
    });
    let mut pids: Vec<NamedPid> = found.collect();
    pids.dedup_by_key(|named| named.pid);
    pids
}

/// What the processes have used and hold at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Sample(Vec<(NamedPid, Duration, u64)>);

impl Sample {
    pub(crate) fn take(pids: &[NamedPid]) -> anyhow::Result<Self> {
        let read = |named: &NamedPid| {
            Ok((
                named.clone(),
                proc::cpu(named.pid)?,
                proc::resident(named.pid)?,
            ))
        };
        pids.iter()
            .map(read)
            .collect::<anyhow::Result<_>>()
            .map(Self)
    }
}

/// What one process did while it was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    pub(crate) process: String,
    /// CPU seconds while events flowed.
    pub(crate) cpu_seconds: f64,
    /// Of one core, while events flowed.
    pub(crate) cpu_percent: f64,
    /// Bytes before the streams opened.
    pub(crate) resident_before: u64,
    /// Bytes with the streams open.
    pub(crate) resident_open: u64,
    /// Bytes at the end.
    pub(crate) resident_after: u64,
}

/// From three samples: before the streams opened, with them open, and after `elapsed` of events.
pub(crate) fn costs(
    before: &Sample,
    open: &Sample,
    after: &Sample,
    elapsed: Duration,
) -> Vec<Cost> {
    let rows = before.0.iter().zip(&open.0).zip(&after.0);
    rows.map(|((before, open), after)| {
        let cpu = after.1.saturating_sub(open.1).as_secs_f64();
        Cost {
            process: before.0.name.clone(),
            cpu_seconds: cpu,
            cpu_percent: cpu * 100.0 / elapsed.as_secs_f64().max(0.001),
            resident_before: before.2,
            resident_open: open.2,
            resident_after: after.2,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_the_difference_of_its_samples() {
        let pid = NamedPid {
            name: "web".to_owned(),
            pid: 1,
        };
        let sample = |seconds: u64, bytes: u64| {
            Sample(vec![(pid.clone(), Duration::from_secs(seconds), bytes)])
        };
        let costs = costs(
            &sample(1, 10),
            &sample(2, 30),
            &sample(5, 40),
            Duration::from_secs(10),
        );
        assert!(
            (costs[0].cpu_seconds - 3.0).abs() < 1e-9 && (costs[0].cpu_percent - 30.0).abs() < 1e-9
        );
        assert_eq!(
            (
                costs[0].resident_before,
                costs[0].resident_open,
                costs[0].resident_after
            ),
            (10, 30, 40)
        );
    }

    #[test]
    fn a_named_pid_is_name_and_number() {
        assert_eq!(
            "web=12".parse(),
            Ok(NamedPid {
                name: "web".to_owned(),
                pid: 12
            })
        );
        assert!("12".parse::<NamedPid>().is_err() && "web=x".parse::<NamedPid>().is_err());
    }
}

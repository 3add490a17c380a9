//! What came of a run, for people and for machines.

use std::{collections::BTreeSet, fmt, time::Duration};

use serde::Serialize;

use crate::{
    cli::Cli,
    inject::Seen,
    oracle::{Mercy, Verdict},
    plan::{Plan, Special, Trouble},
    store::Topology,
};

/// Fewer deliveries prove nothing.
const LEAST_DELIVERIES: u64 = 10_000;

/// A fault that was lasted out.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) trouble: Trouble,
    /// From its beginning until it was healed.
    pub(crate) lasted: Duration,
    /// From then until every browser received events again; `None` = the next fault came before that.
    pub(crate) recovered: Option<Duration>,
    /// How often browsers had to connect again meanwhile, but for those that come and go by themselves.
    pub(crate) reconnects: usize,
    pub(crate) seen: Seen,
}

/// Everything about one run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) topology: Topology,
    /// How long it took.
    pub(crate) seconds: f64,
    /// What the simulator emitted.
    pub(crate) dispatches: u64,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) verdict: Verdict,
    /// IDENTIFYs beyond the first ones.
    pub(crate) identifies: u64,
    pub(crate) resumes: u64,
    /// Logs in which something stands that people wrote.
    pub(crate) written_in: Vec<String>,
    /// Why it ended early.
    pub(crate) trouble: Option<String>,
    #[serde(skip)]
    pub(crate) mercy: Mercy,
    /// The only faults that were asked for.
    #[serde(skip)]
    only: Vec<Trouble>,
}

impl Report {
    pub(crate) fn new(cli: &Cli, seed: u64) -> Self {
        Self {
            seed,
            topology: cli.topology,
            seconds: 0.0,
            dispatches: 0,
            outcomes: Vec::new(),
            verdict: Verdict::default(),
            identifies: 0,
            resumes: 0,
            written_in: Vec::new(),
            trouble: None,
            mercy: Mercy::default(),
            only: cli.only.clone(),
        }
    }

    /// What is wrong with it; nothing if it is green.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(self.trouble.clone());
        if !self.verdict.is_clean(self.mercy.announced) {
            faults.push("the browsers did not receive what they should".to_owned());
        }
        for log in &self.written_in {
            faults.push(format!("what people wrote stands in {log}"));
        }
        if self.identifies > 0 && !self.mercy.announced {
            faults.push(format!("{} IDENTIFYs", self.identifies));
        }
        let done: BTreeSet<_> = self
            .outcomes
            .iter()
            .map(|outcome| outcome.trouble)
            .collect();
        let done: Vec<_> = done.into_iter().collect();
        let special = Special::of(self.seed);
        let missing = Plan::missing(&done, self.topology, special);
        if !missing.is_empty() && self.only.is_empty() && self.trouble.is_none() {
            faults.push(format!("did not occur: {missing:?}"));
        }
        let announced = self.verdict.gaps + self.verdict.resets.values().sum::<u64>();
        let due = special != Special::Nothing && self.only.is_empty() && self.trouble.is_none();
        if due && announced == 0 {
            faults.push("neither reset nor gap, although something was missing".to_owned());
        }
        if self.verdict.deliveries < LEAST_DELIVERIES {
            faults.push(format!("only {} deliveries", self.verdict.deliveries));
        }
        faults
    }

    /// The line of a table.
    pub(crate) fn row(&self) -> String {
        let verdict = &self.verdict;
        let times = |times: Vec<Duration>| {
            let longest = times.into_iter().max();
            longest.map_or_else(
                || "-".to_owned(),
                |time| format!("{:.2}", time.as_secs_f64()),
            )
        };
        format!(
            "{:>8} {:>8} {:>6.0} {:>10} {:>10} {:>6} {:>6} {:>9} {:>6} {:>5} {:>9} {:>9} {:>9} {:>8} {}",
            self.seed,
            self.topology.name(),
            self.seconds,
            self.dispatches,
            verdict.deliveries,
            verdict.lost,
            verdict.doubled,
            verdict.reordered,
            verdict.unexpected + verdict.leaked + verdict.altered + verdict.wrong_pictures,
            verdict.resets.values().sum::<u64>() + verdict.gaps,
            times(self.take_overs()),
            times(self.hand_overs()),
            times(self.recoveries()),
            self.identifies,
            if self.faults().is_empty() {
                "ok"
            } else {
                "FAILED"
            },
        )
    }

    /// The head of the table.
    pub(crate) fn head() -> &'static str {
        "    seed topology      s dispatches deliveries   lost  twice reordered  wrong reset take-over hand-over  recovery identify"
    }

    pub(crate) fn take_overs(&self) -> Vec<Duration> {
        let seen = self.outcomes.iter().map(|outcome| &outcome.seen);
        seen.filter_map(|seen| seen.take_over).collect()
    }

    pub(crate) fn hand_overs(&self) -> Vec<Duration> {
        let seen = self.outcomes.iter().map(|outcome| &outcome.seen);
        seen.flat_map(|seen| seen.hand_overs.iter().copied())
            .collect()
    }

    pub(crate) fn recoveries(&self) -> Vec<Duration> {
        let outcomes = self.outcomes.iter();
        outcomes.filter_map(|outcome| outcome.recovered).collect()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.trouble.to_string();
        write!(f, "{name:<28} {:6.2} s, ", self.lasted.as_secs_f64())?;
        match self.recovered {
            Some(time) => write!(f, "quiet after {:5.2} s", time.as_secs_f64())?,
            None => write!(f, "and at once the next")?,
        }
        if let Some(time) = self.seen.take_over {
            write!(f, ", taken over after {:.2} s", time.as_secs_f64())?;
        }
        write!(f, ", {} reconnects", self.reconnects)?;
        for time in &self.seen.hand_overs {
            write!(f, ", handed over in {:.2} s", time.as_secs_f64())?;
        }
        if !self.seen.victim.is_empty() {
            write!(f, " ({})", self.seen.victim)?;
        }
        Ok(())
    }
}

//! One seed, from the first process to the verdict.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use lifecycle::Lifecycle;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::time::{Instant, sleep};

use crate::{
    browser::{Fleet, Profile},
    cli::Cli,
    control::Play,
    deployment::{Deployment, Folders, Size},
    evidence,
    inject::{CONNECTED_WITHIN, inject},
    logs,
    oracle::{Begin, Mercy, Verdict, judge},
    plan::{Fault, Plan, Special, Trouble},
    report::{Outcome, Report},
    stage::{self, Pulpit},
};

/// How long it may take after a fault until every browser receives events again.
const QUIET_WITHIN: Duration = Duration::from_secs(60);

/// How long it may take at the end until every browser has received everything.
const COMPLETE_WITHIN: Duration = Duration::from_secs(30);

/// The pause between two looks at all that was received.
const JUDGE_EVERY: Duration = Duration::from_millis(500);

/// One run while it lasts.
struct Run {
    deployment: Deployment,
    fleet: Fleet,
    /// How many replicas of web.
    webs: usize,
    begin: Begin,
    began: Instant,
    pulpits: Vec<Pulpit>,
    probes: u64,
    /// What stands in every message, and nowhere else.
    mark: String,
}

/// What people do: everything. Discord does not tell anew who is in a private thread, so there are none where it forgets its
/// sessions.
const KINDS: [&str; 12] = [
    "voice",
    "mute",
    "messages",
    "edits",
    "reactions",
    "rooms",
    "permissions",
    "roles",
    "overwrites",
    "members",
    "kicks",
    "threads",
];

fn kinds(special: Special) -> &'static [&'static str] {
    match special {
        Special::ForgetfulDiscord => &KINDS[..KINDS.len() - 1],
        Special::Nothing | Special::ShortRetention => &KINDS,
    }
}

/// Runs a seed; the processes write their logs into `logs`.
pub(crate) async fn run(cli: &Cli, seed: u64, logs: &Path) -> anyhow::Result<Report> {
    let lifecycle = Lifecycle::new();
    let outcome = play(cli, seed, logs, &lifecycle).await;
    lifecycle.begin_drain();
    lifecycle.abort().cancel();
    outcome
}

async fn play(cli: &Cli, seed: u64, logs: &Path, lifecycle: &Lifecycle) -> anyhow::Result<Report> {
    let began = Instant::now();
    let plan = if cli.only.is_empty() {
        Plan::draw(seed, cli.topology, usize::from(cli.more))
    } else {
        Plan::only(seed, &cli.only)
    };
    let size = Size {
        topology: cli.topology,
        gateways: usize::from(cli.gateways),
        webs: usize::from(cli.webs),
        retention: plan.special.retention(),
    };
    let folders = Folders {
        programs: cli.programs.as_deref(),
        logs,
    };
    let mut deployment = Deployment::start(lifecycle, size, seed, folders).await?;
    deployment.connected(CONNECTED_WITHIN).await?;
    stage::build(&deployment.control).await?;
    let begin = Begin::read(&deployment.control).await?;
    let mut rng = StdRng::seed_from_u64(seed);
    let profiles = Profile::draw(
        usize::from(cli.browsers),
        size.webs,
        &begin.members,
        &mut rng,
    );
    let fleet = Fleet::open(lifecycle, &deployment, profiles, seed).await?;
    let identifies = deployment.control.sessions().await?.identifies;
    let pulpits = stage::pulpits(&deployment.control).await?;
    let mut run = Run {
        deployment,
        fleet,
        webs: size.webs,
        begin,
        began,
        pulpits,
        probes: 0,
        mark: format!("murmur-{:016x}", rand::random::<u64>()),
    };
    run.quiet().await?;
    run.fleet.wait_for_ids().await?;
    run.say(&format!("ready; {} browsers watch", cli.browsers));
    let guilds: Vec<u64> = run.pulpits.iter().map(|pulpit| pulpit.guild).collect();
    let play = Play {
        seed,
        rate: cli.rate,
        guilds: &guilds,
        kinds: kinds(plan.special),
        mark: &run.mark,
    };
    run.deployment.control.play(play).await?;
    let mut report = Report::new(cli, seed);
    report.mercy.announced = plan.special != Special::Nothing;
    for (number, fault) in plan.faults.iter().enumerate() {
        let begun = unix_micros();
        let outcome = run.fault(number, *fault).await;
        let outcome = outcome.with_context(|| format!("fault {}: {}", number + 1, fault.trouble));
        match outcome {
            Ok(outcome) if fault.trouble == Trouble::DiscordForgets => {
                // Until the new sessions have begun, not until everybody has heard of it.
                let over = begun + outcome.lasted.as_micros() as u64;
                report.mercy.forgotten.push((begun, over));
                report.outcomes.push(outcome);
            }
            Ok(outcome) => report.outcomes.push(outcome),
            Err(error) => {
                report.trouble = Some(format!("{error:#}"));
                break;
            }
        }
    }
    run.deployment.control.stop().await?;
    if report.trouble.is_none() {
        report.trouble = run
            .quiet()
            .await
            .err()
            .map(|error| format!("at the end: {error:#}"));
    }
    let stuck = report.trouble.is_some();
    report.verdict = run.complete(&report.mercy, logs, stuck).await?;
    report.written_in = logs::holding(logs, &run.mark)?;
    let sessions = run.deployment.control.sessions().await?;
    report.identifies = sessions.identifies.saturating_sub(identifies);
    report.resumes = sessions.resumes;
    report.dispatches = run.deployment.control.newest().await? - run.begin.newest;
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
}

impl Run {
    fn say(&self, what: &str) {
        println!("{:7.2} s  {what}", self.began.elapsed().as_secs_f64());
    }

    /// One fault: begin, hold, heal, and everything is quiet again.
    async fn fault(&mut self, number: usize, fault: Fault) -> anyhow::Result<Outcome> {
        let (begun, streams) = (Instant::now(), self.fleet.streams());
        let seen = inject(&mut self.deployment, fault).await?;
        let (healed, since) = (Instant::now(), unix_micros());
        self.deployment.connected(CONNECTED_WITHIN).await?;
        self.deployment.ready().await?;
        if fault.trouble == Trouble::BeyondRetention {
            // What is written before they are back is part of what they missed.
            self.fleet.wait_until_back(since, QUIET_WITHIN).await?;
        }
        if !fault.overlaps {
            self.quiet().await?;
        }
        let outcome = Outcome {
            trouble: fault.trouble,
            lasted: healed - begun,
            recovered: (!fault.overlaps).then(|| healed.elapsed()),
            reconnects: self.fleet.streams() - streams,
            seen,
        };
        self.say(&format!("{:2}. {outcome}", number + 1));
        Ok(outcome)
    }

    /// Waits until every browser that can see it has received a message that is written now.
    async fn quiet(&mut self) -> anyhow::Result<()> {
        let (mut probes, since) = (Vec::new(), unix_micros());
        self.probes += 1;
        let text = format!("probe {} {}", self.probes, self.mark);
        for pulpit in &self.pulpits {
            let message = pulpit.write(&self.deployment.control, &text).await?;
            probes.push((pulpit.guild, message));
        }
        self.fleet
            .wait_for_probe(&probes, since, QUIET_WITHIN)
            .await
    }

    /// Judges until everything has arrived or it takes too long; the last verdict counts. What browsers received is kept if it is
    /// not what they should have, or if the run was `stuck`.
    async fn complete(
        &mut self,
        mercy: &Mercy,
        logs: &Path,
        stuck: bool,
    ) -> anyhow::Result<Verdict> {
        let mut model = self.begin.model.clone();
        let dispatches = self.deployment.control.log(self.begin.newest).await?;
        for dispatch in &dispatches {
            model.apply(dispatch)?;
        }
        let deadline = Instant::now() + COMPLETE_WITHIN;
        loop {
            let records = self.fleet.records();
            let since = self.begin.newest;
            let verdict = judge(&model, &records, self.webs, mercy, since, unix_micros());
            if verdict.is_complete() || Instant::now() > deadline {
                if stuck || !verdict.is_clean(mercy.announced) {
                    evidence::keep(logs, &dispatches, &records)?;
                }
                return Ok(verdict);
            }
            sleep(JUDGE_EVERY).await;
        }
    }
}

fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_micros() as u64
}

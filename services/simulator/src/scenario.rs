//! What happens by itself: people who come and go, or lines of a file.

mod lively;
mod script;

use std::{
    convert::Infallible,
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

use lifecycle::CancellationToken;
use lively::Lively;
use script::Line;
use serde_json::{Map, Value};
use tokio::time;
use tracing::{info, warn};

use crate::{control, simulation::Simulation};

/// Events a second when nothing is said.
const RATE: f64 = 1.0;

/// The fastest that a scenario is played, in events a second.
const FASTEST: f64 = 10_000.0;

/// In a storm, the events of this time come within the first tenth of it.
const STORM: f64 = 10.0;

/// What is to happen by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    script: Script,
    /// Events a second, on average.
    pub rate: f64,
    /// The same seed gives the same sequence.
    pub seed: u64,
    /// When it ends; never if `None`.
    pub duration: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
enum Script {
    /// People move, chat, type; rooms appear and go.
    Lively,
    /// The same in bursts.
    Storm,
    /// Lines of a file.
    Lines(Vec<Line>),
}

/// Why a scenario can't be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);

impl FromStr for Scenario {
    type Err = ScenarioError;

    /// `lively`, `storm` or the text of a script: JSON lines `{"at_ms": 1500, "do": "join", …}`.
    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        let script = match text.trim() {
            "lively" => Script::Lively,
            "storm" => Script::Storm,
            lines => Script::Lines(script::parse(lines).map_err(ScenarioError)?),
        };
        Ok(Self {
            script,
            rate: RATE,
            seed: 1,
            duration: None,
        })
    }
}

impl Scenario {
    /// With another rate (events a second) and seed.
    #[must_use]
    pub fn with(self, rate: f64, seed: u64) -> Self {
        Self {
            rate: rate.clamp(0.001, FASTEST),
            seed,
            ..self
        }
    }

    /// `lively`, `storm` or `script`.
    pub fn name(&self) -> &'static str {
        match self.script {
            Script::Lively => "lively",
            Script::Storm => "storm",
            Script::Lines(_) => "script",
        }
    }

    /// From the body of `POST /control/scenario`.
    pub(crate) fn of(fields: &Map<String, Value>, seed: u64) -> Result<Self, String> {
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        let lines: String;
        let source = match (text("name"), fields.get("script")) {
            (Some(name @ ("lively" | "storm")), _) => name,
            (Some(name), _) => {
                return Err(format!(
                    "there is no scenario `{name}`; there are lively and storm"
                ));
            }
            (None, Some(Value::String(script))) => script.as_str(),
            (None, Some(Value::Array(list))) => {
                lines = list
                    .iter()
                    .map(Value::to_string)
                    .collect::<Vec<_>>()
                    .join("\n");
                &lines
            }
            _ => return Err("`name` or `script` is missing".to_owned()),
        };
        let rate = match fields.get("rate") {
            None | Some(Value::Null) => RATE,
            Some(rate) => rate
                .as_f64()
                .filter(|rate| *rate > 0.0)
                .ok_or("`rate` has to be above 0")?,
        };
        let duration = match fields.get("duration") {
            None | Some(Value::Null) => None,
            Some(seconds) => {
                let seconds = seconds
                    .as_f64()
                    .ok_or("`duration` has to be a number of seconds")?;
                Some(Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?)
            }
        };
        let seed = fields.get("seed").and_then(Value::as_u64).unwrap_or(seed);
        let scenario: Self = source
            .parse()
            .map_err(|error: ScenarioError| error.to_string())?;
        Ok(Self {
            duration,
            ..scenario.with(rate, seed)
        })
    }

    /// When the n-th event of its own making is due, after the begin.
    fn due(&self, n: u64) -> Duration {
        let plain = n as f64 / self.rate;
        if self.script != Script::Storm {
            return Duration::from_secs_f64(plain);
        }
        let period = (plain / STORM).floor();
        Duration::from_secs_f64(period * STORM + (plain - period * STORM) / 10.0)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Plays whatever scenario is set, until the drain.
pub(crate) async fn play(
    simulation: &Simulation,
    drain: CancellationToken,
) -> Result<(), Infallible> {
    let mut changes = simulation.scenario.subscribe();
    loop {
        let scenario = changes.borrow_and_update().clone();
        let playing = async {
            match scenario {
                Some(scenario) => run(simulation, &scenario).await,
                None => std::future::pending().await,
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = drain.cancelled() => return Ok(()),
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = playing => {}
        }
    }
}

async fn run(simulation: &Simulation, scenario: &Scenario) {
    let begin = Instant::now();
    let ends = scenario
        .duration
        .and_then(|duration| begin.checked_add(duration));
    info!(
        scenario = scenario.name(),
        rate = scenario.rate,
        seed = scenario.seed,
        "a scenario begins"
    );
    if let Script::Lines(lines) = &scenario.script {
        for line in lines {
            let due = begin + Duration::from_millis(line.at_ms);
            if ends.is_some_and(|ends| due > ends) {
                break;
            }
            time::sleep_until(due.into()).await;
            if let Err(error) = control::act(simulation, &line.act, &line.fields) {
                warn!(act = line.act, %error, "a line of the script could not be carried out");
            }
        }
    } else {
        let mut lively = Lively::new(scenario.seed);
        for n in 1_u64.. {
            let due = begin + scenario.due(n);
            if ends.is_some_and(|ends| due > ends) {
                break;
            }
            time::sleep_until(due.into()).await;
            let Some((act, fields)) = simulation.read(|world| lively.next(world)) else {
                continue;
            };
            // What is picked can be gone by now, if someone else changed the world; then nothing happens.
            drop(control::act(simulation, act, &fields));
        }
    }
    info!(scenario = scenario.name(), "a scenario is over");
}

#[cfg(test)]
mod tests;

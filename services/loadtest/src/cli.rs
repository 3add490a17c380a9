use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::{cost::NamedPid, target::Target};

/// Load on a running Fanfare: streams, events, latency, what was lost or doubled, what it cost.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version = program::version())]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Streams that read numbered events at an even rate.
    Sse(Sse),
    /// Streams on which nothing happens: memory for each.
    Idle(Idle),
    /// Starts redis-server, simulator, gateway and two web replicas from this program's folder and measures them.
    Bench(Bench),
    /// Says of each thing that `bench` needs whether it is there, or what to do.
    Check,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// Address of a web replica on loopback; repeat it for more replicas.
    #[arg(long = "url", required = true, value_name = "URL")]
    pub(crate) targets: Vec<Target>,
    /// How many streams, spread evenly over the replicas.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=MOST_STREAMS))]
    pub(crate) streams: u32,
    /// The Cookie header of a session; without it the tool signs in through the simulator's `SIM_AUTO_APPROVE`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) cookie: Option<String>,
    /// Operating system threads that read.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: u16,
    /// A process whose cost is measured; without it those that listen on the ports of --url.
    #[arg(long = "pid", value_name = "NAME=PID")]
    pub(crate) pids: Vec<NamedPid>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A process may open 20,000 files, and each stream is one.
const MOST_STREAMS: i64 = 19_000;

#[derive(Debug, Clone, Args)]
pub(crate) struct Sse {
    #[command(flatten)]
    pub(crate) load: Load,
    /// Events a second.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) rate: u32,
    /// How long: 60s, 5m, 500ms.
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// Afterwards so many events within one second.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) burst: Option<u32>,
    /// The promise: 95 of 100 deliveries within this time.
    #[arg(long, default_value = "300ms", value_parser = duration, value_name = "DURATION")]
    pub(crate) p95: Duration,
    /// Address of the simulator.
    #[arg(long, default_value = "http://127.0.0.1:4000", value_name = "URL")]
    pub(crate) control: Target,
    /// Address of a replica's metrics; repeat it for more replicas.
    #[arg(long, value_name = "URL")]
    pub(crate) metrics: Vec<Target>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Idle {
    #[command(flatten)]
    pub(crate) load: Load,
    /// How long the streams are kept open before memory is read.
    #[arg(long, default_value = "15s", value_parser = duration)]
    pub(crate) hold: Duration,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Bench {
    /// How many streams, spread evenly over the two replicas.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=MOST_STREAMS))]
    pub(crate) streams: u32,
    /// Events a second.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) rate: u32,
    /// How long: 60s, 5m, 500ms.
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// Afterwards so many events within one second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) burst: u32,
    /// The promise: 95 of 100 deliveries within this time.
    #[arg(long, default_value = "300ms", value_parser = duration, value_name = "DURATION")]
    pub(crate) p95: Duration,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The longest that one phase may last.
const LONGEST: Duration = Duration::from_hours(1);

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits
        .parse()
        .map_err(|_| format!("`{text}` is no duration such as 60s, 5m or 500ms"))?;
    let duration = match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "s" | "" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        unit => return Err(format!("`{unit}` is none of the units ms, s, m")),
    };
    if duration.is_zero() || duration > LONGEST {
        return Err("it has to be above 0 and at most 60m".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        for wrong in [
            "",
            "s",
            "-1s",
            "1.5s",
            "0s",
            "2h",
            "61m",
            "99999999999999999999s",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_elsewhere_is_refused() {
        let parse = |url: &str| Cli::try_parse_from(["loadtest", "sse", "--url", url]);
        assert!(parse("http://127.0.0.1:3000").is_ok());
        for elsewhere in [
            "http://192.0.2.1:3000",
            "http://example.org",
            "https://127.0.0.1:1",
        ] {
            assert!(parse(elsewhere).is_err(), "{elsewhere}");
        }
    }
}

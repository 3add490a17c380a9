use std::path::PathBuf;

use clap::Parser;

use crate::{plan::Trouble, store::Topology};

/// Breaks a running Fanfare in every way there is and checks what its browsers received.
#[derive(Debug, Clone, Parser)]
#[command(name = "chaos", version)]
pub struct Cli {
    /// What is drawn from it: the sequence of events, the browsers, the faults.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// So many seeds, from --seed on.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) seeds: u64,
    /// How Redis is built.
    #[arg(long, value_enum, default_value_t = Topology::Single)]
    pub(crate) topology: Topology,
    /// Events a second.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rate: u32,
    /// How many gateways.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(crate) gateways: u8,
    /// How many web replicas.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(crate) webs: u8,
    /// How many browsers.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(8..=2_000))]
    pub(crate) browsers: u16,
    /// How many faults beyond one of each kind.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1_000))]
    pub(crate) more: u16,
    /// Only these faults, each once, in this order: `--only kill-9-redis,roll-webs`.
    #[arg(long, value_delimiter = ',', value_name = "FAULT", value_parser = Trouble::named)]
    pub(crate) only: Vec<Trouble>,
    /// The folder of the gateway, web and simulator to run; without it that of this program.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) programs: Option<PathBuf>,
    /// A file for the figures, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}

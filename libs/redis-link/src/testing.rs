//! Real servers for tests, started on free loopback ports, killed, frozen and restarted at will: a redis-server, a master and
//! its replica under three Sentinels, a Cluster.

mod ask;
mod cluster;
mod port;
mod process;
mod sentinel;

use std::{path::PathBuf, time::Duration};

pub use cluster::RedisCluster;
pub use port::Port;
use process::Process;
pub use sentinel::SentinelTrio;

use crate::RedisConfig;

/// How long a server may take to answer.
const START_TIMEOUT: Duration = Duration::from_secs(15);

/// How many ports are tried: another process may take one between choosing and starting.
const PORTS_TRIED: usize = 5;

/// A redis-server that ends with this value. Its files are in a directory of its own, removed at the end.
#[derive(Debug)]
pub struct RedisServer {
    port: Port,
    directory: PathBuf,
    arguments: Vec<String>,
    process: Option<Process>,
}

impl RedisServer {
    /// Starts one with these arguments besides the port, e.g. `["--appendonly", "yes"]`; without any, nothing is kept on disk.
    ///
    /// # Panics
    ///
    /// If redis-server is not installed or does not start: a test must fail then, not pass.
    pub async fn start(arguments: &[&str]) -> Self {
        let mut server = Self::prepared(arguments);
        for _ in 0..PORTS_TRIED {
            if server.launch().await {
                return server;
            }
            server.port = Port::claim();
        }
        panic!("redis-server does not start on any of {PORTS_TRIED} free ports");
    }

    /// One that has a port and a directory and does not run yet.
    fn prepared(arguments: &[&str]) -> Self {
        Self {
            port: Port::claim(),
            directory: port::fresh_directory(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            process: None,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port.number())
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// A configuration for it, with a prefix of its own for each deployment.
    pub fn config(&self, prefix: &str) -> RedisConfig {
        RedisConfig::new(self.url().as_str().into(), prefix).expect("the address is well-formed")
    }

    /// Where its files are.
    pub fn directory(&self) -> &std::path::Path {
        &self.directory
    }

    /// Whether it was started and not killed since.
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// What it answers to a command without quotes, as it comes over the wire; `None` = nothing in time.
    pub async fn ask(&self, command: &str) -> Option<String> {
        ask::ask(self.port.number(), command).await
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port and directory; kills it first if it runs.
    pub async fn restart(&mut self) {
        self.kill();
        assert!(self.launch().await, "redis-server does not start again");
    }

    /// Freezes it (SIGSTOP): connections stay open and nothing is answered.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("the server runs");
        process.signal(signal);
    }

    async fn launch(&mut self) -> bool {
        let process = Process::start(self.port.number(), &self.directory, &self.arguments);
        let answers =
            tokio::time::timeout(START_TIMEOUT, process.answers(self.port.number())).await;
        let started = matches!(answers, Ok(true));
        self.process = started.then_some(process);
        started
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        // what is left in the temporary directory harms nobody
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::Context as _;
use tempfile::NamedTempFile;
use tokio::process::{Child as Process, Command};

use crate::cost::NamedPid;

/// How much of a log is shown.
const LAST_LINES: usize = 20;

/// A process that is killed when this value goes.
pub(super) struct Child {
    name: String,
    process: Process,
    log: NamedTempFile,
}

impl Child {
    /// Starts a program with nothing but these variables in its environment.
    pub(super) fn start(
        name: &str,
        program: &Path,
        args: &[&str],
        env: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let log = NamedTempFile::new().context("a temporary file can't be made")?;
        let (out, err) = (log.reopen()?, log.as_file().try_clone()?);
        let process = Command::new(program)
            .args(args)
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} can't be started", program.display()))?;
        Ok(Self {
            name: name.to_owned(),
            process,
            log,
        })
    }

    /// Its name and id; `None` = it has ended.
    pub(super) fn pid(&self) -> Option<NamedPid> {
        Some(NamedPid {
            name: self.name.clone(),
            pid: self.process.id()?,
        })
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// The end of what it wrote.
    pub(super) fn last_words(&self) -> String {
        let text = fs::read_to_string(self.log.path()).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        format!("--- {} (last lines)\n{last}\n", self.name)
    }
}

/// Where ports are taken from: below those that the system hands out by itself.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port of 127.0.0.1 that nobody listens on; never the same one twice, though nobody listens on it yet.
pub(super) fn free_port() -> anyhow::Result<u16> {
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    let first = std::process::id() as usize * 613;
    for _ in 0..PORTS.len() {
        let step = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + ((first + step) % PORTS.len()) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!(
        "there is no free port from {} to {}",
        PORTS.start,
        PORTS.end
    )
}

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::child::{Child, free_port};
use crate::{cost::NamedPid, login, target::Target};

/// How long everything may take until it is ready.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Secrets of processes that live for a minute on loopback.
const SECRET: &str = "for-a-benchmark-on-loopback-only-0123456789-0123456789-0123456789";

/// Redis, simulator, gateway and web replicas, on free ports.
pub(super) struct Stack {
    children: Vec<Child>,
    simulator: Target,
    webs: Vec<Target>,
    metrics: Vec<Target>,
    _files: TempDir,
}

impl Stack {
    /// Starts the programs that stand beside this one and waits until all are ready.
    pub(super) async fn start(replicas: usize, streams: u32) -> anyhow::Result<Self> {
        let files = TempDir::new().context("a temporary folder can't be made")?;
        let redis_port = free_port()?;
        let redis = start_redis(redis_port, files.path())?;
        let simulator_port = free_port()?;
        let simulator = Target::local(simulator_port);
        let mut stack = Self {
            children: vec![redis],
            simulator: simulator.clone(),
            webs: Vec::new(),
            metrics: Vec::new(),
            _files: files,
        };
        let shared = [
            ("REDIS_URL", format!("redis://127.0.0.1:{redis_port}")),
            ("DISCORD_API_URL", format!("{simulator}/api/v10")),
            ("DISCORD_CDN_URL", format!("{simulator}/cdn")),
            ("LINK_TOKEN", SECRET.to_owned()),
            ("BIND", "127.0.0.1".to_owned()),
            ("RUST_LOG", "warn".to_owned()),
        ];
        stack.add(
            "simulator",
            &[
                ("SIM_PORT", simulator_port.to_string()),
                ("SIM_AUTO_APPROVE", "nelly".to_owned()),
            ],
        )?;
        stack.ready(&simulator, "/control/state").await?;

        let gateway = Target::local(free_port()?);
        let own = [
            ("DISCORD_BOT_TOKEN", "simulated-bot-token".to_owned()),
            ("DISCORD_INTENTS", "36739".to_owned()),
            ("GATEWAY_WS_PORT", gateway.address().port().to_string()),
            ("METRICS_PORT", free_port()?.to_string()),
        ];
        stack.add("gateway", &[&shared[..], &own].concat())?;
        for _ in 0..replicas {
            let (web, metrics) = (Target::local(free_port()?), Target::local(free_port()?));
            let own = [
                ("PORT", web.address().port().to_string()),
                ("METRICS_PORT", metrics.address().port().to_string()),
                ("BASE_URL", web.base().to_owned()),
                ("SESSION_SECRET", SECRET.to_owned()),
                ("DISCORD_CLIENT_ID", "1000000000000000001".to_owned()),
                (
                    "DISCORD_CLIENT_SECRET",
                    "simulated-client-secret".to_owned(),
                ),
                (
                    "DISCORD_AUTHORIZE_URL",
                    format!("{simulator}/oauth2/authorize"),
                ),
                ("MAX_STREAMS_PER_USER", streams.to_string()),
            ];
            stack.add("web", &[&shared[..], &own].concat())?;
            stack.webs.push(web);
            stack.metrics.push(metrics);
        }
        stack.ready(&gateway, "/ready").await?;
        for web in stack.webs.clone() {
            stack.ready(&web, "/api/ready").await?;
        }
        Ok(stack)
    }

    pub(super) fn webs(&self) -> Vec<Target> {
        self.webs.clone()
    }

    pub(super) fn metrics(&self) -> Vec<Target> {
        self.metrics.clone()
    }

    pub(super) fn control(&self) -> Target {
        self.simulator.clone()
    }

    /// The processes whose cost is of interest: all that a deployment would run.
    pub(super) fn pids(&self) -> Vec<NamedPid> {
        let running = self.children.iter().filter_map(Child::pid);
        running.filter(|named| named.name != "simulator").collect()
    }

    /// What the processes wrote at last.
    pub(super) fn last_words(&self) -> String {
        self.children.iter().map(Child::last_words).collect()
    }

    fn add(&mut self, program: &str, env: &[(&str, String)]) -> anyhow::Result<()> {
        let number = self.webs.len() + 1;
        let name = if program == "web" {
            format!("web {number}")
        } else {
            program.to_owned()
        };
        self.children
            .push(Child::start(&name, &beside(program)?, &[], env)?);
        Ok(())
    }

    async fn ready(&mut self, target: &Target, path: &str) -> anyhow::Result<()> {
        let client = login::client()?;
        let begun = Instant::now();
        loop {
            let reply = client.get(format!("{target}{path}")).send().await;
            if reply.is_ok_and(|reply| reply.status().is_success()) {
                return Ok(());
            }
            let ended = self.children.iter_mut().any(Child::has_ended);
            if ended || begun.elapsed() > READY_WITHIN {
                bail!("{target}{path} does not get ready\n{}", self.last_words());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn start_redis(port: u16, folder: &Path) -> anyhow::Result<Child> {
    let port = port.to_string();
    let folder = folder
        .to_str()
        .context("the temporary folder has an odd name")?;
    let args = [
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        folder,
    ];
    Child::start("redis", &search_path("redis-server")?, &args, &[])
}

/// A program in the folder of this one.
pub(crate) fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("this program has no path")?;
    let path = here.with_file_name(name);
    if !path.exists() {
        bail!("{} is not built; `make bench` builds it", path.display());
    }
    Ok(path)
}

/// A program in the usual folders.
pub(crate) fn search_path(name: &str) -> anyhow::Result<PathBuf> {
    let folders = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/bin"];
    let found = folders
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists());
    found.with_context(|| format!("{name} is not installed"))
}

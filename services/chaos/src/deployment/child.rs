use std::{
    fs::{self, File},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::{
    process::{Child as Running, Command},
    time::timeout,
};

use super::Folders;

/// How long a process may take to end after SIGTERM; the programs' own grace period is 30 s.
const END_WITHIN: Duration = Duration::from_secs(40);

/// One of the programs as a process. It is killed when this value goes.
pub(crate) struct Child {
    name: String,
    program: PathBuf,
    env: Vec<(&'static str, String)>,
    log: PathBuf,
    running: Option<Running>,
}

impl Child {
    /// Starts a program that stands beside this one, with nothing but these variables in its environment. What it writes is
    /// appended to a file among the logs.
    pub(crate) fn start(
        name: &str,
        program: &str,
        env: Vec<(&'static str, String)>,
        folders: Folders<'_>,
    ) -> anyhow::Result<Self> {
        let mut child = Self {
            name: name.to_owned(),
            program: pinned(program, folders)?,
            env,
            log: folders.logs.join(format!("{}.log", name.replace(' ', "-"))),
            running: None,
        };
        child.launch()?;
        Ok(child)
    }

    /// What it is called, e.g. `web 2`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Starts it again with the same environment.
    pub(crate) fn launch(&mut self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("{} can't be written", self.log.display()))?;
        let running = Command::new(&self.program)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} can't be started", self.program.display()))?;
        self.running = Some(running);
        Ok(())
    }

    /// SIGKILL; returns when it is gone.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut running) = self.running.take() {
            running.kill().await.context("a process can't be killed")?;
        }
        Ok(())
    }

    /// Sends a signal by name, e.g. `STOP`.
    pub(crate) async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let pid = self.running.as_ref().and_then(Running::id);
        let pid = pid.with_context(|| format!("{} does not run", self.name))?;
        let sent = Command::new("kill")
            .args([format!("-{signal}"), pid.to_string()])
            .status()
            .await;
        if !sent.is_ok_and(|status| status.success()) {
            bail!("{} can't be sent SIG{signal}", self.name);
        }
        Ok(())
    }

    /// SIGTERM; what is returned waits for the end, which has to be a good one.
    pub(crate) async fn terminate(
        &mut self,
    ) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
        self.signal("TERM").await?;
        let name = self.name.clone();
        let running = self.running.take();
        Ok(async move {
            let mut running = running.with_context(|| format!("{name} does not run"))?;
            let ended = timeout(END_WITHIN, running.wait()).await;
            let status = ended.with_context(|| format!("{name} does not end by SIGTERM"))??;
            if !status.success() {
                bail!("{name} ends with {status} after SIGTERM");
            }
            Ok(())
        })
    }

    /// Whether it ended although nobody asked it to.
    pub(crate) fn fell(&mut self) -> Option<ExitStatus> {
        self.running
            .as_mut()
            .and_then(|running| running.try_wait().ok().flatten())
    }
}

/// A program under a name of this run's own, so that every start is of the same build, whatever is built meanwhile.
fn pinned(name: &str, folders: Folders<'_>) -> anyhow::Result<PathBuf> {
    let pin = folders.logs.join(format!("{name}.bin"));
    if !pin.exists() {
        let program = match folders.programs {
            Some(folder) => folder.join(name),
            None => beside(name)?,
        };
        fs::hard_link(program, &pin).with_context(|| format!("{} can't be made", pin.display()))?;
    }
    Ok(pin)
}

/// A program in the folder of this one, or one above (where tests are).
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("this program has no path")?;
    let folders = here.ancestors().skip(1).take(2);
    let found = folders
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.with_context(|| {
        format!("{name} is not built: cargo build -p gateway -p web -p simulator -p chaos")
    })
}

//! One of our binaries as a child process.

use std::{
    fs::{self, File},
    io::Read as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use redis_link::testing::Port;
use tempfile::NamedTempFile;

/// How long anything here may take before the story fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running binary. It is killed when it is dropped; its output is shown when the story panics.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    output: NamedTempFile,
}

impl Process {
    /// Starts a binary of this workspace with nothing but these variables in its environment.
    pub(crate) fn start(name: &'static str, args: &[&str], env: &[(&str, String)]) -> Self {
        let output = NamedTempFile::new().expect("a temporary file");
        let log = || {
            Stdio::from(
                File::options()
                    .append(true)
                    .open(output.path())
                    .expect("the log opens"),
            )
        };
        let child = Command::new(binary(name))
            .args(args)
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self {
            name,
            child,
            output,
        }
    }

    /// What it has written so far.
    pub(crate) fn output(&self) -> String {
        let mut text = String::new();
        let mut file = File::open(self.output.path()).expect("the log opens");
        file.read_to_string(&mut text).expect("the log is text");
        text
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "{} can't be signalled",
            self.name
        );
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} does not end:\n{}", self.name, self.output());
    }

    /// Waits until it has written `text`.
    #[track_caller]
    pub(crate) fn wait_for_output(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let output = self.output();
            if output.contains(text) {
                return output;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} never wrote `{text}`:\n{}", self.name, self.output());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let output = self.output();
            let tail: Vec<_> = output.lines().rev().take(40).collect();
            eprintln!("--- {} (last lines)", self.name);
            for line in tail.iter().rev() {
                eprintln!("{line}");
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port for a server of this process; nobody else gets it as long as the process lives.
pub(crate) fn free_port() -> u16 {
    static CLAIMED: Mutex<Vec<Port>> = Mutex::new(Vec::new());
    let port = Port::claim();
    let number = port.number();
    CLAIMED.lock().expect("no claim panicked").push(port);
    number
}

/// A binary beside this test: `target/<profile>/deps/it-…` stands one folder below it.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("tests are built into target/<profile>/deps");
    let path = folder.join(name);
    assert!(
        fs::exists(&path).unwrap_or(false),
        "{} is not built: run `make test`",
        path.display()
    );
    path
}

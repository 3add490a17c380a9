//! PostgreSQL servers for tests.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use environment::Secret;
use redis_link::testing::Port;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::PostgresConfig;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two attempts to reach a server that is starting.
const PROBE_EVERY: Duration = Duration::from_millis(20);

/// Who runs servers where the tests run as root: PostgreSQL refuses to.
const UNPRIVILEGED: &str = "postgres";

/// An empty PostgreSQL of its own, on loopback; killed and deleted when dropped.
pub struct PostgresServer {
    directory: PathBuf,
    port: Port,
    child: Option<Child>,
    as_root: bool,
}

impl PostgresServer {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed or does not start.
    pub async fn start() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("session-store-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let as_root = output(Command::new("id").arg("-u")) == "0";
        let mut server = Self {
            directory,
            port: Port::claim(),
            child: None,
            as_root,
        };
        if as_root {
            let mut install = Command::new("install");
            install.args(["-d", "-m", "700", "-o", UNPRIVILEGED]);
            output(install.arg(&server.directory));
        }
        let mut initdb = server.command("initdb");
        initdb.args([
            "--auth=trust",
            "--username=fanfare",
            "--no-sync",
            "--encoding=UTF8",
        ]);
        output(initdb.arg("--pgdata").arg(&server.directory));
        server.restart().await;
        server
    }

    /// The address of its database.
    pub fn url(&self) -> Secret {
        format!(
            "postgres://fanfare@127.0.0.1:{}/postgres",
            self.port.number()
        )
        .into()
    }

    /// How to connect to it.
    pub fn config(&self) -> PostgresConfig {
        PostgresConfig::parse(&self.url()).expect("it is an address")
    }

    /// A connection to look behind the store.
    pub async fn connection(&self) -> PgConnection {
        self.config().options().connect().await.expect("it answers")
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again with what it holds.
    pub async fn restart(&mut self) {
        self.kill();
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(&self.directory);
        postgres.args(["-p", &self.port.number().to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "max_connections=40",
            "shared_buffers=16MB",
        ] {
            postgres.args(["-c", setting]);
        }
        let deadline = Instant::now() + PATIENCE;
        self.child = Some(postgres.spawn().expect("PostgreSQL is installed"));
        while !self.answers().await {
            let child = self.child.as_mut().map(Child::try_wait);
            if let Some(Ok(Some(_))) = child {
                // The processes of the one before may hold on to the memory for a moment.
                self.child = Some(postgres.spawn().expect("PostgreSQL is installed"));
            }
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            tokio::time::sleep(PROBE_EVERY).await;
        }
    }

    async fn answers(&self) -> bool {
        match self.config().options().connect().await {
            Ok(connection) => connection.close().await.is_ok(),
            Err(_) => false,
        }
    }

    fn command(&self, program: &str) -> Command {
        let program = installed(program);
        let mut command = if self.as_root {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={UNPRIVILEGED}"));
            command.args(["--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Where Debian puts the programs of a server, the newest first; else wherever they are found.
fn installed(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let paths = versions
        .flatten()
        .map(|version| version.path().join("bin").join(program));
    let newest = paths.filter(|path| path.exists()).max();
    newest.unwrap_or_else(|| Path::new(program).to_owned())
}

/// Runs a program to its end.
fn output(command: &mut Command) -> String {
    let output = command.stderr(Stdio::piped()).output();
    let output = output.expect("the program is installed: make tools");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

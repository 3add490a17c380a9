use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use super::files;
use crate::{
    process::{PATIENCE, free_port},
    stack::{client, wait_until_ready},
};

/// A Prometheus with our rules, on a free port. It is killed when it is dropped.
pub(super) struct Prometheus {
    child: Child,
    folder: TempDir,
    url: String,
    client: Client,
}

impl Prometheus {
    /// Starts one that scrapes these ports under the jobs' own names, every second.
    pub(super) fn start(gateway: u16, webs: &[u16]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let config = folder.path().join("prometheus.yml");
        fs::write(&config, configuration(gateway, webs)).expect("the folder is writable");
        let port = free_port();
        let log = File::create(folder.path().join("log")).expect("the folder is writable");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus is installed (Debian package `prometheus`)");
        Self {
            child,
            folder,
            url: format!("http://127.0.0.1:{port}"),
            client: client(),
        }
    }

    /// Asks until the answer is not empty.
    pub(super) async fn until(&self, what: &str, query: &str) {
        wait_until_ready(&format!("{}/-/ready", self.url)).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("query", &[("query", query)]).await;
            if answer["data"]["result"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
            {
                return;
            }
            assert!(
                answer["status"] == "success" && Instant::now() < deadline,
                "{what}: `{query}` is answered {answer}; active alerts: {}",
                self.ask("alerts", &[]).await["data"]
            );
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// All rules, with how their last evaluation went. Waits until each was evaluated.
    pub(super) async fn rules(&self) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("rules", &[]).await;
            let groups = answer["data"]["groups"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let rules: Vec<_> = groups
                .iter()
                .flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default())
                .collect();
            let unknown = rules.iter().filter(|rule| rule["health"] == "unknown");
            if unknown.count() == 0 || Instant::now() >= deadline {
                return rules;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// The names of all metrics that were scraped or recorded.
    pub(super) async fn names(&self) -> BTreeSet<String> {
        let answer = self.ask("label/__name__/values", &[]).await;
        let names = answer["data"].as_array().cloned().unwrap_or_default();
        names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    async fn ask(&self, what: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v1/{what}", self.url);
        let answer = self.client.get(url).query(query).send().await;
        let answer = answer.expect("Prometheus answers");
        answer.json().await.expect("Prometheus answers with JSON")
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(20).collect();
            eprintln!(
                "--- prometheus (last lines, the latest first)\n{}",
                lines.join("\n")
            );
        }
    }
}

/// Our rules, and our jobs with addresses in the place of Docker's DNS.
fn configuration(gateway: u16, webs: &[u16]) -> String {
    let mut text = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [\"{}/*.yml\"]\nscrape_configs:\n",
        files::prometheus().join("rules").display()
    );
    let ports = [("gateway", &[gateway][..]), ("web", webs)];
    for (job, ports) in ports {
        assert!(
            files::jobs().iter().any(|known| known == job),
            "{job} is a job of ours"
        );
        let targets: Vec<_> = ports
            .iter()
            .map(|port| format!("\"127.0.0.1:{port}\""))
            .collect();
        let _ = writeln!(
            text,
            "  - {{job_name: {job}, static_configs: [{{targets: [{}]}}]}}",
            targets.join(", ")
        );
    }
    text
}

/// Runs promtool in the folder of the rules; what it writes, as an error where it is not content.
pub(super) fn promtool(arguments: &[&str], input: Option<&str>) -> Result<String, String> {
    run("promtool", arguments, &files::prometheus(), input)
}

fn run(
    program: &str,
    arguments: &[&str],
    folder: &Path,
    input: Option<&str>,
) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{program} does not start: {error} (Debian package `prometheus`)")
        });
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin
        .write_all(input.unwrap_or_default().as_bytes())
        .expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}

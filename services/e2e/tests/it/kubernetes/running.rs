//! The programs, started with what the manifests give them: the overlay with the simulator on loopback, probed as a kubelet would.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Instant};

use tempfile::TempDir;

use super::{
    manifests::{Manifests, Workload, list, text},
    settings::{Given, Secrets, variables},
};
use crate::{
    browser::Browser,
    process::{PATIENCE, Process, free_port},
    stack::wait_until_ready,
};

/// A cluster of one machine: each address of the manifests is a port here, each mounted file a file in a folder.
struct Machine {
    manifests: Manifests,
    folder: TempDir,
    /// What the manifests say, and what it is here.
    places: Vec<(String, String)>,
    ports: BTreeMap<&'static str, u16>,
}

impl Machine {
    fn with(manifests: Manifests) -> Self {
        let ports: BTreeMap<_, _> = ["gateway", "web", "simulator", "redis"]
            .map(|name| (name, free_port()))
            .into();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().display().to_string();
        let here = |name: &str| format!("127.0.0.1:{}", ports[name]);
        let places = vec![
            ("/run/secrets/fanfare".to_owned(), root),
            ("simulator:4000".to_owned(), here("simulator")),
            ("localhost:4000".to_owned(), here("simulator")),
            ("localhost:3000".to_owned(), here("web")),
            ("$(POD_IP):8080".to_owned(), here("gateway")),
        ];
        Self {
            manifests,
            folder,
            places,
            ports,
        }
    }

    fn translated(&self, text: &str) -> String {
        self.places
            .iter()
            .fold(text.to_owned(), |text, (there, here)| {
                text.replace(there, here)
            })
    }

    /// Writes the secrets that the workload mounts.
    fn mount(&self, workload: &Workload<'_>) {
        for (path, value) in Secrets::of(&self.manifests).files(workload) {
            let path = self.translated(&path);
            // Not again: a program that has just been started may be reading it.
            if !Path::new(&path).exists() {
                fs::write(path, value).expect("a secret can be written");
            }
        }
    }

    /// The variables as the kubelet sets them, with `more` for what can't be the same here.
    fn environment(
        &self,
        workload: &Workload<'_>,
        more: &[(&str, String)],
    ) -> Vec<(String, String)> {
        let mut environment: Vec<_> = variables(&self.manifests, workload)
            .into_iter()
            .filter_map(|(name, given)| match given {
                Given::Text(value) => Some((name, self.translated(&value))),
                Given::Secret { .. } | Given::Field => None,
            })
            .collect();
        environment.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        environment
    }

    fn start(&self, name: &'static str, more: &[(&str, String)]) -> Process {
        let workload = self.manifests.workload(name);
        let args = list(&workload.pod["containers"][0]["args"]).map(text);
        self.run(name, &args.collect::<Vec<_>>(), more)
    }

    /// The workload's program with other arguments, as in `kubectl exec`.
    fn run(&self, name: &'static str, args: &[&str], more: &[(&str, String)]) -> Process {
        let workload = self.manifests.workload(name);
        self.mount(&workload);
        let environment = self.environment(&workload, more);
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        Process::start(name, args, &environment)
    }

    /// Waits until all probes of a workload succeed.
    async fn probe(&self, name: &'static str) {
        let workload = self.manifests.workload(name);
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let path = text(&workload.pod["containers"][0][probe]["httpGet"]["path"]);
            wait_until_ready(&format!("http://127.0.0.1:{}{path}", self.ports[name])).await;
        }
    }
}

/// The manifests' own Redis: its command, run by a shell, with its file.
struct OwnRedis {
    child: std::process::Child,
    ready: String,
}

impl OwnRedis {
    fn start(machine: &Machine) -> Self {
        let workload = machine.manifests.workload("redis");
        machine.mount(&workload);
        let container = &workload.pod["containers"][0];
        let port = machine.ports["redis"];
        let folder = machine.folder.path();
        let configuration = machine
            .manifests
            .find("ConfigMap", "redis")
            .expect("a ConfigMap");
        let file = folder.join("redis.conf");
        let told = text(&configuration["data"]["redis.conf"]).replace(
            "dir /data",
            &format!("dir {}\nport {port}\nbind 127.0.0.1", folder.display()),
        );
        fs::write(&file, told).expect("the file can be written");
        let script = machine
            .translated(text(&container["args"][0]))
            .replace("/etc/redis/redis.conf", &file.display().to_string());
        assert_eq!(text(&container["command"][0]), "sh");
        let child = Command::new("sh")
            .args([text(&container["command"][1]), &script])
            .stdout(fs::File::create(folder.join("redis.log")).expect("a log"))
            .spawn()
            .expect("sh starts");
        let asked = text(&container["readinessProbe"]["exec"]["command"][2]);
        let ready = machine
            .translated(asked)
            .replace("redis-cli", &format!("redis-cli -p {port}"));
        assert_ne!(ready, machine.translated(asked));
        Self { child, ready }
    }

    /// The readiness probe, once.
    fn is_ready(&self) -> bool {
        let asked = Command::new("sh").args(["-ec", &self.ready]).output();
        asked.expect("sh starts").status.success()
    }

    fn wait_until_ready(&self, folder: &Path) {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready() {
            assert!(
                Instant::now() < deadline,
                "{}",
                fs::read_to_string(folder.join("redis.log")).unwrap_or_default()
            );
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_programs_start_with_what_the_manifests_give_them() {
    let machine = Machine::with(Manifests::rendered("k8s/overlays/dev"));
    let port = |name: &str| machine.ports[name].to_string();
    let loopback = || "127.0.0.1".to_owned();
    let redis = OwnRedis::start(&machine);
    redis.wait_until_ready(machine.folder.path());
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", redis.child.id()));
    let password = "for-the-simulator-only";
    assert!(
        arguments.is_ok_and(|text| text.contains("redis-server") && !text.contains(password)),
        "redis-server takes the shell's place, and a list of processes does not show the password"
    );
    let _simulator = machine.start(
        "simulator",
        &[
            ("SIM_PORT", port("simulator")),
            ("SIM_BIND", loopback()),
            ("SIM_AUTO_APPROVE", "nelly".to_owned()),
        ],
    );
    machine.probe("simulator").await;
    let redis_at = [
        ("REDIS_HOST", loopback()),
        ("REDIS_PORT", port("redis")),
        ("BIND", loopback()),
    ];
    let with = |more: &[(&'static str, String)]| [&redis_at, more].concat();
    let _gateway = machine.start(
        "gateway",
        &with(&[
            ("GATEWAY_WS_PORT", port("gateway")),
            ("METRICS_PORT", "0".to_owned()),
        ]),
    );
    let _web = machine.start(
        "web",
        &with(&[("PORT", port("web")), ("METRICS_PORT", "0".to_owned())]),
    );
    machine.probe("gateway").await;
    // The second of the two replicas stands by, and is ready all the same: an update waits for it.
    let second = free_port();
    let _standby = machine.start(
        "gateway",
        &with(&[
            ("GATEWAY_WS_PORT", second.to_string()),
            ("LINK_ADVERTISE_URL", format!("ws://127.0.0.1:{second}")),
            ("METRICS_PORT", "0".to_owned()),
        ]),
    );
    wait_until_ready(&format!("http://127.0.0.1:{second}/ready")).await;
    machine.probe("web").await;
    for name in ["gateway", "web"] {
        let mut check = machine.run(name, &["check"], &with(&[]));
        let (status, told) = tokio::task::spawn_blocking(move || (check.wait(), check.output()))
            .await
            .expect("it ends");
        assert!(status.success(), "{name} check: {told}");
    }
    let browser = Browser::sign_in(&format!("http://127.0.0.1:{}", port("web"))).await;
    let rooms = browser.get("/api/guilds").await;
    assert!(rooms.status().is_success(), "{}", rooms.status());
}

#[test]
fn what_is_not_filled_in_is_named() {
    let machine = Machine::with(Manifests::rendered("k8s"));
    for (name, missing) in [
        (
            "gateway",
            ["DISCORD_BOT_TOKEN", "LINK_TOKEN", "REDIS_PASSWORD"].as_slice(),
        ),
        (
            "web",
            &[
                "DISCORD_CLIENT_ID",
                "DISCORD_CLIENT_SECRET",
                "SESSION_SECRET",
                "REDIS_PASSWORD",
            ],
        ),
    ] {
        let mut process = machine.start(name, &[]);
        assert_eq!(process.wait().code(), Some(78), "{}", process.output());
        for variable in missing {
            assert!(
                process.output().contains(variable),
                "{name} does not name {variable}:\n{}",
                process.output()
            );
        }
    }
    let mut redis = OwnRedis::start(&machine);
    let status = redis.child.wait().expect("a child can be waited for");
    assert_eq!(status.code(), Some(78));
}

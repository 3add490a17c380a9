//! The load balancer's configuration, in a real `HAProxy` in front of real replicas.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use contracts::{Problem, event::Unavailable};
use reqwest::{Response, header};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    process::{PATIENCE, free_port},
    stack::{Stack, Web, client, wait_until_ready},
    tidy::{read, root},
};

/// A running `HAProxy` with our configuration; only where it listens and where the replicas are has been put in.
struct Balancer {
    url: String,
    child: Child,
    _folder: TempDir,
}

impl Balancer {
    fn start(webs: &[Web]) -> Self {
        let port = free_port();
        let servers: Vec<_> = webs
            .iter()
            .enumerate()
            .map(|(at, web)| {
                let address = web.url.trim_start_matches("http://");
                format!("    server web{at} {address}")
            })
            .collect();
        let ours = read(&root().join("deploy/haproxy/haproxy.cfg"));
        let mut config = ours.clone();
        for (docker, here) in [
            ("bind :8080", format!("bind 127.0.0.1:{port}")),
            (
                "bind 127.0.0.1:8404",
                format!("bind 127.0.0.1:{}", free_port()),
            ),
            (" resolvers docker init-addr none", String::new()),
            ("    server-template web 32 web:3000", servers.join("\n")),
        ] {
            assert!(ours.contains(docker), "haproxy.cfg has no `{docker}`");
            config = config.replace(docker, &here);
        }
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("haproxy.cfg");
        std::fs::write(&path, config).expect("the configuration is written");
        let child = Command::new(program())
            .args(["-db", "-q", "-f"])
            .arg(&path)
            .stdout(Stdio::null())
            .spawn()
            .expect("haproxy starts");
        Self {
            url: format!("http://127.0.0.1:{port}"),
            child,
            _folder: folder,
        }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> &'static Path {
    let path = Path::new("/usr/sbin/haproxy");
    assert!(path.exists(), "haproxy is not installed: run `make tools`");
    path
}

/// What is answered as soon as somebody listens.
async fn first_answer(url: &str) -> Response {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match client().get(url).send().await {
            Ok(reply) => return reply,
            Err(error) => assert!(Instant::now() < deadline, "{url}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_pass_the_load_balancer_unbuffered_and_go_on_at_another_replica() {
    let stack = Stack::start(2).await;
    let balancer = Balancer::start(&stack.webs);
    wait_until_ready(&format!("{}/api/ready", balancer.url)).await;
    stack.control.empty_rooms().await;
    let (_, room) = stack.control.room(0).await;
    let browser = stack.browser(0).await.at(&balancer.url);
    let stream = browser.stream("", None).await;
    let act = |user: &'static str| {
        let act = json!({"user": user, "channel": room});
        stack.control.act("join", act)
    };
    act("mason").await;
    let joined = stream
        .wait_for("mason's join", |event| event.data["username"] == "mason")
        .await;

    // Whoever is left goes on where the first one stopped.
    stack.webs[0].process.signal("TERM");
    act("amara").await;
    wait_until_ready(&format!("{}/api/ready", balancer.url)).await;
    let resumed = browser.stream("", Some(&joined.id)).await;
    resumed
        .wait_for("amara's join", |event| event.data["username"] == "amara")
        .await;
    assert_eq!(resumed.received().len(), 1, "exactly what was missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_replica_streams_are_told_in_band_to_come_back() {
    let balancer = Balancer::start(&[]);
    let url = format!("{}/api/stream", balancer.url);
    let reply = first_answer(&url).await;
    assert_eq!(reply.status(), 200, "an EventSource gives up on any other");
    assert_eq!(reply.headers()[header::CONTENT_TYPE], "text/event-stream");
    let text = reply.text().await.expect("the stream ends");
    assert!(text.starts_with("retry: 3000\n\nevent: unavailable\ndata: "));
    let data = text.split("data: ").nth(1).expect("there is data").trim();
    serde_json::from_str::<Unavailable>(data).expect("browsers know what it says");

    let url = format!("{}/api/me", balancer.url);
    let reply = client().get(&url).send().await.expect("it answers");
    assert_eq!(reply.status(), 503);
    assert_eq!(
        reply.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let problem: Problem = reply.json().await.expect("it is a problem document");
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (503, "unavailable")
    );
}

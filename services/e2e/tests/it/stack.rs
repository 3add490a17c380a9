//! The whole product on free ports: simulator, redis-server, gateway and any number of web replicas.

use redis_link::testing::RedisServer;
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    process::{PATIENCE, Process, free_port},
};

pub(crate) const LINK_TOKEN: &str = "a-link-token-of-the-stories-0123456789";
pub(crate) const SESSION_SECRET: &str =
    "a-session-secret-of-the-stories-0123456789-0123456789-0123456789-01";

/// All services, ready.
pub(crate) struct Stack {
    pub(crate) redis: RedisServer,
    pub(crate) gateway: Process,
    pub(crate) gateway_port: u16,
    /// Where the gateway serves `/metrics`.
    pub(crate) gateway_metrics: u16,
    pub(crate) webs: Vec<Web>,
    pub(crate) control: Control,
    _simulator: Process,
}

/// A web replica.
pub(crate) struct Web {
    pub(crate) process: Process,
    pub(crate) url: String,
    /// Where it serves `/metrics`.
    pub(crate) metrics: u16,
}

impl Stack {
    /// Starts everything with so many web replicas and waits until each is ready.
    pub(crate) async fn start(replicas: usize) -> Self {
        Self::among(simulator(&[]).await, replicas, "info").await
    }

    /// The same with a Discord that asks who signs in.
    pub(crate) async fn with_choice(replicas: usize) -> Self {
        Self::among(simulator_that_asks().await, replicas, "info").await
    }

    /// The same; who signs in is an operator.
    pub(crate) async fn operated(replicas: usize) -> Self {
        let (simulator, control) = simulator(&[]).await;
        let operators = ("OPERATORS", control.user("nelly").await);
        Self::set((simulator, control), replicas, &[operators]).await
    }

    /// The same with a filter for the logs of gateway and web.
    pub(crate) async fn logging(filter: &str, replicas: usize) -> Self {
        Self::among(simulator(&[]).await, replicas, filter).await
    }

    /// The same with settings of its own for gateway and web.
    pub(crate) async fn with(replicas: usize, settings: &[(&str, String)]) -> Self {
        Self::set(simulator(&[]).await, replicas, settings).await
    }

    async fn among(discord: (Process, Control), replicas: usize, filter: &str) -> Self {
        Self::set(discord, replicas, &[("RUST_LOG", filter.to_owned())]).await
    }

    async fn set(
        (simulator, control): (Process, Control),
        replicas: usize,
        settings: &[(&str, String)],
    ) -> Self {
        let redis = RedisServer::start(&["--appendonly", "yes"]).await;
        let gateway_port = free_port();
        let mut more = vec![("REDIS_URL", redis.url())];
        more.extend_from_slice(settings);
        let gateway_metrics = free_port();
        let of_gateway = [&more[..], &[("METRICS_PORT", gateway_metrics.to_string())]].concat();
        let gateway = start_gateway(&control, gateway_port, &of_gateway);
        let mut webs = Vec::new();
        for _ in 0..replicas {
            webs.push(start_web(&control, &more));
        }
        wait_until_ready(&format!("http://127.0.0.1:{gateway_port}/ready")).await;
        for web in &webs {
            wait_until_ready(&format!("{}/api/ready", web.url)).await;
        }
        Self {
            redis,
            gateway_port,
            gateway_metrics,
            _simulator: simulator,
            gateway,
            webs,
            control,
        }
    }

    /// A browser that is signed in at a replica.
    pub(crate) async fn browser(&self, replica: usize) -> Browser {
        Browser::sign_in(&self.webs[replica].url).await
    }
}

/// Starts a simulator that signs everybody in as nelly.
pub(crate) async fn simulator(args: &[&str]) -> (Process, Control) {
    simulator_with(args, &[("SIM_AUTO_APPROVE", "nelly".to_owned())]).await
}

/// Starts a simulator that asks who signs in.
async fn simulator_that_asks() -> (Process, Control) {
    simulator_with(&[], &[]).await
}

async fn simulator_with(args: &[&str], more: &[(&str, String)]) -> (Process, Control) {
    let port = free_port();
    let mut env = vec![("SIM_PORT", port.to_string())];
    env.extend_from_slice(more);
    let process = Process::start("simulator", args, &env);
    let control = Control {
        url: format!("http://127.0.0.1:{port}"),
        client: client(),
    };
    wait_until_ready(&format!("{}/control/state", control.url)).await;
    (process, control)
}

/// Starts a gateway.
pub(crate) fn gateway(control: &Control, redis_url: &str, port: u16) -> Process {
    start_gateway(control, port, &[("REDIS_URL", redis_url.to_owned())])
}

/// Starts a gateway that holds everything in memory and serves it over LINK.
pub(crate) fn gateway_without_redis(control: &Control, port: u16) -> Process {
    start_gateway(control, port, &[])
}

/// Of what is given twice, the later counts.
fn start_gateway(control: &Control, port: u16, more: &[(&str, String)]) -> Process {
    let env: Vec<_> = [
        ("DISCORD_BOT_TOKEN", "simulated-bot-token".to_owned()),
        ("DISCORD_API_URL", format!("{}/api/v10", control.url)),
        ("DISCORD_CDN_URL", format!("{}/cdn", control.url)),
        ("DISCORD_INTENTS", "36739".to_owned()),
        ("GATEWAY_WS_PORT", port.to_string()),
        ("LINK_ADVERTISE_URL", format!("ws://127.0.0.1:{port}")),
        ("METRICS_PORT", free_port().to_string()),
        ("LINK_TOKEN", LINK_TOKEN.to_owned()),
        ("BIND", "127.0.0.1".to_owned()),
        ("RUST_LOG", "info".to_owned()),
    ]
    .into_iter()
    .chain(more.iter().cloned())
    .collect();
    Process::start("gateway", &[], &env)
}

/// Starts a web replica on a free port.
pub(crate) fn web(control: &Control, redis_url: &str) -> Web {
    start_web(control, &[("REDIS_URL", redis_url.to_owned())])
}

/// Starts a web replica on a free port, of the one gateway at this port.
pub(crate) fn web_without_redis(control: &Control, gateway_port: u16) -> Web {
    let gateway = format!("ws://127.0.0.1:{gateway_port}");
    start_web(control, &[("GATEWAY_WS_URL", gateway)])
}

fn start_web(control: &Control, more: &[(&str, String)]) -> Web {
    let (port, metrics) = (free_port(), free_port());
    let url = format!("http://127.0.0.1:{port}");
    let env: Vec<_> = [
        ("PORT", port.to_string()),
        ("METRICS_PORT", metrics.to_string()),
        ("BASE_URL", url.clone()),
        ("BIND", "127.0.0.1".to_owned()),
        ("SESSION_SECRET", SESSION_SECRET.to_owned()),
        ("DISCORD_CLIENT_ID", "1000000000000000001".to_owned()),
        (
            "DISCORD_CLIENT_SECRET",
            "simulated-client-secret".to_owned(),
        ),
        (
            "DISCORD_AUTHORIZE_URL",
            format!("{}/oauth2/authorize", control.url),
        ),
        ("DISCORD_API_URL", format!("{}/api/v10", control.url)),
        ("DISCORD_CDN_URL", format!("{}/cdn", control.url)),
        ("LINK_TOKEN", LINK_TOKEN.to_owned()),
        ("RUST_LOG", "info".to_owned()),
    ]
    .into_iter()
    .chain(more.iter().cloned())
    .collect();
    Web {
        process: Process::start("web", &[], &env),
        url,
        metrics,
    }
}

/// The simulator's control API.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) url: String,
    client: Client,
}

impl Control {
    /// Makes something happen in the default guild: `act("join", json!({"user": "mason", "channel": "Lobby"}))`.
    pub(crate) async fn act(&self, verb: &str, fields: Value) -> Value {
        let url = format!("{}/control/{verb}", self.url);
        let reply = self
            .client
            .post(url)
            .json(&fields)
            .send()
            .await
            .expect("the simulator answers");
        let status = reply.status();
        let text = reply.text().await.unwrap_or_default();
        assert!(status.is_success(), "{verb} {fields}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Makes something go wrong.
    pub(crate) async fn fault(&self, fields: Value) {
        self.act("fault", fields).await;
    }

    /// Guilds, channels, users and sessions.
    pub(crate) async fn state(&self) -> Value {
        let reply = self
            .client
            .get(format!("{}/control/state", self.url))
            .send()
            .await;
        reply
            .expect("the simulator answers")
            .json()
            .await
            .expect("the state is JSON")
    }

    /// A person's id.
    pub(crate) async fn user(&self, name: &str) -> String {
        let state = self.state().await;
        let users = state["users"].as_array().expect("there are people");
        let user = users.iter().find(|user| user["name"] == name);
        let id = user.and_then(|user| user["id"].as_str());
        id.expect("a person has an id").to_owned()
    }

    /// A voice channel of the default guild that everybody may see, by its place in the list: (id, name).
    pub(crate) async fn room(&self, place: usize) -> (String, String) {
        let state = self.state().await;
        let guild = &state["guilds"][0];
        let rooms: Vec<_> = guild["channels"]
            .as_array()
            .expect("a guild has channels")
            .iter()
            .filter(|channel| channel["type"] == 2 && channel["private"] == false)
            .collect();
        let text = |field: &str| {
            rooms[place][field]
                .as_str()
                .expect("a channel has an id and a name")
                .to_owned()
        };
        (text("id"), text("name"))
    }

    /// The id of a channel of the default guild.
    pub(crate) async fn channel(&self, name: &str) -> String {
        let state = self.state().await;
        let mut channels = state["guilds"][0]["channels"]
            .as_array()
            .into_iter()
            .flatten();
        let found = channels.find(|channel| channel["name"] == name);
        found.expect("there is such a channel")["id"]
            .as_str()
            .expect("a channel has an id")
            .to_owned()
    }

    /// The default guild's id.
    pub(crate) async fn guild(&self) -> String {
        self.state().await["guilds"][0]["id"]
            .as_str()
            .expect("a guild has an id")
            .to_owned()
    }

    /// Empties the rooms, so that a story knows who is where.
    pub(crate) async fn empty_rooms(&self) {
        let state = self.state().await;
        for voice in state["guilds"][0]["voice"].as_array().into_iter().flatten() {
            self.act("leave", json!({"user": voice["user_id"]})).await;
        }
    }
}

/// Waits for a 200.
pub(crate) async fn wait_until_ready(url: &str) {
    let client = client();
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut last = String::new();
    while std::time::Instant::now() < deadline {
        match client.get(url).send().await {
            Ok(reply) if reply.status() == StatusCode::OK => return,
            Ok(reply) => {
                last = format!("{}: {:?}", reply.status(), reply.text().await);
            }
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{url} is not ready: {last}");
}

/// An HTTP client that follows nothing and keeps nothing.
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

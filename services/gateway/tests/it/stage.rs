//! A simulated Discord, a bus, and gateways that come and go.

mod flaky;

use std::{collections::BTreeSet, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use contracts::{EventId, EventKind, GuildId};
use environment::Env;
use event_bus::{Body, Entry, EventBus, MemoryBus, Retention, WithoutRedis};
use gateway_registry::{GatewayRegistry, SingleRegistry};
use lifecycle::{CancellationToken, Lifecycle};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

pub(crate) use flaky::FlakyBus;

/// How long anything may take that should happen soon.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// All intents that Fanfare uses.
pub(crate) const INTENTS: &str = "36739";

/// Simulated Discord and bus; both outlive gateways.
pub(crate) struct Stage {
    pub(crate) control: simulator::Control,
    pub(crate) discord: SocketAddr,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) registry: Arc<SingleRegistry>,
    /// The default guild.
    pub(crate) guild: GuildId,
    lifecycle: Lifecycle,
}

/// A gateway that runs.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) commands: Arc<dyn link::Commands>,
    stop: CancellationToken,
    abort: CancellationToken,
    ended: JoinHandle<bool>,
}

/// Discord without waits between IDENTIFYs and without limits of REST.
pub(crate) fn discord() -> simulator::Config {
    simulator::Config {
        max_concurrency: 16,
        identify_interval: Duration::from_millis(1),
        rest_limits: false,
        ..simulator::Config::default()
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let bus = Arc::new(MemoryBus::new(Retention::default()));
        Self::with(discord(), bus).await
    }

    pub(crate) async fn with(config: simulator::Config, bus: Arc<dyn EventBus>) -> Self {
        let app = simulator::App::build(config).await.unwrap();
        let lifecycle = Lifecycle::new();
        let (control, discord) = (app.control(), app.addr());
        app.start(&lifecycle);
        let guild = control.state()["defaultGuild"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let registry = Arc::new(SingleRegistry::new());
        Self {
            control,
            discord,
            bus,
            registry,
            guild,
            lifecycle,
        }
    }

    pub(crate) fn config(&self, more: &[(&str, &str)]) -> gateway::Config {
        config(self.discord, more)
    }

    /// The guilds of the bot.
    pub(crate) fn guilds_of_bot(&self) -> BTreeSet<GuildId> {
        let state = self.control.state();
        let guilds = state["guilds"].as_array().unwrap().iter();
        let of_bot = guilds.filter(|guild| guild["bot"] == true);
        of_bot
            .map(|guild| guild["id"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    /// Starts a gateway and waits until it is ready and knows its guilds.
    pub(crate) async fn gateway(&self) -> Running {
        self.gateway_with(&[]).await
    }

    /// The same, with these variables besides.
    pub(crate) async fn gateway_with(&self, more: &[(&str, &str)]) -> Running {
        let running = self.start(self.config(more)).await;
        running.ready().await;
        let of_bot = self.guilds_of_bot();
        until("the guilds are stored", async || {
            let stored = self.bus.all_guilds().await.unwrap_or_default();
            of_bot.iter().all(|guild| stored.contains(guild))
        })
        .await;
        running
    }

    /// Starts a gateway.
    pub(crate) async fn start(&self, config: gateway::Config) -> Running {
        start(config, Arc::clone(&self.bus), Arc::clone(&self.registry)).await
    }

    /// Makes something happen in the simulated Discord.
    pub(crate) fn act(&self, act: &str, fields: Value) -> Value {
        self.control
            .act(act, fields)
            .unwrap_or_else(|error| panic!("{act}: {}", error.detail))
    }

    /// The clock of the bus: what comes now is after it.
    pub(crate) async fn now(&self) -> EventId {
        self.bus.clock().await.unwrap()
    }

    /// The entries of the default guild after an id.
    pub(crate) async fn entries(&self, after: EventId) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut after = after;
        loop {
            let page = self
                .bus
                .read(self.guild, after, EventId::MAX, 1_000)
                .await
                .unwrap();
            entries.extend(page.entries);
            match entries.last() {
                Some(last) if page.more => after = last.id,
                _ => return entries,
            }
        }
    }

    /// The events of the default guild after an id: name and payload.
    pub(crate) async fn events(&self, after: EventId) -> Vec<(EventKind, Value)> {
        let read = |entry: Entry| match entry.body {
            Body::Event(event) => Some((
                event.event,
                serde_json::from_str(event.payload.get()).unwrap(),
            )),
            Body::Audience(_) | Body::Reseed => None,
        };
        self.entries(after)
            .await
            .into_iter()
            .filter_map(read)
            .collect()
    }

    /// Waits until that many events have come after an id, and returns them.
    pub(crate) async fn told(&self, after: EventId, count: usize) -> Vec<(EventKind, Value)> {
        until("the events come", async || {
            self.events(after).await.len() >= count
        })
        .await;
        self.events(after).await
    }

    /// A channel's id by its name in the default guild.
    pub(crate) fn channel(&self, name: &str) -> String {
        self.id("channels", name)
    }

    /// A member's id by the user's name.
    pub(crate) fn user(&self, name: &str) -> String {
        self.id("members", name)
    }

    fn id(&self, list: &str, name: &str) -> String {
        let guild = self.simulated();
        let found = guild[list]
            .as_array()
            .unwrap()
            .iter()
            .find(|thing| thing["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The default guild as the simulator has it.
    pub(crate) fn simulated(&self) -> Value {
        let state = self.control.state();
        let guilds = state["guilds"].as_array().unwrap();
        guilds
            .iter()
            .find(|guild| guild["id"] == json!(self.guild))
            .unwrap()
            .clone()
    }

    /// Session starts that Discord has left for the bot.
    pub(crate) fn budget(&self) -> u64 {
        self.control.state()["budget"]["remaining"]
            .as_u64()
            .unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.lifecycle.abort().cancel();
    }
}

/// A gateway's configuration against a Discord at this address.
pub(crate) fn config(discord: SocketAddr, more: &[(&str, &str)]) -> gateway::Config {
    let api = format!("http://{discord}/api/v10");
    let cdn = format!("http://{discord}/cdn");
    let mut pairs = vec![
        ("DISCORD_BOT_TOKEN", "a-token-of-the-tests"),
        ("DISCORD_API_URL", api.as_str()),
        ("DISCORD_CDN_URL", cdn.as_str()),
        ("DISCORD_INTENTS", INTENTS),
        ("BIND", "127.0.0.1"),
        ("GATEWAY_WS_PORT", "0"),
        ("METRICS_PORT", "0"),
    ];
    pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    pairs.extend(more);
    let mut env = Env::from_pairs(pairs);
    let config = gateway::Config::read_with(&mut env, WithoutRedis::Memory);
    env.finish().unwrap();
    config
}

/// Starts a gateway on a bus.
pub(crate) async fn start(
    config: gateway::Config,
    bus: Arc<dyn EventBus>,
    registry: Arc<SingleRegistry>,
) -> Running {
    let grace = config.grace;
    let ports = gateway::Ports {
        bus,
        registry: registry as Arc<dyn GatewayRegistry>,
        rooms: config.rooms(),
    };
    let app = gateway::App::assemble(config, ports, prometheus::Registry::new())
        .await
        .unwrap();
    let (addr, metrics) = (app.addr(), app.metrics_addr().unwrap());
    let commands = app.commands();
    let lifecycle = Lifecycle::new();
    app.start(&lifecycle);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let abort = lifecycle.abort();
    let ended = tokio::spawn(async move { lifecycle.run(stopped.cancelled_owned(), grace).await });
    Running {
        addr,
        metrics,
        commands,
        stop,
        abort,
        ended,
    }
}

impl Running {
    /// Waits until `/ready` says so.
    pub(crate) async fn ready(&self) {
        until("the gateway is ready", async || {
            get(self.addr, "/ready").await.0 == 200
        })
        .await;
    }

    /// Ends it where it stands, as a kill would: nothing is flushed, stored or released.
    pub(crate) async fn die(self) {
        self.abort.cancel();
        timeout(PATIENCE, self.ended)
            .await
            .expect("it ends")
            .unwrap();
    }

    /// Stops it; true if it ended well.
    pub(crate) async fn stop(self) -> bool {
        self.stop.cancel();
        timeout(PATIENCE * 2, self.ended)
            .await
            .expect("it ends")
            .unwrap()
    }

    /// Waits until it ends by itself; true if it ended well.
    pub(crate) async fn ends(self) -> bool {
        timeout(PATIENCE, self.ended)
            .await
            .expect("it ends")
            .unwrap()
    }
}

/// Waits until something is true.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}: not in time");
        sleep(Duration::from_millis(10)).await;
    }
}

/// `GET`, as status and body; status 0 if nobody listens.
pub(crate) async fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(addr).await else {
        return (0, String::new());
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    (status, body.to_owned())
}

//! Everything of one run as real processes: Redis, simulator, gateways, web replicas, and the wires between them.

mod child;
mod environment;
mod health;

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::bail;
use lifecycle::Lifecycle;
use redis_link::testing::Port;
use tokio::time::Instant;

pub(crate) use child::Child;
use environment::Addresses;

use crate::{
    control::{Control, client},
    proxy::Proxy,
    store::{Store, Topology},
};

/// How long everything may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The pause between two looks at something that is awaited.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How many of what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) topology: Topology,
    pub(crate) gateways: usize,
    pub(crate) webs: usize,
    /// For how many seconds events are kept, if not for the usual time.
    pub(crate) retention: Option<u64>,
}

/// Where the programs are, and where a run's own links to them and their logs are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folders<'a> {
    /// `None` = where this program is.
    pub(crate) programs: Option<&'a Path>,
    pub(crate) logs: &'a Path,
}

/// One gateway or web replica.
pub(crate) struct Member {
    pub(crate) child: Child,
    /// The port of its probes; of a web also of its streams.
    pub(crate) port: Port,
    /// Where it says whether it is ready.
    ready: String,
    /// The wire to Redis, where one can stand in between.
    pub(crate) redis: Option<Proxy>,
    /// The wire from browsers, of a web.
    pub(crate) front: Option<Proxy>,
    _metrics: Port,
}

/// All processes of a run.
pub(crate) struct Deployment {
    pub(crate) store: Store,
    pub(crate) control: Control,
    pub(crate) gateways: Vec<Member>,
    pub(crate) webs: Vec<Member>,
    /// The wire from all gateways to Discord.
    pub(crate) discord: Proxy,
    /// The address that browsers know; it leads to the replicas that are ready.
    pub(crate) balancer: Proxy,
    simulator: Child,
    retention: Option<u64>,
    client: reqwest::Client,
    _ports: Vec<Port>,
}

impl Deployment {
    /// Starts everything and waits until all are ready.
    pub(crate) async fn start(
        lifecycle: &Lifecycle,
        size: Size,
        seed: u64,
        folders: Folders<'_>,
    ) -> anyhow::Result<Self> {
        let store = Store::start(size.topology).await;
        let simulator_port = Port::claim();
        let simulator_env = environment::simulator(simulator_port.number(), seed);
        let simulator = Child::start("simulator", "simulator", simulator_env, folders)?;
        let control = Control::new(simulator_port.number())?;
        let discord = Proxy::start(lifecycle, vec![local(&simulator_port)]).await?;
        let balancer = Proxy::start(lifecycle, Vec::new()).await?;
        let mut deployment = Self {
            store,
            control,
            gateways: Vec::new(),
            webs: Vec::new(),
            discord,
            balancer,
            simulator,
            retention: size.retention,
            client: client()?,
            _ports: vec![simulator_port],
        };
        let simulated = format!("{}/control/state", deployment.control.base());
        deployment.wait_for(&simulated).await?;
        for number in 1..=size.gateways {
            let gateway = deployment.gateway(lifecycle, number, folders).await?;
            deployment.gateways.push(gateway);
        }
        for number in 1..=size.webs {
            let web = deployment.web(lifecycle, number, folders).await?;
            deployment.webs.push(web);
        }
        let replicas: Vec<SocketAddr> = deployment.webs.iter().map(Member::address).collect();
        health::watch(lifecycle, replicas, deployment.balancer.clone())?;
        deployment.ready().await?;
        deployment.balancer.aimed().await;
        Ok(deployment)
    }

    /// Waits until every gateway and every replica is ready.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<()> {
        let all = self.gateways.iter().chain(&self.webs);
        let probes: Vec<String> = all.map(|member| member.ready.clone()).collect();
        for probe in probes {
            self.wait_for(&probe).await?;
        }
        Ok(())
    }

    /// Waits until all of Discord's sessions are connected.
    pub(crate) async fn connected(&mut self, within: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let now = self.control.sessions().await?;
            if now.all == environment::SHARDS as usize && now.connected == now.all {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("Discord's sessions are not connected: {now:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How many of Discord's sessions a gateway holds, as it says itself.
    pub(crate) async fn held(&self, index: usize) -> anyhow::Result<u64> {
        let reply = self.client.get(&self.gateways[index].ready).send().await?;
        let body: serde_json::Value = serde_json::from_str(&reply.text().await?)?;
        let shards = body["shards"].as_array().map_or(0, Vec::len);
        Ok(shards as u64)
    }

    /// One of the gateways that hold sessions, and how many it holds.
    pub(crate) async fn holder(&self, pick: usize) -> anyhow::Result<(usize, u64)> {
        let mut holders = Vec::new();
        for index in 0..self.gateways.len() {
            let held = self.held(index).await?;
            if held > 0 {
                holders.push((index, held));
            }
        }
        if holders.is_empty() {
            bail!("no gateway holds a shard");
        }
        Ok(holders[pick % holders.len()])
    }

    /// A process that ended although nobody ended it.
    pub(crate) fn fallen(&mut self) -> Option<String> {
        let members = self.gateways.iter_mut().chain(&mut self.webs);
        let children = members.map(|member| &mut member.child);
        children.chain([&mut self.simulator]).find_map(|child| {
            let status = child.fell()?;
            Some(format!("{} ended by itself: {status}", child.name()))
        })
    }

    async fn wait_for(&mut self, url: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let reply = self.client.get(url).send().await;
            if reply.is_ok_and(|reply| reply.status().is_success()) {
                return Ok(());
            }
            if let Some(fallen) = self.fallen() {
                bail!("{fallen}");
            }
            if Instant::now() > deadline {
                bail!("{url} does not get ready");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn gateway(
        &self,
        lifecycle: &Lifecycle,
        number: usize,
        folders: Folders<'_>,
    ) -> anyhow::Result<Member> {
        let (port, metrics) = (Port::claim(), Port::claim());
        let redis = self.wire_to_redis(lifecycle).await?;
        let addresses = self.addresses(&port, &metrics, redis.as_ref());
        let env = environment::gateway(&addresses);
        let child = Child::start(&format!("gateway {number}"), "gateway", env, folders)?;
        Ok(Member {
            child,
            ready: format!("http://{}/ready", local(&port)),
            port,
            redis,
            front: None,
            _metrics: metrics,
        })
    }

    async fn web(
        &self,
        lifecycle: &Lifecycle,
        number: usize,
        folders: Folders<'_>,
    ) -> anyhow::Result<Member> {
        let (port, metrics) = (Port::claim(), Port::claim());
        let redis = self.wire_to_redis(lifecycle).await?;
        let front = Proxy::start(lifecycle, vec![local(&port)]).await?;
        let addresses = self.addresses(&port, &metrics, redis.as_ref());
        let env = environment::web(&addresses, self.balancer.address());
        let child = Child::start(&format!("web {number}"), "web", env, folders)?;
        Ok(Member {
            child,
            ready: format!("http://{}/api/ready", local(&port)),
            port,
            redis,
            front: Some(front),
            _metrics: metrics,
        })
    }

    async fn wire_to_redis(&self, lifecycle: &Lifecycle) -> anyhow::Result<Option<Proxy>> {
        let servers = self.store.behind_proxy();
        if servers.is_empty() {
            return Ok(None);
        }
        Proxy::start(lifecycle, servers).await.map(Some)
    }

    fn addresses(&self, port: &Port, metrics: &Port, redis: Option<&Proxy>) -> Addresses {
        Addresses {
            port: port.number(),
            metrics: metrics.number(),
            redis: self.store.url(redis.map(Proxy::port)),
            simulator: self.control.base().to_owned(),
            discord: format!("http://{}", self.discord.address()),
            retention: self.retention,
        }
    }
}

impl Member {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        local(&self.port)
    }
}

fn local(port: &Port) -> SocketAddr {
    (std::net::Ipv4Addr::LOCALHOST, port.number()).into()
}

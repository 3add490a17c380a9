//! The Redis of a run, real servers on loopback, and what can be done to it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, bail};
use redis_link::testing::{RedisCluster, RedisServer, SentinelTrio};
use tokio::time::{Instant, sleep};

use crate::deployment::LOOK_EVERY;

/// How a deployment's Redis is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Topology {
    /// One server; clients reach it through proxies.
    Single,
    /// A master, its replicas and three Sentinels.
    Sentinel,
    /// Three masters with a replica each.
    Cluster,
}

impl Topology {
    /// As the command line knows it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        }
    }
}

/// Each write is on the disk before it is acknowledged, so that `kill -9` loses nothing that was.
const APPEND_ONLY: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// A master that has lost its replicas takes no more writes: it may not be the master any longer. (A Cluster's master
/// has one replica only, and would stand still while that is away.)
const WITH_REPLICA: [&str; 4] = [
    "--min-replicas-to-write",
    "1",
    "--min-replicas-max-lag",
    "3",
];

/// After how long a master counts as gone.
const DOWN_AFTER: Duration = Duration::from_secs(2);

/// How long it may take until a replica has taken over; a fail-over takes seconds.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(60);

/// What holds up writes during a planned fail-over behind Sentinels, for longer than one takes.
const HOLD_WRITES: &str = "CLIENT PAUSE 20000 WRITE";

/// How often a fail-over is ordered that does not come.
const ORDER_EVERY: Duration = Duration::from_secs(7);

/// What the names of the services' keys begin with, by default.
const PREFIX: &str = "discord";

/// The name under which the Sentinels know the master.
const SERVICE: &str = "fanfare";

/// A running Redis.
pub(crate) struct Store {
    servers: Servers,
    /// The port of the server that is killed or stopped.
    down: u16,
}

enum Servers {
    Single(RedisServer),
    Sentinel(SentinelTrio),
    Cluster(RedisCluster),
}

impl Store {
    pub(crate) async fn start(topology: Topology) -> Self {
        let servers = match topology {
            Topology::Single => Servers::Single(RedisServer::start(&APPEND_ONLY).await),
            Topology::Sentinel => {
                let arguments = [APPEND_ONLY, WITH_REPLICA].concat();
                Servers::Sentinel(SentinelTrio::start(DOWN_AFTER, &arguments).await)
            }
            Topology::Cluster => {
                Servers::Cluster(RedisCluster::start(DOWN_AFTER, &APPEND_ONLY).await)
            }
        };
        Self { servers, down: 0 }
    }

    /// Where a proxy may stand in front of it, if clients do not find the servers by themselves.
    pub(crate) fn behind_proxy(&self) -> Vec<SocketAddr> {
        match &self.servers {
            Servers::Single(server) => vec![(Ipv4Addr::LOCALHOST, server.port()).into()],
            Servers::Sentinel(_) | Servers::Cluster(_) => Vec::new(),
        }
    }

    /// The address for clients; `port` = the proxy in front of it.
    pub(crate) fn url(&self, port: Option<u16>) -> String {
        let config = match (&self.servers, port) {
            (Servers::Single(_), Some(port)) => return format!("redis://127.0.0.1:{port}"),
            (Servers::Single(server), None) => return server.url(),
            (Servers::Sentinel(trio), _) => trio.config(PREFIX),
            (Servers::Cluster(cluster), _) => cluster.config(PREFIX),
        };
        config.url.expose().to_owned()
    }

    /// The server that the services write to.
    async fn master(&mut self) -> &mut RedisServer {
        match &mut self.servers {
            Servers::Single(server) => server,
            Servers::Sentinel(trio) => trio.master().await,
            Servers::Cluster(cluster) => cluster.master(PREFIX).await,
        }
    }

    /// SIGKILL to the server that is written to.
    pub(crate) async fn kill(&mut self) {
        let master = self.master().await;
        let port = master.port();
        master.kill();
        self.down = port;
    }

    /// Starts the killed server again; where others can take over from it, they did before.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        let port = self.down;
        if !matches!(self.servers, Servers::Single(_)) {
            self.taken_over(port, None).await?;
        }
        match &mut self.servers {
            Servers::Single(server) => server.restart().await,
            Servers::Sentinel(trio) => rejoin(trio, port).await,
            Servers::Cluster(cluster) => cluster.restart(port).await,
        }
        Ok(())
    }

    /// SIGSTOP to the server that is written to.
    pub(crate) async fn pause(&mut self) {
        let master = self.master().await;
        let port = master.port();
        master.pause();
        self.down = port;
    }

    /// SIGCONT to it.
    pub(crate) async fn resume(&mut self) {
        let port = self.down;
        let stopped = self.servers().iter().find(|server| server.port() == port);
        if let Some(server) = stopped {
            server.resume();
        }
        self.settled().await;
    }

    /// A replica takes over while the master is well. Sentinels do not wait for what the master has not passed on yet, as a
    /// Cluster does: whoever plans a fail-over holds up writes meanwhile.
    pub(crate) async fn fail_over(&mut self) -> anyhow::Result<()> {
        let before = self.master().await.port();
        let (port, order) = match &mut self.servers {
            Servers::Single(_) => bail!("a single Redis has no replica"),
            Servers::Sentinel(trio) => {
                let url = trio.config(PREFIX).url.expose().to_owned();
                let mut parts = url.split(['?', ':', '/']);
                let port = parts.find_map(|part| part.parse().ok());
                let port = port.with_context(|| format!("{url} has no port"))?;
                (port, format!("SENTINEL FAILOVER {SERVICE}"))
            }
            Servers::Cluster(cluster) => {
                let replica = replica_of(cluster.servers(), before).await;
                let replica = replica.context("the master has no replica")?;
                (replica.port(), "CLUSTER FAILOVER".to_owned())
            }
        };
        let holds_up = matches!(self.servers, Servers::Sentinel(_));
        if holds_up {
            inline(before, HOLD_WRITES).await?;
        }
        // The old master may take seconds to follow; there is another replica meanwhile, or nothing depends on one.
        let taken_over = self.taken_over(before, Some((port, &order))).await;
        if holds_up {
            // Not before it follows the new one, or what was held up would be written to the old one after all.
            let follow = format!("REPLICAOF 127.0.0.1 {}", self.master().await.port());
            inline(before, &follow).await?;
            inline(before, "CLIENT UNPAUSE").await?;
        }
        taken_over
    }

    /// Waits until another server than this is the master. An order for that is given again and again: on a busy machine a
    /// fail-over may be given up half way.
    async fn taken_over(&mut self, before: u16, order: Option<(u16, &str)>) -> anyhow::Result<()> {
        let deadline = Instant::now() + TAKEN_OVER_WITHIN;
        let mut next_order = Instant::now();
        while self.master().await.port() == before {
            if let Some((port, order)) = order
                && next_order <= Instant::now()
            {
                let answer = inline(port, order).await?;
                // it may be under way already
                if !answer.starts_with('+') && !answer.contains("INPROG") {
                    bail!("{order} answers {answer}");
                }
                next_order = Instant::now() + ORDER_EVERY;
            }
            if Instant::now() > deadline {
                bail!("no replica takes over");
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// `CLIENT KILL TYPE …` on every server; says how many clients that were.
    pub(crate) async fn kill_clients(&mut self, kind: &str) -> anyhow::Result<u64> {
        let mut count = 0;
        for server in self.servers() {
            let command = format!("CLIENT KILL TYPE {kind} SKIPME yes");
            let answer = server.ask(&command).await.unwrap_or_default();
            let killed = answer.trim().strip_prefix(':');
            let killed = killed.and_then(|count| count.parse::<u64>().ok());
            count += killed.with_context(|| format!("CLIENT KILL answers {answer}"))?;
        }
        Ok(count)
    }

    fn servers(&mut self) -> &mut [RedisServer] {
        match &mut self.servers {
            Servers::Single(server) => std::slice::from_mut(server),
            Servers::Sentinel(trio) => trio.servers(),
            Servers::Cluster(cluster) => cluster.servers(),
        }
    }

    /// Waits until all agree who is what.
    async fn settled(&self) {
        match &self.servers {
            Servers::Single(_) => {}
            Servers::Sentinel(trio) => trio.settled().await,
            Servers::Cluster(cluster) => cluster.settled().await,
        }
    }
}

/// Starts a server again and makes it a replica of the one that took over; the Sentinels would see to that too, after a while.
async fn rejoin(trio: &mut SentinelTrio, port: u16) {
    let master = trio.master().await.port();
    let Some(server) = (trio.servers().iter_mut()).find(|server| server.port() == port) else {
        return;
    };
    server.restart().await;
    let follow = format!("REPLICAOF 127.0.0.1 {master}");
    while !(server.ask(&follow).await).is_some_and(|answer| answer.contains("OK")) {
        sleep(LOOK_EVERY).await;
    }
    trio.settled().await;
}

async fn replica_of(servers: &[RedisServer], master: u16) -> Option<&RedisServer> {
    for server in servers {
        let role = server.ask("ROLE").await.unwrap_or_default();
        if role.contains("$5\r\nslave") && role.contains(&format!(":{master}\r\n")) {
            return Some(server);
        }
    }
    None
}

/// The first line of the answer to an inline command.
async fn inline(port: u16, command: &str) -> anyhow::Result<String> {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    let mut socket = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    socket
        .write_all(format!("{command}\r\n").as_bytes())
        .await?;
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).await?;
    Ok(line)
}

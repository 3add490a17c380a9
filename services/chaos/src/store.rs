//! The Redis of a run, real servers on loopback, and what can be done to it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, bail};
use redis_link::testing::RedisServer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How a deployment's Redis is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Topology {
    /// One server; clients reach it through proxies.
    Single,
}

/// Each write is on the disk before it is acknowledged, so that `kill -9` loses nothing that was.
const APPEND_ONLY: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// A running Redis.
pub(crate) enum Store {
    Single(RedisServer),
}

impl Store {
    pub(crate) async fn start(topology: Topology) -> Self {
        match topology {
            Topology::Single => Self::Single(RedisServer::start(&APPEND_ONLY).await),
        }
    }

    /// Where a proxy may stand in front of it, if clients do not find the servers by themselves.
    pub(crate) fn behind_proxy(&self) -> impl Iterator<Item = SocketAddr> {
        let single = match self {
            Self::Single(server) => Some((Ipv4Addr::LOCALHOST, server.port()).into()),
        };
        single.into_iter()
    }

    /// The address for clients; `port` = the proxy in front of it.
    pub(crate) fn url(&self, port: Option<u16>) -> String {
        match self {
            Self::Single(server) => {
                port.map_or_else(|| server.url(), |port| format!("redis://127.0.0.1:{port}"))
            }
        }
    }

    /// SIGKILL to the server that is written to.
    pub(crate) fn kill(&mut self) {
        match self {
            Self::Single(server) => server.kill(),
        }
    }

    /// Starts the killed server again.
    pub(crate) async fn restart(&mut self) {
        match self {
            Self::Single(server) => server.restart().await,
        }
    }

    /// SIGSTOP to the server that is written to.
    pub(crate) fn pause(&self) {
        match self {
            Self::Single(server) => server.pause(),
        }
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) {
        match self {
            Self::Single(server) => server.resume(),
        }
    }

    /// `CLIENT KILL TYPE …` on every server that serves clients; says how many clients that were.
    pub(crate) async fn kill_clients(&self, kind: &str) -> anyhow::Result<u64> {
        match self {
            Self::Single(server) => kill_clients(server.port(), kind).await,
        }
    }
}

async fn kill_clients(port: u16, kind: &str) -> anyhow::Result<u64> {
    let reply = command(port, &format!("CLIENT KILL TYPE {kind} SKIPME yes")).await?;
    let count = reply.strip_prefix(':').and_then(|count| count.parse().ok());
    count.with_context(|| format!("CLIENT KILL answers {reply}"))
}

/// Sends one inline command and reads the first line of the answer.
async fn command(port: u16, line: &str) -> anyhow::Result<String> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    socket.write_all(format!("{line}\r\n").as_bytes()).await?;
    let mut reply = Vec::new();
    loop {
        if let Some(end) = reply.iter().position(|byte| *byte == b'\r') {
            return Ok(String::from_utf8_lossy(&reply[..end]).into_owned());
        }
        if socket.read_buf(&mut reply).await? == 0 {
            bail!("Redis closes the connection at `{line}`");
        }
    }
}

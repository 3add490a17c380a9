use std::{fmt::Write as _, time::Duration};

use fred::util::redis_keyslot;

use super::{
    Port, RedisServer,
    ask::{eventually, streams_to},
};
use crate::RedisConfig;

/// Each master has a share of the slots and one replica.
const MASTERS: usize = 3;
const SLOTS: usize = 16_384;

/// A Redis Cluster of three masters with a replica each.
#[derive(Debug)]
pub struct RedisCluster {
    /// The masters first, then the replicas in the same order.
    servers: Vec<RedisServer>,
    _buses: Vec<Port>,
}

impl RedisCluster {
    /// Starts it, the servers with these arguments besides. A node is missed after `node_timeout`; long where no fail-over is
    /// wanted, because a busy machine lets a server wait.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn start(node_timeout: Duration, arguments: &[&str]) -> Self {
        let timeout = node_timeout.as_millis().to_string();
        let buses: Vec<Port> = (0..MASTERS * 2).map(|_| Port::claim()).collect();
        let mut servers: Vec<RedisServer> = buses
            .iter()
            .map(|bus| {
                let bus = bus.number().to_string();
                let cluster = [
                    ["--cluster-enabled", "yes"],
                    ["--cluster-config-file", "nodes.conf"],
                    ["--cluster-port", &bus],
                    ["--cluster-node-timeout", &timeout],
                    ["--cluster-replica-validity-factor", "0"],
                    ["--repl-diskless-sync-delay", "0"],
                ];
                RedisServer::prepared(&[cluster.as_flattened(), arguments].concat())
            })
            .collect();
        // as if they had met before: meeting takes some seconds
        let nodes: Vec<Node> = (0..servers.len())
            .map(|index| Node::new(index, servers[index].port(), buses[index].number()))
            .collect();
        for (index, server) in servers.iter().enumerate() {
            let path = server.directory().join("nodes.conf");
            std::fs::write(path, table(&nodes, index)).expect("its directory takes a file");
        }
        for server in &mut servers {
            assert!(server.launch().await, "a node does not start");
        }
        let cluster = Self {
            servers,
            _buses: buses,
        };
        cluster.settled().await;
        cluster
    }

    /// Waits until every node that runs says that the cluster is whole, and the replicas follow their masters.
    pub async fn settled(&self) {
        eventually("the cluster is whole", async || {
            for server in self.servers.iter().filter(|server| server.runs()) {
                let state = server.ask("CLUSTER INFO").await;
                let whole = state.is_some_and(|state| state.contains("cluster_state:ok"));
                if !whole || !self.follows_or_is_followed(server).await {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// A replica is connected; a master reaches as many as the cluster gives it.
    async fn follows_or_is_followed(&self, server: &RedisServer) -> bool {
        let role = server.ask("ROLE").await.unwrap_or_default();
        if !role.contains("$6\r\nmaster") {
            return role.contains("$9\r\nconnected");
        }
        let nodes = server.ask("CLUSTER NODES").await.unwrap_or_default();
        let myself = nodes.lines().find(|line| line.contains("myself"));
        let id = myself.and_then(|line| line.split(' ').next());
        let follows = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            words.get(3).copied() == id && !words[2].contains("fail")
        };
        let replicas = nodes.lines().filter(follows).count();
        streams_to(server.port(), replicas).await
    }

    /// The master of the slot in which all keys of this prefix are.
    ///
    /// # Panics
    ///
    /// If no node that runs knows it.
    pub async fn master(&mut self, prefix: &str) -> &mut RedisServer {
        let port = self.owner(prefix).await.expect("a node knows the master");
        let mut servers = self.servers.iter_mut();
        servers
            .find(|server| server.port() == port)
            .expect("the master is one of the nodes")
    }

    /// Starts a node again that was killed; it becomes a replica of the one that took over.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn restart(&mut self, port: u16) {
        let mut servers = self.servers.iter_mut();
        let server = servers.find(|each| each.port() == port);
        server.expect("one of the nodes").restart().await;
        self.settled().await;
    }

    /// All nodes, whatever they are now.
    pub fn servers(&mut self) -> &mut [RedisServer] {
        &mut self.servers
    }

    /// Waits until another node than this is the master of the prefix.
    pub async fn promoted(&self, prefix: &str, before: u16) {
        eventually("the replica is promoted", async || {
            self.owner(prefix).await.is_some_and(|now| now != before)
        })
        .await;
    }

    /// A configuration for it.
    pub fn config(&self, prefix: &str) -> RedisConfig {
        let mut ports = self.servers.iter().map(RedisServer::port);
        let first = ports.next().expect("six of them");
        let others: Vec<String> = ports.map(|port| format!("node=127.0.0.1:{port}")).collect();
        let url = format!("redis-cluster://127.0.0.1:{first}?{}", others.join("&"));
        RedisConfig::new(url.as_str().into(), prefix).expect("the address is well-formed")
    }

    async fn owner(&self, prefix: &str) -> Option<u16> {
        let slot = redis_keyslot(format!("{{{prefix}}}").as_bytes());
        for server in self.servers.iter().filter(|server| server.runs()) {
            let Some(nodes) = server.ask("CLUSTER NODES").await else {
                continue;
            };
            if let Some(port) = nodes.lines().find_map(|line| owner_in(line, slot)) {
                return Some(port);
            }
        }
        None
    }
}

/// The port of the node that a line of CLUSTER NODES tells of, if it owns the slot.
fn owner_in(line: &str, slot: u16) -> Option<u16> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ranges = words.get(8..)?;
    let owns = ranges.iter().any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let bounds = (first.parse::<u16>(), last.parse::<u16>());
        matches!(bounds, (Ok(first), Ok(last)) if (first..=last).contains(&slot))
    });
    let port = words.get(1)?.split(['@', ':']).nth(1)?;
    owns.then(|| port.parse().ok())?
}

#[derive(Debug)]
struct Node {
    id: String,
    index: usize,
    address: String,
}

impl Node {
    fn new(index: usize, port: u16, bus: u16) -> Self {
        Self {
            id: format!("{port:020x}{bus:020x}"),
            index,
            address: format!("127.0.0.1:{port}@{bus}"),
        }
    }
}

/// What a node keeps of the cluster on disk.
fn table(nodes: &[Node], of: usize) -> String {
    let mut table = String::new();
    for node in nodes {
        let myself = if node.index == of { "myself," } else { "" };
        let share = node.index % MASTERS;
        let (role, master, slots) = if node.index < MASTERS {
            let bound = |share: usize| share * SLOTS / MASTERS;
            let slots = format!(" {}-{}", bound(share), bound(share + 1) - 1);
            ("master", "-", slots)
        } else {
            ("slave", nodes[share].id.as_str(), String::new())
        };
        let (id, address, epoch) = (&node.id, &node.address, share + 1);
        writeln!(
            table,
            "{id} {address} {myself}{role} {master} 0 0 {epoch} connected{slots}"
        )
        .expect("text takes text");
    }
    writeln!(table, "vars currentEpoch {MASTERS} lastVoteEpoch 0").expect("text takes text");
    table
}

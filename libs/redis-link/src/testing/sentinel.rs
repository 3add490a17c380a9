use std::{path::PathBuf, time::Duration};

use super::{
    Port, RedisServer, START_TIMEOUT,
    ask::{ask, eventually, streams_to},
    port,
    process::Process,
};
use crate::RedisConfig;

/// The name under which the Sentinels know the master.
const SERVICE: &str = "fanfare";

/// How many Sentinels there are, and how many of them must miss the master.
const SENTINELS: usize = 3;
const QUORUM: usize = 2;

/// How many replicas there are: one takes over and has the other then, so that `min-replicas-to-write 1` may be set.
const REPLICAS: usize = 2;

/// A master and two replicas, watched by three Sentinels that promote a replica when two of them miss the master.
#[derive(Debug)]
pub struct SentinelTrio {
    servers: Vec<RedisServer>,
    sentinels: Vec<Sentinel>,
}

#[derive(Debug)]
struct Sentinel {
    port: Port,
    directory: PathBuf,
    process: Option<Process>,
}

impl SentinelTrio {
    /// Starts them, the servers with these arguments besides. The master is missed after `down_after`; long where no fail-over
    /// is wanted, because a busy machine lets a server wait.
    ///
    /// # Panics
    ///
    /// If they do not start.
    pub async fn start(down_after: Duration, arguments: &[&str]) -> Self {
        let quick_replica = [
            "--repl-diskless-sync-delay",
            "0",
            "--repl-ping-replica-period",
            "1",
        ];
        let arguments = [&quick_replica, arguments].concat();
        let master = RedisServer::start(&arguments).await;
        let port = master.port().to_string();
        let follow = ["--replicaof", "127.0.0.1", &port];
        let mut servers = vec![master];
        for _ in 0..REPLICAS {
            let replica = RedisServer::start(&[&arguments[..], &follow].concat()).await;
            servers.push(replica);
        }
        let sentinels = Sentinel::start_all(&servers, down_after);
        let trio = Self { servers, sentinels };
        for sentinel in &trio.sentinels {
            let process = sentinel.process.as_ref().expect("it was started");
            let answers = process.answers(sentinel.port.number());
            let answers = tokio::time::timeout(START_TIMEOUT, answers).await;
            assert!(matches!(answers, Ok(true)), "a Sentinel does not start");
        }
        trio.settled().await;
        trio
    }

    /// Waits until there is one master, all that run follow it, and all Sentinels know that.
    pub async fn settled(&self) {
        let running = self.servers.iter().filter(|server| server.runs()).count();
        eventually("the Sentinels agree and the replicas follow", async || {
            let Some(master) = self.named_master().await else {
                return false;
            };
            for sentinel in &self.sentinels {
                if sentinel.master().await != Some(master) || !sentinel.sees_all(running - 1).await
                {
                    return false;
                }
            }
            streams_to(master, running - 1).await
        })
        .await;
    }

    /// The server that the Sentinels name as the master now.
    ///
    /// # Panics
    ///
    /// If no Sentinel answers.
    pub async fn master(&mut self) -> &mut RedisServer {
        let port = self.named_master().await.expect("a Sentinel answers");
        let mut servers = self.servers.iter_mut();
        servers
            .find(|server| server.port() == port)
            .expect("the master is one of them")
    }

    /// Starts a server again that was killed, as a replica of the master. (The Sentinels would see to that too, after a while.)
    ///
    /// # Panics
    ///
    /// If it does not start or nobody took over from it.
    pub async fn restart(&mut self, port: u16) {
        let master = self.named_master().await.expect("a Sentinel answers");
        assert_ne!(master, port, "nobody took over from it");
        let server = self.servers.iter_mut().find(|each| each.port() == port);
        let server = server.expect("one of them");
        server.restart().await;
        let follow = format!("REPLICAOF 127.0.0.1 {master}");
        eventually("the server follows the master", async || {
            // not as long as it reads its files
            let follows = server.ask(&follow).await;
            follows.is_some_and(|answer| answer.contains("OK"))
        })
        .await;
        self.settled().await;
    }

    /// All servers, whatever they are now.
    pub fn servers(&mut self) -> &mut [RedisServer] {
        &mut self.servers
    }

    /// Waits until the Sentinels name another master than this, and that is one with a replica.
    pub async fn promoted(&self, before: u16) {
        eventually("the replica is promoted", async || {
            let Some(now) = self.named_master().await.filter(|now| *now != before) else {
                return false;
            };
            let info = ask(now, "INFO replication").await;
            info.is_some_and(|info| info.contains("role:master") && info.contains("state=online"))
        })
        .await;
    }

    /// A configuration for it.
    pub fn config(&self, prefix: &str) -> RedisConfig {
        let ports: Vec<u16> = self
            .sentinels
            .iter()
            .map(|each| each.port.number())
            .collect();
        let others: Vec<String> = ports[1..]
            .iter()
            .map(|port| format!("node=127.0.0.1:{port}"))
            .collect();
        let url = format!(
            "redis-sentinel://127.0.0.1:{}?{}&sentinelServiceName={SERVICE}",
            ports[0],
            others.join("&")
        );
        RedisConfig::new(url.as_str().into(), prefix).expect("the address is well-formed")
    }

    async fn named_master(&self) -> Option<u16> {
        for sentinel in &self.sentinels {
            if let Some(port) = sentinel.master().await {
                return Some(port);
            }
        }
        None
    }
}

impl Sentinel {
    /// They are told of each other and of the replicas, which they would find out in some seconds.
    fn start_all(servers: &[RedisServer], down_after: Duration) -> Vec<Self> {
        let mut sentinels: Vec<Self> = (0..SENTINELS)
            .map(|_| Self {
                port: Port::claim(),
                directory: port::fresh_directory(),
                process: None,
            })
            .collect();
        let ports: Vec<u16> = sentinels.iter().map(|each| each.port.number()).collect();
        for (index, sentinel) in sentinels.iter_mut().enumerate() {
            let master = servers[0].port();
            let (port, directory) = (ports[index], sentinel.directory.display());
            let mut configuration = format!(
                "port {port}\nbind 127.0.0.1\ndir {directory}\n\
                 sentinel myid {}\n\
                 sentinel monitor {SERVICE} 127.0.0.1 {master} {QUORUM}\n\
                 sentinel down-after-milliseconds {SERVICE} {}\n\
                 sentinel failover-timeout {SERVICE} 3000\n\
                 sentinel parallel-syncs {SERVICE} {REPLICAS}\n",
                id(index),
                down_after.as_millis(),
            );
            for replica in &servers[1..] {
                let known = format!(
                    "sentinel known-replica {SERVICE} 127.0.0.1 {}\n",
                    replica.port()
                );
                configuration.push_str(&known);
            }
            for (other, port) in ports
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
            {
                let known = format!(
                    "sentinel known-sentinel {SERVICE} 127.0.0.1 {port} {}\n",
                    id(other)
                );
                configuration.push_str(&known);
            }
            let path = sentinel.directory.join("sentinel.conf");
            std::fs::write(&path, configuration).expect("its directory takes a file");
            sentinel.process = Some(Process::sentinel(&path));
        }
        sentinels
    }

    async fn master(&self) -> Option<u16> {
        let command = format!("SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}");
        let answer = ask(self.port.number(), &command).await?;
        answer.lines().last()?.trim().parse().ok()
    }

    /// Whether it is connected to this many replicas and to the other Sentinels.
    async fn sees_all(&self, count: usize) -> bool {
        let answer = ask(self.port.number(), &format!("SENTINEL CKQUORUM {SERVICE}")).await;
        let others =
            answer.is_some_and(|answer| answer.contains(&format!("OK {SENTINELS} usable")));
        let replicas = ask(self.port.number(), &format!("SENTINEL REPLICAS {SERVICE}")).await;
        others
            && replicas.is_some_and(|replicas| {
                // the flags would say that one is down or disconnected
                let healthy = replicas.matches("flags\r\n$5\r\nslave\r\n");
                healthy.count() == count
            })
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.process = None;
        // what is left in the temporary directory harms nobody
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The id of one of them, unlike those of the nodes of other trios on this machine.
fn id(index: usize) -> String {
    format!("{:032x}{index:08x}", std::process::id())
}

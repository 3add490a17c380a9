use std::{fmt, sync::Arc, time::Duration};

use fred::{
    prelude::{Builder, Client, KeysInterface, ReconnectPolicy},
    types::{
        RespVersion,
        config::{ReconnectError, UnresponsiveConfig},
    },
};
use tokio_util::task::AbortOnDropHandle;

use crate::{RedisConfig, metrics::Metrics, outage, watchdog};

/// The longest time that a command takes; then it answers an error and may or may not have been executed.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest time for TCP, TLS and AUTH of one connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause before a connection attempt: the first, and the longest (doubling in between), in milliseconds.
const RETRY_MS: (u32, u32) = (10, 1_000);

/// Random milliseconds on top, so that replicas do not come back in step.
const RETRY_JITTER_MS: u32 = 50;

/// Commands that may wait for the connection; more are refused at once.
const COMMAND_QUEUE: usize = 4_096;

/// Pub/sub messages that wait for the subscriber; when it is too slow, the oldest go and it is told.
const MESSAGE_QUEUE: usize = 16_384;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads and single writes of the event bus.
    Commands,
    /// Scripts of the event bus, in order.
    Publisher,
    /// SSUBSCRIBE, SUNSUBSCRIBE and SPUBLISH to itself only; speaks RESP3. It is the user who sees that it falls silent.
    Subscriber,
    /// Web sessions.
    Sessions,
    /// How much users may do.
    Limits,
    /// Gateways, leases and session starts.
    Registry,
    /// Rooms and invites.
    Rooms,
}

impl Role {
    /// Its name, for logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Publisher => "publisher",
            Self::Subscriber => "subscriber",
            Self::Sessions => "sessions",
            Self::Limits => "limits",
            Self::Registry => "registry",
            Self::Rooms => "rooms",
        }
    }
}

/// One connection to Redis that comes back by itself. Clones share it; it closes with the last of them.
#[derive(Clone)]
pub struct RedisLink {
    client: Client,
    prefix: Arc<str>,
    role: Role,
    metrics: Metrics,
    _drivers: Arc<[AbortOnDropHandle<()>]>,
}

impl RedisLink {
    /// Begins to connect, in the background, within a Tokio runtime.
    pub fn connect(config: &RedisConfig, role: Role) -> Self {
        let client = client(config, role);
        let metrics = config.metrics.clone();
        let connection = metrics.connection(role);
        let mut drivers = vec![tokio::spawn(outage::drive(
            client.clone(),
            role,
            connection,
        ))];
        if role != Role::Subscriber {
            let key = key(&config.prefix, "clock");
            drivers.push(tokio::spawn(watchdog::guard(client.clone(), role, key)));
        }
        Self {
            client,
            prefix: config.prefix.as_str().into(),
            role,
            metrics,
            _drivers: drivers.into_iter().map(AbortOnDropHandle::new).collect(),
        }
    }

    /// The client; its commands answer within [`COMMAND_TIMEOUT`]. Don't `quit` it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Counts a failed call; scripts count theirs.
    pub fn noted<T>(
        &self,
        outcome: Result<T, fred::error::Error>,
    ) -> Result<T, fred::error::Error> {
        outcome.inspect_err(|error| self.metrics.failed(self.role, error))
    }

    /// What every key begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// A key of this deployment: `{prefix}:name`. All of them hash to one slot, so that one script may touch any of them.
    pub fn key(&self, name: &str) -> String {
        key(&self.prefix, name)
    }

    /// Whether Redis answers now; of a Cluster, the node that has the keys.
    pub async fn ping(&self) -> Result<(), fred::error::Error> {
        self.client
            .exists::<u64, _>(self.key("clock"))
            .await
            .map(|_| ())
    }
}

impl fmt::Debug for RedisLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLink")
            .field("role", &self.role)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn key(prefix: &str, name: &str) -> String {
    format!("{{{prefix}}}:{name}")
}

fn client(config: &RedisConfig, role: Role) -> Client {
    let mut settings = (*config.client).clone();
    // the first connection is retried like every other
    settings.fail_fast = false;
    settings.version = match role {
        Role::Subscriber => RespVersion::RESP3,
        _ => RespVersion::RESP2,
    };
    let mut policy = ReconnectPolicy::new_exponential(0, RETRY_MS.0, RETRY_MS.1, 2);
    policy.set_jitter(RETRY_JITTER_MS);
    Builder::from_config(settings)
        .with_connection_config(|connection| {
            connection.connection_timeout = CONNECT_TIMEOUT;
            connection.internal_command_timeout = CONNECT_TIMEOUT;
            connection.max_command_attempts = 1;
            connection.max_command_buffer_len = COMMAND_QUEUE;
            connection.reconnect_on_auth_error = true;
            connection.tcp.nodelay = Some(true);
            connection.tcp.user_timeout = Some(Duration::from_secs(10));
            connection.unresponsive = UnresponsiveConfig {
                max_timeout: Some(COMMAND_TIMEOUT * 2),
                interval: Duration::from_secs(1),
            };
            connection.reconnect_errors = vec![
                ReconnectError::Loading,
                ReconnectError::MasterDown,
                ReconnectError::ReadOnly,
                ReconnectError::ClusterDown,
                // another may have taken over from a master whose replicas are gone
                ReconnectError::NoReplicas,
            ];
        })
        .with_performance_config(|performance| {
            performance.default_command_timeout = COMMAND_TIMEOUT;
            performance.broadcast_channel_capacity = MESSAGE_QUEUE;
        })
        .set_policy(policy)
        .build()
        .expect("a centralized, sentinel or cluster client with a configuration builds")
}

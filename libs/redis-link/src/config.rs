use std::fmt;

use environment::{Env, Secret, Variable};
use prometheus::Registry;
use url::Url;

use crate::metrics::Metrics;

const REDIS_URL: Variable = Variable::new(
    "REDIS_URL",
    "redis://, rediss://, redis-sentinel:// or redis-cluster://[user:password@]host[:port][/database]",
)
.secret_address();
const REDIS_HOST: Variable = Variable::new("REDIS_HOST", "a host name, where REDIS_URL is not set");
const REDIS_PORT: Variable = Variable::new("REDIS_PORT", "a port number").or("6379");
const REDIS_PASSWORD: Variable =
    Variable::new("REDIS_PASSWORD", "the password that belongs to REDIS_HOST").secret();
const REDIS_PREFIX: Variable = Variable::new(
    "REDIS_PREFIX",
    "what keys begin with (sessions mix it into their names): letters, digits, `-`, `_`, `.` and `:`",
)
.or("discord");

/// The variables that [`RedisConfig::read`] reads.
pub const VARIABLES: &[Variable] = &[
    REDIS_URL,
    REDIS_HOST,
    REDIS_PORT,
    REDIS_PASSWORD,
    REDIS_PREFIX,
];

/// The longest prefix, in bytes.
const PREFIX_LIMIT: usize = 64;

/// Where Redis is, and what our keys begin with.
#[derive(Clone)]
pub struct RedisConfig {
    /// Its address; may contain a password.
    pub url: Secret,
    /// What every key begins with; a deployment is one Redis and one prefix.
    pub prefix: String,
    pub(crate) client: Box<fred::types::config::Config>,
    pub(crate) metrics: Metrics,
}

/// An address or prefix that can't be used. The message does not contain it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRedisUrl(String);

impl RedisConfig {
    /// A configuration from its parts.
    pub fn new(url: Secret, prefix: impl Into<String>) -> Result<Self, InvalidRedisUrl> {
        let prefix = prefix.into();
        if !valid_prefix(&prefix) {
            return Err(InvalidRedisUrl(format!(
                "the prefix is not {}",
                REDIS_PREFIX.help
            )));
        }
        let client = Box::new(parse(url.expose())?);
        Ok(Self {
            url,
            prefix,
            client,
            metrics: Metrics::detached(),
        })
    }

    /// Shows in `registry` what is measured of the connections that are made with this configuration or a clone of it.
    pub fn show_metrics(&self, registry: &Registry) {
        self.metrics.show(registry);
    }

    /// Reads [`VARIABLES`]; `None` = no Redis is configured, or what is configured is a fault (then `env` knows).
    pub fn read(env: &mut Env) -> Option<Self> {
        let url = env.secret(&REDIS_URL);
        let host = env.text(&REDIS_HOST);
        let port: u16 = env.parse_or(&REDIS_PORT, 6379);
        let password = env.secret(&REDIS_PASSWORD);
        let prefix = env.text(&REDIS_PREFIX).unwrap_or_default();
        if !valid_prefix(&prefix) {
            env.fault(
                &REDIS_PREFIX,
                format!("`{prefix}` is not valid: {}", REDIS_PREFIX.help),
            );
            return None;
        }
        let (variable, config) = match (url, host) {
            (Some(url), _) => (&REDIS_URL, Self::new(url, prefix)),
            (None, Some(host)) => {
                let url = compose(&host, port, password.as_ref());
                (&REDIS_HOST, url.and_then(|url| Self::new(url, prefix)))
            }
            (None, None) => return None,
        };
        config
            .map_err(|error| {
                let message = format!("its value is not valid ({error}): {}", variable.help);
                env.fault(variable, message);
            })
            .ok()
    }

    /// Whether it is a Redis Cluster.
    pub fn is_cluster(&self) -> bool {
        self.client.server.is_clustered()
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("url", &self.url)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Braces would end the hash tag that keeps a deployment's keys in one slot.
fn valid_prefix(prefix: &str) -> bool {
    (1..=PREFIX_LIMIT).contains(&prefix.len())
        && prefix
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

fn compose(host: &str, port: u16, password: Option<&Secret>) -> Result<Secret, InvalidRedisUrl> {
    let malformed = || InvalidRedisUrl("the host name is malformed".to_owned());
    let mut url = Url::parse(&format!("redis://{host}")).map_err(|_| malformed())?;
    if url.host_str() != Some(host) {
        return Err(malformed());
    }
    url.set_port(Some(port)).map_err(|()| malformed())?;
    let password = password.map(Secret::expose);
    url.set_password(password).map_err(|()| malformed())?;
    Ok(Secret::from(url.as_str()))
}

fn parse(text: &str) -> Result<fred::types::config::Config, InvalidRedisUrl> {
    let invalid = |text: &str| InvalidRedisUrl(text.to_owned());
    let url = Url::parse(text).map_err(|error| InvalidRedisUrl(error.to_string()))?;
    let scheme = url.scheme();
    let base = scheme.split(['-', '+']).next().unwrap_or_default();
    if !["redis", "rediss", "valkey", "valkeys"].contains(&base) {
        return Err(invalid("the scheme is none of Redis"));
    }
    // fred's own message may quote the address, and with it a password
    fred::types::config::Config::from_url(text).map_err(|error| match error.kind() {
        fred::error::ErrorKind::Tls => invalid("the certificates of this system can't be read"),
        _ => invalid("host, port, database or parameters are malformed"),
    })
}

#[cfg(test)]
mod tests;

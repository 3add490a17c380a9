use std::sync::Arc;

use environment::{Env, Variable};
use redis_link::RedisConfig;

use crate::{GatewayRegistry, RedisRegistry, SingleRegistry};

/// Where gateways register.
pub const GATEWAY_REGISTRY: Variable = Variable::new(
    "GATEWAY_REGISTRY",
    "where gateways register: `redis` or `single` (this process only); without it redis if Redis is configured, else single",
);

/// What this crate reads, beside Redis' own variables.
pub const VARIABLES: &[Variable] = &[GATEWAY_REGISTRY];

/// Which registry to use.
#[derive(Debug, Clone)]
pub enum RegistryConfig {
    /// Of this process only.
    Single,
    /// Shared by all instances.
    Redis(Box<RedisConfig>),
}

impl RegistryConfig {
    /// Reads it; `redis` is the configuration of Redis if there is one.
    pub fn read(env: &mut Env, redis: Option<&RedisConfig>) -> Self {
        match (env.text(&GATEWAY_REGISTRY).as_deref().map(str::trim), redis) {
            (Some("redis") | None, Some(redis)) => Self::Redis(Box::new(redis.clone())),
            (Some("single") | None, _) => Self::Single,
            (Some("redis"), None) => {
                env.fault(
                    &GATEWAY_REGISTRY,
                    "is `redis`, but no Redis is configured: set REDIS_URL",
                );
                Self::Single
            }
            (Some(other), _) => {
                let message = format!("is `{other}`; it may be `redis` or `single`");
                env.fault(&GATEWAY_REGISTRY, message);
                Self::Single
            }
        }
    }

    /// The registry. One in Redis is returned at once and answers errors until Redis can be reached.
    pub fn connect(&self) -> Arc<dyn GatewayRegistry> {
        match self {
            Self::Single => Arc::new(SingleRegistry::new()),
            Self::Redis(redis) => Arc::new(RedisRegistry::connect(redis)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str, redis: bool) -> (RegistryConfig, Option<String>) {
        let redis = redis.then(|| RedisConfig::new("redis://127.0.0.1:1".into(), "test").unwrap());
        let mut env = Env::from_pairs([("GATEWAY_REGISTRY", value)]);
        let config = RegistryConfig::read(&mut env, redis.as_ref());
        (config, env.finish().err().map(|error| error.to_string()))
    }

    #[test]
    fn redis_is_the_default_where_redis_is_configured() {
        assert!(matches!(read("", true), (RegistryConfig::Redis(_), None)));
        assert!(matches!(read("", false), (RegistryConfig::Single, None)));
        assert!(matches!(
            read("single", true),
            (RegistryConfig::Single, None)
        ));
    }

    #[test]
    fn what_can_not_be_is_a_fault_that_says_what_can() {
        let (_, fault) = read("redis", false);
        assert!(fault.unwrap().contains("set REDIS_URL"));
        let (_, fault) = read("etcd", true);
        let fault = fault.unwrap();
        assert!(
            fault.contains("`etcd`") && fault.contains("`single`"),
            "{fault}"
        );
    }
}

use std::{net::SocketAddr, sync::Arc, time::Duration};

use contracts::GuildId;
use environment::Env;
use event_bus::{BusConfig, EventBus, MemoryBus, Retention, WithoutRedis};
use gateway_registry::{GatewayRegistry, SingleRegistry};
use lifecycle::Lifecycle;
use limits::{Limits, MemoryLimits, RedisLimits};
use prometheus::Registry;
use redis_link::testing::RedisServer;
use session_store::{MemorySessions, Sessions};
use tokio::task::JoinHandle;
use web::{App, Config, Ports};

use crate::{discord::Discord, gateway::Gateway, publisher::Publisher};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const GUILD: GuildId = GuildId::new(41_771_983_423_143_937);
pub(crate) const OTHER: GuildId = GuildId::new(41_771_983_423_143_938);

/// A running replica of web.
pub(crate) struct Replica {
    pub(crate) url: String,
    pub(crate) addr: SocketAddr,
    pub(crate) registry: Registry,
    lifecycle: Lifecycle,
    run: Option<JoinHandle<bool>>,
    stop: tokio_util::sync::CancellationToken,
}

/// What replicas share.
pub(crate) struct Deployment {
    pub(crate) discord: Discord,
    pub(crate) publisher: Publisher,
    pub(crate) sessions: Sessions,
    pub(crate) redis: Option<RedisServer>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) limits: Arc<dyn Limits>,
    pub(crate) registry: Arc<dyn GatewayRegistry>,
}

impl Deployment {
    /// With a bus in memory.
    pub(crate) async fn in_memory() -> Self {
        let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::new(Retention::default()));
        Self::with(bus, None).await
    }

    /// With a Redis that keeps what it was given over a restart.
    pub(crate) async fn on_redis() -> Self {
        let redis = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
        let bus = redis_bus(&redis);
        Self::with(bus, Some(redis)).await
    }

    async fn with(bus: Arc<dyn EventBus>, redis: Option<RedisServer>) -> Self {
        let publisher = Publisher::new(bus);
        publisher.guild(GUILD).await;
        publisher.guild(OTHER).await;
        let limits: Arc<dyn Limits> = match &redis {
            Some(redis) => Arc::new(RedisLimits::connect(&redis.config("web-it"))),
            None => Arc::new(MemoryLimits::default()),
        };
        Self {
            discord: Discord::start(&[GUILD.get(), 5]).await,
            publisher,
            sessions: MemorySessions::new().into(),
            redis,
            gateway: Arc::default(),
            limits,
            registry: Arc::new(SingleRegistry::new()),
        }
    }

    pub(crate) async fn replica(&self, more: &[(&str, &str)]) -> Replica {
        let bus = match &self.redis {
            Some(redis) => redis_bus(redis),
            None => Arc::clone(&self.publisher.bus),
        };
        let api = format!("{}/api/v10", self.discord.url);
        let authorize = format!("{}/oauth2/authorize", self.discord.url);
        let mut pairs = vec![
            ("BIND", "127.0.0.1"),
            ("PORT", "0"),
            ("BASE_URL", "http://127.0.0.1:0"),
            ("SESSION_SECRET", "0123456789abcdef0123456789abcdef"),
            ("DISCORD_CLIENT_ID", "1000000000000000001"),
            ("DISCORD_CLIENT_SECRET", "the client's secret"),
            ("DISCORD_API_URL", &api),
            ("DISCORD_AUTHORIZE_URL", &authorize),
            ("SHUTDOWN_GRACE_SECONDS", "5"),
        ];
        for (name, value) in more {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        let mut env = Env::from_pairs(pairs);
        let mut config = Config::read_with(&mut env, WithoutRedis::Memory);
        env.finish().unwrap();
        config.metrics_port = None;
        let grace = config.grace;
        let registry = Registry::new();
        let ports = Ports {
            bus,
            sessions: self.sessions.clone(),
            commands: self.gateway.clone(),
            limits: Arc::clone(&self.limits),
            registry: Some(Arc::clone(&self.registry)),
        };
        let app = App::assemble(config, ports, registry.clone())
            .await
            .unwrap();
        let addr = app.addr();
        let (lifecycle, stop) = (Lifecycle::new(), tokio_util::sync::CancellationToken::new());
        app.start(&lifecycle);
        let (running, stopped) = (lifecycle.clone(), stop.clone());
        let run = tokio::spawn(async move { running.run(stopped.cancelled(), grace).await });
        let replica = Replica {
            url: format!("http://{addr}"),
            addr,
            registry,
            lifecycle,
            run: Some(run),
            stop,
        };
        replica.ready().await;
        replica
    }
}

pub(crate) fn redis_bus(redis: &RedisServer) -> Arc<dyn EventBus> {
    let config = BusConfig::Redis {
        redis: redis.config("web-it"),
        retention: Retention::default(),
    };
    config.connect(&Registry::new())
}

impl Replica {
    async fn ready(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let answer = reqwest::get(format!("{}/api/ready", self.url)).await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "web does not become ready"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks it to stop; true if it ended in time and well.
    pub(crate) async fn stop(mut self) -> bool {
        self.stop.cancel();
        let run = self.run.take().expect("it is stopped once");
        tokio::time::timeout(PATIENCE, run)
            .await
            .expect("it ends")
            .unwrap()
    }

    pub(crate) fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// The value of a counter or gauge, summed over its labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let values = family
            .map(prometheus::proto::MetricFamily::get_metric)
            .unwrap_or_default()
            .iter();
        values
            .map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
            .sum()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.lifecycle.abort().cancel();
    }
}

//! Wires the gateway together and starts it.

use std::{io, net::SocketAddr, sync::Arc};

use discord::{Rest, rest::InvalidApiUrl};
use event_bus::{BusConfig, EventBus};
use gateway_registry::GatewayRegistry;
use lifecycle::Lifecycle;
use limits::MemoryLimits;
use link::Commands;
use prometheus::Registry;
use room_book::RoomBook;
use telemetry::MetricsServer;
use tokio::net::TcpListener;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    behalf::Behalves,
    board::Board,
    commands::{Carrying, Cleanup, Directory, Executor, Seal},
    config::Config,
    health,
    health::Health,
    link::{Link, LinkMetrics, Shared, Tokens, advertised},
    metrics::{Metrics, RestMetrics},
    normalize::Rules,
    register::Register,
    server::{self, HEAD_WITHIN},
    shards::Shards,
};

/// Why the gateway can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An address can't be listened on.
    #[error("can't listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The REST client does not take its configuration.
    #[error("DISCORD_API_URL can't be used: {0}")]
    Rest(#[from] InvalidApiUrl),
    /// A metric is registered already.
    #[error("the metrics can't be registered: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// What the gateway works with, whoever provides it.
#[derive(Clone)]
pub struct Ports {
    /// Where changes go.
    pub bus: Arc<dyn EventBus>,
    /// Where instances announce themselves.
    pub registry: Arc<dyn GatewayRegistry>,
    /// The rooms that Fanfare made, and what was done for users.
    pub rooms: Arc<dyn RoomBook>,
}

/// The gateway, built and bound, not yet started.
pub struct App {
    config: Arc<Config>,
    ports: Ports,
    rest: Arc<Rest>,
    metrics: Arc<Metrics>,
    link_metrics: LinkMetrics,
    rules: Arc<Rules>,
    directory: Arc<Directory>,
    executor: Executor,
    carrying: Carrying,
    listener: TcpListener,
    metrics_server: Option<MetricsServer>,
}

impl App {
    /// Connects the ports that the configuration names, and binds.
    pub async fn build(config: Config) -> Result<Self, BuildError> {
        let registry = Registry::new();
        let ports = Ports {
            bus: config.bus.connect(&registry),
            registry: config.registry.connect(),
            rooms: config.rooms(),
        };
        Self::assemble(config, ports, registry).await
    }

    /// Binds, with ports that exist already. Metrics go into `registry`.
    pub async fn assemble(
        config: Config,
        ports: Ports,
        registry: Registry,
    ) -> Result<Self, BuildError> {
        let metrics = Arc::new(Metrics::register(&registry)?);
        let link_metrics = LinkMetrics::register(&registry)?;
        telemetry::build_info(&registry, "gateway")?;
        let rest = config.rest()?;
        let rest = Arc::new(rest.observed(Arc::new(RestMetrics::register(&registry)?)));
        let rules = Arc::new(Rules {
            served: config.guilds.clone(),
            intents: config.intents,
            cdn_url: config.cdn_url.clone(),
        });
        let directory = Arc::new(Directory::default());
        let (executor, carrying) = Executor::new(
            Arc::clone(&rest),
            Arc::clone(&ports.rooms),
            Arc::clone(&rules),
            Arc::clone(&directory),
            Seal::new(&config.token),
            &registry,
        )?;
        let listener = bind(SocketAddr::new(config.bind, config.port)).await?;
        let metrics_server = match config.metrics_port {
            Some(port) => {
                let address = SocketAddr::new(config.bind, port);
                let bound = MetricsServer::bind(address, registry).await;
                Some(bound.map_err(|error| BuildError::Listen { address, error })?)
            }
            None => None,
        };
        let config = Arc::new(config);
        Ok(Self {
            config,
            ports,
            rest,
            metrics,
            link_metrics,
            rules,
            directory,
            executor,
            carrying,
            listener,
            metrics_server,
        })
    }

    /// Where `/health`, `/ready` and LINK are served.
    pub fn addr(&self) -> SocketAddr {
        self.listener
            .local_addr()
            .expect("a bound listener has an address")
    }

    /// Where `/metrics` is served, if it is.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_server.as_ref().map(MetricsServer::addr)
    }

    /// What does what users ask for, of the guilds whose shards are held here, once everything is started.
    pub fn commands(&self) -> Arc<dyn Commands> {
        Arc::new(self.executor.clone())
    }

    /// Starts everything; the tasks end with the lifecycle.
    pub fn start(self, lifecycle: &Lifecycle) {
        let addr = self.addr();
        let board = Arc::new(Board::default());
        let health = Health {
            board: Arc::clone(&board),
            bus: Arc::clone(&self.ports.bus),
            drain: lifecycle.drain(),
            intents: self.config.intents,
        };
        let mut router = health::router(health);
        let mut link_url = None;
        let (token, previous) = (&self.config.link_token, &self.config.link_token_previous);
        if let Some(tokens) = Tokens::new(token.as_ref(), previous.as_ref()) {
            link_url = advertised(self.config.link_url.as_deref(), addr);
            if link_url.is_none() {
                warn!(
                    component = "Gateway",
                    "web can't find this gateway: set LINK_ADVERTISE_URL to the address at which it is reached"
                );
            }
            let link = Link {
                tokens,
                commands: Arc::new(self.executor.clone()),
                shared: matches!(self.config.bus, BusConfig::Served { .. }).then(|| Shared {
                    bus: Arc::clone(&self.ports.bus),
                    limits: Arc::new(MemoryLimits::default()),
                }),
                metrics: self.link_metrics,
                lifecycle: lifecycle.clone(),
            };
            router = router.merge(link.router());
        }
        let server = server::serve(self.listener, router, HEAD_WITHIN, lifecycle.clone());
        lifecycle.supervise("server", server);
        if let Some(server) = self.metrics_server {
            lifecycle.supervise("metrics", server.serve(lifecycle.drain().cancelled_owned()));
        }
        let instance = Uuid::new_v4().to_string();
        let registry = Arc::clone(&self.ports.registry);
        let register = Register::new(registry, instance.clone(), Arc::clone(&board), link_url);
        lifecycle.supervise("register", register.run(lifecycle.drain()));
        lifecycle.supervise("commands", self.carrying.run(lifecycle.clone()));
        let cleanup = Cleanup {
            directory: Arc::clone(&self.directory),
            book: Arc::clone(&self.ports.rooms),
            rest: Arc::clone(&self.rest),
            instance: instance.clone(),
            ttl: self.config.room_empty_ttl,
        };
        lifecycle.supervise("cleanup", cleanup.run(lifecycle.drain()));
        let shards = Shards {
            config: self.config,
            rest: self.rest,
            bus: self.ports.bus,
            registry: self.ports.registry,
            instance,
            board,
            directory: self.directory,
            behalves: Behalves::new(self.ports.rooms),
            metrics: self.metrics,
            rules: self.rules,
            lifecycle: lifecycle.clone(),
        };
        lifecycle.supervise("shards", shards.run());
        info!(component = "Gateway", %addr, "The gateway is starting");
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, BuildError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| BuildError::Listen { address, error })
}

//! Wires web together and starts it.

use std::{io, net::SocketAddr, sync::Arc};

use contracts::Signal;
use event_bus::EventBus;
use gateway_registry::GatewayRegistry;
use lifecycle::{CancellationToken, Lifecycle};
use limits::Limits;
use link::Commands;
use prometheus::Registry;
use session_store::{SessionStoreConfig, Sessions};
use telemetry::MetricsServer;
use tokio::net::{TcpListener, TcpSocket};
use tracing::info;

use crate::{
    config::Config,
    discord::Discord,
    gateways,
    hub::{self, Hub},
    membership::Memberships,
    metrics::Metrics,
    router::router,
    server::Server,
    session::vault::Vault,
    state::{AppState, Parts},
    stream_token::StreamTokens,
    streams::Streams,
};

/// Bytes that the kernel may hold for a reader: by itself it would grow to megabytes for each that is slow.
const SEND_BUFFER: u32 = 256 << 10;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Why web can't be built.
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
    /// The client of Discord does not take its configuration.
    #[error("DISCORD_API_URL can't be used: {0}")]
    Discord(String),
    /// A metric is registered already.
    #[error("the metrics can't be registered: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// What web works with, whoever provides it.
#[derive(Clone)]
pub struct Ports {
    /// Where events come from.
    pub bus: Arc<dyn EventBus>,
    /// Where sign-ins are kept.
    pub sessions: Sessions,
    /// Who does what users ask for.
    pub commands: Arc<dyn Commands>,
    /// How much a user may do, on all replicas together.
    pub limits: Arc<dyn Limits>,
    /// Where gateways are known; `None` = nowhere that this replica could ask.
    pub registry: Option<Arc<dyn GatewayRegistry>>,
}

/// One replica, built and bound, not yet started.
pub struct App {
    config: Arc<Config>,
    ports: Ports,
    discord: Arc<Discord>,
    metrics: Arc<Metrics>,
    listener: TcpListener,
    metrics_server: Option<MetricsServer>,
}

impl App {
    /// Connects the ports that the configuration names, and binds.
    pub async fn build(config: Config) -> Result<Self, BuildError> {
        let registry = Registry::new();
        let known = gateways::registry(&config);
        let ports = Ports {
            bus: config.bus.connect(&registry),
            sessions: config.connect_sessions(),
            commands: gateways::commands(&config, known.as_ref(), &registry)?,
            limits: gateways::limits(&config),
            registry: known,
        };
        Self::assemble(config, ports, registry).await
    }

    /// Binds, with ports that exist already. Metrics go into `registry`.
    pub async fn assemble(
        mut config: Config,
        ports: Ports,
        registry: Registry,
    ) -> Result<Self, BuildError> {
        let metrics = Arc::new(Metrics::register(&registry)?);
        if let SessionStoreConfig::Redis(redis) | SessionStoreConfig::Cookie(Some(redis)) =
            &config.sessions
        {
            redis.show_metrics(&registry);
        }
        telemetry::build_info(&registry, "web")?;
        let listener = bind(SocketAddr::new(config.bind, config.port))?;
        let metrics_server = match config.metrics_port {
            Some(port) => {
                let address = SocketAddr::new(config.bind, port);
                let bound = MetricsServer::bind(address, registry).await;
                Some(bound.map_err(|error| BuildError::Listen { address, error })?)
            }
            None => None,
        };
        if config.base_url.port() == Some(0) {
            let port = listener
                .local_addr()
                .map(|addr| addr.port())
                .unwrap_or_default();
            // An http address always has room for a port.
            let _set = config.base_url.set_port(Some(port));
        }
        let discord = Discord::new(&config).map_err(BuildError::Discord)?;
        let discord = Arc::new(discord.measured(Arc::clone(&metrics)));
        Ok(Self {
            config: Arc::new(config),
            ports,
            discord,
            metrics,
            listener,
            metrics_server,
        })
    }

    /// Where browsers are served.
    pub fn addr(&self) -> SocketAddr {
        self.listener
            .local_addr()
            .expect("a bound listener has an address")
    }

    /// Where `/metrics` is served, if it is.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_server.as_ref().map(MetricsServer::addr)
    }

    /// Starts everything; the tasks end with the lifecycle.
    pub fn start(self, lifecycle: &Lifecycle) {
        let (addr, config) = (self.addr(), self.config);
        // The hub outlives the drain: open streams go on until each has ended.
        let done = CancellationToken::new();
        let (hub, follow) = Hub::new(
            Arc::clone(&self.ports.bus),
            Arc::clone(&self.metrics),
            config.bus.retention().age,
            config.cdn_url.clone(),
            hub::Limits::default(),
            done.clone(),
        );
        lifecycle.supervise("follow", follow);
        lifecycle.supervise("retention", hub.clone().watch_retention(done.clone()));
        let vault = Vault::new(
            std::iter::once(&config.session_secret).chain(&config.session_secret_previous),
        );
        let memberships = Arc::new(Memberships::new(
            Arc::clone(&self.discord),
            Arc::clone(&self.ports.bus),
            Arc::clone(&self.ports.limits),
            vault.clone(),
            config.membership_ttl,
        ));
        let (streams, leases) = Streams::new(
            config.max_streams_per_user,
            Arc::clone(&self.ports.limits),
            Arc::clone(&self.metrics),
            done.clone(),
        );
        lifecycle.supervise("leases", leases);
        lifecycle.supervise("sessions", streams.clone().watch(done.clone()));
        let (hearing, members) = (streams.clone(), Arc::clone(&memberships));
        hub.on_signal(move |signal| {
            if let Signal::MembershipLost { user_id, guild_id } = signal {
                members.lost(*user_id, *guild_id);
            }
            hearing.hear(signal);
        });
        let stream_tokens = StreamTokens::new(&config, vault.clone(), self.ports.sessions.clone());
        let (grace, metrics) = (config.grace, Arc::clone(&self.metrics));
        let trusted_proxies = config.trusted_proxies.clone();
        let state = AppState::new(Parts {
            config,
            hub,
            bus: self.ports.bus,
            sessions: self.ports.sessions,
            discord: self.discord,
            memberships,
            vault,
            streams: streams.clone(),
            stream_tokens,
            commands: self.ports.commands,
            limits: self.ports.limits,
            registry: self.ports.registry,
            metrics: self.metrics,
            drain: lifecycle.drain(),
            tasks: lifecycle.clone(),
        });
        let server = Server {
            listener: self.listener,
            router: router(state),
            streams,
            metrics,
            trusted_proxies,
            grace,
            lifecycle: lifecycle.clone(),
            done: done.clone(),
        };
        lifecycle.supervise("server", server.run());
        if let Some(server) = self.metrics_server {
            lifecycle.supervise("metrics", server.serve(done.cancelled_owned()));
        }
        info!(component = "Internal", %addr, "web is starting");
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, BuildError> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        // Connections inherit it.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| BuildError::Listen { address, error })
}

//! Building and starting the simulator.

use std::{future::IntoFuture as _, io, net::SocketAddr};

use axum::{
    Router,
    extract::{
        DefaultBodyLimit, Query, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection,
    },
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt as _,
};
use lifecycle::Lifecycle;
use tokio::net::TcpListener;
use tracing::{debug, info};

use crate::{
    Config, Control, cdn, control, gateway, oauth, rest, scenario,
    simulation::{Shared, Simulation},
    world::Id,
};

/// The largest request body, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// A simulator that listens but doesn't answer yet.
pub struct App {
    simulation: Shared,
    listener: TcpListener,
    addr: SocketAddr,
}

impl App {
    /// Binds the port.
    ///
    /// # Errors
    /// The port can't be bound, or [`Config::auto_approve`] names nobody.
    pub async fn build(config: Config) -> io::Result<Self> {
        let address = SocketAddr::new(config.bind, config.port);
        let listener = TcpListener::bind(address).await.map_err(|error| {
            io::Error::new(error.kind(), format!("can't listen on {address}: {error}"))
        })?;
        let addr = listener.local_addr()?;
        let simulation = Simulation::new(config);
        if let Some(name) = &simulation.config.auto_approve
            && simulation.read(|world| world.find_user(name)).is_none()
        {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("there is no user `{name}`"),
            ));
        }
        Ok(Self {
            simulation,
            listener,
            addr,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The control API, in process.
    pub fn control(&self) -> Control {
        Control::new(self.simulation.clone())
    }

    /// The guilds that the bot is in: id and name, the default one first.
    pub fn guilds(&self) -> Vec<(String, String)> {
        self.simulation.read(|world| {
            let mut guilds: Vec<(Id, String)> = world
                .guilds_of(world.bot)
                .map(|guild| (guild.id, guild.name.clone()))
                .collect();
            guilds.sort_by_key(|(id, _)| *id != world.home);
            guilds
                .into_iter()
                .map(|(id, name)| (id.to_string(), name))
                .collect()
        })
    }

    /// Answers until the lifecycle drains.
    pub fn start(self, lifecycle: &Lifecycle) {
        let Self {
            simulation,
            listener,
            addr,
        } = self;
        if simulation.lifecycle.set(lifecycle.clone()).is_err() {
            unreachable!("an app is started once, because starting takes it");
        }
        info!(%addr, "the simulator listens");
        let drain = lifecycle.drain();
        // An event that waits for the acknowledgement of the one before would be 40 ms late.
        let listener = listener.tap_io(|socket| {
            if let Err(error) = socket.set_nodelay(true) {
                debug!(%error, "a socket can't be told to send at once");
            }
        });
        let server = axum::serve(listener, router(&simulation))
            .with_graceful_shutdown(async move { drain.cancelled().await });
        lifecycle.supervise("simulator", server.into_future());
        let drain = lifecycle.drain();
        lifecycle.supervise("scenario", async move {
            scenario::play(&simulation, drain).await
        });
    }
}

fn router(simulation: &Shared) -> Router {
    let api = rest::router(simulation);
    let mut router = Router::new().route("/", get(front));
    for path in [
        "/gateway",
        "/gateway/",
        "/gateway/resume",
        "/gateway/resume/",
    ] {
        router = router.route(path, get(gateway::upgrade));
    }
    router
        .route("/oauth2/authorize", get(oauth::page).post(oauth::decide))
        .nest("/api/v10", api.clone())
        .nest("/api/v9", api.clone())
        .nest("/api", api)
        .nest("/cdn", cdn::router())
        .nest("/control", control::router())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(simulation.clone())
}

/// `/`: the Gateway for those who ask for a WebSocket, the control page for the others.
async fn front(
    simulation: State<Shared>,
    parameters: Query<gateway::Parameters>,
    headers: HeaderMap,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => gateway::upgrade(simulation, parameters, headers, uri, upgrade).await,
        Err(_) => control::page().into_response(),
    }
}

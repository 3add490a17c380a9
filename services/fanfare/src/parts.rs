//! The parts of this process, wired together.

use std::{
    error::Error,
    net::SocketAddr,
    process::ExitCode,
    str::FromStr as _,
    sync::Arc,
    time::{Duration, Instant},
};

use environment::Env;
use event_bus::{BusConfig, WithoutRedis};
use lifecycle::Lifecycle;
use limits::LimitsConfig;
use program::Findings;
use prometheus::Registry;
use simulator::Scenario;
use telemetry::MetricsServer;

/// What runs in this process.
pub(crate) struct Parts {
    simulator: Option<simulator::Config>,
    gateway: gateway::Config,
    web: web::Config,
}

impl Parts {
    /// Reads the environment of all parts.
    pub(crate) fn read(env: &mut Env, demo: bool) -> Self {
        let simulator = demo.then(|| simulator::Config {
            scenario: Scenario::from_str("lively").ok(),
            ..simulator::Config::read(env)
        });
        let gateway = gateway::Config::read_with(env, WithoutRedis::Memory);
        let web = web::Config::read_with(env, WithoutRedis::Memory);
        Self {
            simulator,
            gateway,
            web,
        }
    }

    /// What each part's own check says.
    pub(crate) async fn check(&self, findings: &mut Findings) {
        gateway::check::run(&self.gateway, findings).await;
        web::check::run(&self.web, findings).await;
    }

    /// Starts all parts, says where they are, and runs until a signal.
    pub(crate) async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let begun = Instant::now();
        let Self {
            simulator,
            mut gateway,
            mut web,
        } = self;
        let lifecycle = Lifecycle::new();
        let registry = Registry::new();
        let grace: Duration = gateway.grace.max(web.grace);
        let page = web.base_url.to_string();

        if let Some(config) = simulator {
            let app = simulator::App::build(config).await?;
            println!("Simulated Discord: http://{}/", app.addr());
            app.start(&lifecycle);
        }
        let metrics = gateway
            .metrics_port
            .take()
            .map(|port| SocketAddr::new(gateway.bind, port));
        web.metrics_port = None;
        if let Some(address) = metrics {
            let server = MetricsServer::bind(address, registry.clone()).await;
            let server = server.map_err(|error| format!("can't listen on {address}: {error}"))?;
            println!("Metrics: http://{}/metrics", server.addr());
            lifecycle.supervise("metrics", server.serve(lifecycle.drain().cancelled_owned()));
        }

        let bus = gateway.bus.connect(&registry);
        let instances = gateway.registry.connect();
        let sessions = web.connect_sessions();
        let ports = gateway::Ports {
            bus: Arc::clone(&bus),
            registry: Arc::clone(&instances),
            rooms: gateway.rooms(),
        };
        let gateway = gateway::App::assemble(gateway, ports, registry.clone()).await?;
        let limits = match &web.bus {
            BusConfig::Redis { redis, .. } => LimitsConfig::choose(Some(redis)),
            _ => LimitsConfig::choose(None),
        };
        let limits = limits.connect();
        let ports = web::Ports {
            bus,
            sessions,
            commands: gateway.commands(),
            limits,
            registry: Some(instances),
        };
        let web = web::App::assemble(web, ports, registry).await?;
        gateway.start(&lifecycle);
        web.start(&lifecycle);
        println!(
            "Open {page}  (started in {} ms)",
            begun.elapsed().as_millis()
        );
        Ok(lifecycle.run_until_signal(grace).await)
    }
}

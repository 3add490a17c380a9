use std::{io, net::SocketAddr};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus::{Encoder as _, IntGaugeVec, Opts, Registry, TextEncoder};
use tokio::net::TcpListener;

use crate::{
    logs::{self, Ends},
    provider::SPANS,
};

/// Serves `GET /metrics` in Prometheus' text format, on a port of its own that is not public.
#[derive(Debug)]
pub struct MetricsServer {
    listener: TcpListener,
    registry: Registry,
}

impl MetricsServer {
    /// Binds; port 0 = any free one.
    pub async fn bind(address: SocketAddr, registry: Registry) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, registry })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.listener
            .local_addr()
            .expect("a bound listener has an address")
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { listener, registry } = self;
        let router = Router::new()
            .route("/metrics", get(async move || expose(&registry)))
            .merge(logs::router());
        axum::serve(
            listener,
            router.into_make_service_with_connect_info::<Ends>(),
        )
        .with_graceful_shutdown(stop)
        .await
    }
}

fn expose(registry: &Registry) -> Response {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    match encoder.encode(&registry.gather(), &mut text) {
        Ok(()) => (
            [(header::CONTENT_TYPE, encoder.format_type().to_owned())],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Registers what every process tells: its own CPU time, memory and files, `fanfare_build_info{service, version}`,
/// and what became of its traces.
pub fn build_info(registry: &Registry, service: &str) -> prometheus::Result<()> {
    let process = prometheus::process_collector::ProcessCollector::for_self();
    match registry.register(Box::new(process)) {
        Ok(()) | Err(prometheus::Error::AlreadyReg) => {}
        Err(error) => return Err(error),
    }
    let info = IntGaugeVec::new(
        Opts::new("fanfare_build_info", "Which build runs; always 1")
            .const_label("service", service),
        &["version"],
    )?;
    info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    registry.register(Box::new(info))?;
    // One exporter for all services of the process.
    match registry.register(Box::new(SPANS.clone())) {
        Err(prometheus::Error::AlreadyReg) => Ok(()),
        registered => registered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_registry_is_served_as_text() {
        let registry = Registry::new();
        build_info(&registry, "gateway").unwrap();
        build_info(&registry, "web").unwrap();
        let response = expose(&registry);
        assert_eq!(response.status(), StatusCode::OK);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            text.contains(r#"fanfare_build_info{service="gateway",version="#),
            "{text}"
        );
        assert!(text.contains("process_resident_memory_bytes"), "{text}");
    }
}

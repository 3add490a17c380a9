//! Whether the collector of traces takes what it would get.

use std::time::Duration;

use reqwest::{Client, header::CONTENT_TYPE};

use crate::Findings;

/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends an empty export (OTLP/HTTP, protobuf: no bytes are a message without spans).
pub(crate) async fn check(endpoint: &str, findings: &mut Findings) {
    // Fails where the process has chosen a provider already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let client = match Client::builder().timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => return findings.fail(format!("no collector can be asked: {error}")),
    };
    let export = client
        .post(&address)
        .header(CONTENT_TYPE, "application/x-protobuf")
        .send();
    match export.await {
        Ok(answer) if answer.status().is_success() => {
            findings.ok(format!("the collector of traces takes them at {address}"));
        }
        Ok(answer) => findings.fail(format!(
            "the collector of traces answers {} at {address}: is OTEL_EXPORTER_OTLP_ENDPOINT the base address of OTLP over HTTP (port 4318)?",
            answer.status()
        )),
        Err(error) => findings.fail(format!(
            "the collector of traces can't be reached at {address}: {}. Is OTEL_EXPORTER_OTLP_ENDPOINT right, does it run?",
            error.without_url()
        )),
    }
}

use std::sync::Arc;

use gateway_registry::{GatewayRegistry, SingleRegistry};

#[expect(clippy::unused_async, reason = "the shape of every adapter's factory")]
async fn fresh() -> ((), Arc<dyn GatewayRegistry>) {
    ((), Arc::new(SingleRegistry::new()))
}

crate::conformance::holds!(fresh);

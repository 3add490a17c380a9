use std::sync::Arc;

use gateway_registry::SingleRegistry;

use crate::conformance::{self, Registry};

#[expect(clippy::unused_async, reason = "the shape of every adapter's factory")]
async fn fresh() -> ((), Registry) {
    ((), Arc::new(SingleRegistry::new()))
}

conformance::holds!(fresh);

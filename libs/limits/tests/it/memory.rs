use std::{sync::Arc, time::Duration};

use limits::{Limits as _, MEMORY_CAPACITY, MemoryLimits};

use crate::conformance::{self, LONG, Port, eventually};

#[expect(clippy::unused_async, reason = "the shape of every adapter's factory")]
async fn fresh() -> ((), Port) {
    ((), Arc::new(MemoryLimits::default()))
}

conformance::holds!(fresh);

#[tokio::test]
async fn so_many_keys_have_places_and_a_new_one_waits_for_others_to_run_out() {
    let (limits, most) = (MemoryLimits::default(), 2);
    for key in 1..MEMORY_CAPACITY {
        let held = limits.hold(&key.to_string(), "a", most, LONG).await;
        assert!(held.unwrap());
    }
    let soon = Duration::from_millis(50);
    assert!(limits.hold("soon", "a", most, soon).await.unwrap());
    assert!(limits.hold("soon", "b", most, soon).await.unwrap());
    assert!(limits.hold("7", "b", most, LONG).await.unwrap());
    eventually(|| async { limits.hold("new", "a", most, LONG).await.is_ok() }).await;
    assert!(limits.hold("other", "a", most, LONG).await.is_err());
    limits.release("new", "a").await.unwrap();
    assert!(limits.hold("other", "a", most, LONG).await.unwrap());
}

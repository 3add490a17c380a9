use session_store::{MemorySessions, Sessions};

#[expect(clippy::unused_async, reason = "the shape of every adapter's factory")]
async fn fresh() -> ((), Sessions) {
    ((), MemorySessions::new().into())
}

crate::conformance::holds!(fresh);

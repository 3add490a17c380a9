use std::sync::Arc;

use room_book::MemoryBook;

use crate::conformance::{self, Book};

#[expect(clippy::unused_async, reason = "the shape of every adapter's factory")]
async fn fresh() -> ((), Book) {
    ((), Arc::new(MemoryBook::new()))
}

conformance::holds!(fresh);

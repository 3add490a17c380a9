//! Room in the queue towards the reader.

use tokio::sync::mpsc::{self, OwnedPermit};

use crate::Dispatch;

/// A place in the queue; `None` = nobody reads it any more.
pub(crate) async fn place(out: &mpsc::Sender<Dispatch>) -> Option<OwnedPermit<Dispatch>> {
    out.clone().reserve_owned().await.ok()
}

/// Waits until half of the queue is free, or nobody reads it any more: with less room each
/// connection would bring a dispatch or two. May be dropped while waiting.
pub(crate) async fn half_free(out: &mpsc::Sender<Dispatch>) {
    let half = (out.max_capacity() / 2).max(1);
    drop(out.reserve_many(half).await);
}

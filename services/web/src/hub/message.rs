//! What is said to browsers over a WebSocket: one JSON object a message.

use axum::extract::ws::Utf8Bytes;

use super::Progress;

/// `{v, type: "event", event, id?, ts, payload}`. The payload is JSON already; without an id the browser's cursor stays.
pub(super) fn event(name: &str, id: Option<&str>, ts: u64, payload: &str) -> Utf8Bytes {
    let id = id.map(|id| format!(r#""id":"{id}","#)).unwrap_or_default();
    format!(r#"{{"v":1,"type":"event","event":"{name}",{id}"ts":{ts},"payload":{payload}}}"#).into()
}

/// `{v, type: "cursor", id}`: only moves the browser's cursor.
pub(super) fn cursor(id: Progress) -> Utf8Bytes {
    format!(r#"{{"v":1,"type":"cursor","id":"{id}"}}"#).into()
}

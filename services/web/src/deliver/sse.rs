//! `GET /api/stream`: server-sent events (WHATWG HTML, "Server-sent events").

mod body;
mod frames;
mod open;

#[cfg(test)]
pub(super) use body::StreamBody;
pub(crate) use open::{stream, stream_head};

use axum::{
    body::Body,
    http::{HeaderValue, Version, header},
    response::Response,
};

/// A response that browsers keep reading; nothing on the way may cache, change or hold it back.
fn respond(body: Body, version: Version) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    if version <= Version::HTTP_11 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive"));
    }
    response
}

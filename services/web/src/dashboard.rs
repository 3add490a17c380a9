//! The page that people look at, embedded when it was built (`make dashboard`).

use std::fmt::Write as _;

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::ApiError;

/// What the bundler wrote; nothing if the page was not built.
#[derive(RustEmbed)]
#[folder = "dashboard/dist/"]
#[allow_missing = true]
struct Dist;

/// The folder whose files carry a hash in their names, and so never change.
const IMMUTABLE: &str = "assets/";

/// Served in place of a page that was not built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Fanfare</title><h1>Fanfare is running</h1>\
<p>The dashboard is not part of this build. Build it with <code>make dashboard</code>, then build Fanfare again.</p>\
<p><a href=\"/auth/login\">Sign in</a> · <a href=\"/api/me\">who am I</a> · <a href=\"/api/stream?snapshot=1\">the stream</a></p></html>\n";

/// The icon of a build without the page.
const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect width=\"16\" height=\"16\" rx=\"4\" fill=\"#5865f2\"/>\
<path d=\"M4 6v4h3l4 3V3L7 6z\" fill=\"#fff\"/></svg>";

/// `GET /`, `GET /join/…` and `GET /operations`: the page itself, which finds out by its address what to show.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    match Dist::get("index.html") {
        Some(file) => serve("index.html", &file, &headers),
        None => (
            [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-cache"),
            ],
            NOT_BUILT,
        )
            .into_response(),
    }
}

/// Any other path: a file of the page, or nothing.
pub(crate) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match Dist::get(&path).filter(|_| path != "index.html") {
        Some(file) => serve(&path, &file, &headers),
        None if path == "favicon.ico" || path == "favicon.svg" => (
            [
                (header::CONTENT_TYPE, "image/svg+xml"),
                (header::CACHE_CONTROL, "max-age=3600"),
            ],
            ICON,
        )
            .into_response(),
        None => ApiError::NotFound.into_response(),
    }
}

fn serve(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = etag(file);
    let cache = if path.starts_with(IMMUTABLE) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data.clone().into_owned()).into_response()
    };
    let answer = response.headers_mut();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &media_type(file.metadata.mimetype()));
    set(header::CACHE_CONTROL, cache);
    set(header::ETAG, &tag);
    response
}

/// Text is UTF-8; browsers have to be told.
fn media_type(name: &str) -> String {
    if name.starts_with("text/") || name.ends_with("javascript") || name.ends_with("json") {
        format!("{name}; charset=utf-8")
    } else {
        name.to_owned()
    }
}

fn etag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

//! The description of the public port: `GET /api/openapi.json` (`OpenAPI` 3.1).
//!
//! Schemas come from the types of `contracts`, problem codes from one table ([`problems`]). Tests hold the document and the router
//! to each other.

mod auth;
mod functions;
mod operation;
mod problems;
mod reads;
mod service;
mod streams;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use axum::{
    body::Bytes,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::openapi::{
    Components, Info, License, OpenApi, OpenApiBuilder, Paths, Server, Tag,
    security::{ApiKey, ApiKeyValue, SecurityScheme},
};

use crate::state::AppState;
use operation::Operation;

/// Name of the security scheme.
const COOKIE: &str = "session";

const ABOUT: &str = "Discord events, live in every browser. Sign in at `/auth/login`; the cookie does the rest. What fails is a problem \
    document (RFC 9457) whose `code` is stable. Ids are strings. Fields that are not described may be added at any time, and are ignored \
    where they are sent. State-changing requests are taken from the deployment's own origin and `ALLOWED_ORIGINS` only, and their bodies \
    as `application/json` only.";

/// `GET /api/openapi.json`
pub(crate) async fn openapi(State(state): State<AppState>) -> Response {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let json = DOCUMENT.get_or_init(|| {
        let text = document(state.config.cookie_name()).to_json();
        text.unwrap_or_default().into()
    });
    ([(header::CONTENT_TYPE, "application/json")], json.clone()).into_response()
}

/// All of it.
fn document(cookie: &str) -> OpenApi {
    let operations = [
        auth::operations(),
        reads::operations(),
        streams::operations(),
        functions::operations(),
        service::operations(),
    ];
    let (mut paths, mut components) = (Paths::new(), Components::new());
    for operation in operations.into_iter().flatten() {
        operation.add(&mut paths, &mut components);
    }
    operation::add_schema::<contracts::Problem>(&mut components);
    let scheme = ApiKey::Cookie(ApiKeyValue::with_description(
        cookie,
        "The cookie of a sign-in. Its name is `__Host-fanfare` where the deployment is reached through https.",
    ));
    components
        .security_schemes
        .insert(COOKIE.to_owned(), SecurityScheme::ApiKey(scheme).into());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    let mut info = Info::new("Fanfare", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    info.license = Some(license);
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/")]))
        .tags(Some(TAGS.map(|(name, about)| {
            let mut tag = Tag::new(name);
            tag.description = Some(about.to_owned());
            tag
        })))
        .paths(paths)
        .components(Some(components))
        .build()
}

const TAGS: [(&str, &str); 5] = [
    ("login", "Signing in through Discord, and out."),
    ("reads", "What is, and what was."),
    ("streams", "What happens, as it happens."),
    (
        "functions",
        "What people do. Every function checks in this order: signed in (401), own page (403), not too often (429: 5 calls in 5 s, 10 at \
         once, for each user), valid (415, 413, 400), allowed (403, 404), possible (409, 502, 503).",
    ),
    ("service", "For those who run it."),
];

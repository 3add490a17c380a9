//! Who the client is that asks for tokens.

use std::collections::HashMap;

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::config::Config;

/// An error as OAuth2 words it (RFC 6749, 5.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct OauthError(
    pub(super) StatusCode,
    pub(super) &'static str,
    pub(super) &'static str,
);

impl OauthError {
    pub(super) const INVALID_CLIENT: Self = Self(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "The client is not known or its secret is wrong.",
    );

    pub(super) const fn bad(error: &'static str, description: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, error, description)
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        (
            self.0,
            Json(json!({ "error": self.1, "error_description": self.2 })),
        )
            .into_response()
    }
}

/// The form of a token request and the client it comes from.
pub(crate) struct ClientForm {
    pub(super) fields: HashMap<String, String>,
    pub(super) client: (String, Option<String>),
}

impl<S: Send + Sync> FromRequest<S> for ClientForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("");
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let message = "Only application/x-www-form-urlencoded is accepted.";
            return Err(OauthError::bad("invalid_request", message).into_response());
        }
        let fields: HashMap<String, String> = url::form_urlencoded::parse(&bytes)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let client = basic(&headers)
            .or_else(|| {
                Some((
                    fields.get("client_id")?.clone(),
                    fields.get("client_secret").cloned(),
                ))
            })
            .ok_or_else(|| OauthError::INVALID_CLIENT.into_response())?;
        Ok(Self { fields, client })
    }
}

impl ClientForm {
    /// The client's id, if its secret is right.
    pub(super) fn client(&self, config: &Config) -> Result<&str, OauthError> {
        let (id, secret) = &self.client;
        let known = config
            .client_id
            .as_ref()
            .is_none_or(|expected| expected == id);
        let proved = match &config.client_secret {
            Some(expected) => secret.as_deref() == Some(expected.expose()),
            None => secret.as_ref().is_some_and(|secret| !secret.is_empty()),
        };
        if known && proved && !id.is_empty() {
            Ok(id)
        } else {
            Err(OauthError::INVALID_CLIENT)
        }
    }

    pub(super) fn field(&self, name: &str) -> Result<&str, OauthError> {
        self.fields
            .get(name)
            .map(String::as_str)
            .ok_or(OauthError::bad("invalid_request", "A field is missing."))
    }
}

/// HTTP Basic; id and secret are form-encoded in it (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, Option<String>)> {
    let value = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        let pair = format!("v={text}");
        url::form_urlencoded::parse(pair.as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
    };
    Some((decode(id)?, decode(secret)))
}

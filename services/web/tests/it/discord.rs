use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

/// As much of Discord's OAuth2 as web uses, strict where it matters: PKCE is verified, codes are good once, the client is checked.
#[derive(Clone)]
pub(crate) struct Discord {
    pub(crate) url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    /// Code to challenge.
    codes: BTreeMap<String, String>,
    tokens: BTreeSet<String>,
    refreshes: BTreeSet<String>,
    guilds: Vec<u64>,
    asked: u64,
    down: bool,
    lifetime: u64,
    user: u64,
    name: String,
    refreshed: usize,
    /// Refresh tokens that were not accepted.
    refused: usize,
    slow: Duration,
}

impl Discord {
    pub(crate) async fn start(guilds: &[u64]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner {
            guilds: guilds.to_vec(),
            lifetime: 604_800,
            user: 80_351_110_224_678_912,
            name: "Nelly".to_owned(),
            ..Inner::default()
        };
        let discord = Self {
            url,
            inner: Arc::new(Mutex::new(inner)),
        };
        let router = Router::new()
            .route("/oauth2/authorize", get(authorize))
            .route("/api/v10/oauth2/token", post(token))
            .route("/api/v10/oauth2/token/revoke", post(revoke))
            .route("/api/v10/users/@me", get(me))
            .route("/api/v10/users/@me/guilds", get(guilds_of))
            .route("/api/v10/users/@me/guilds/{guild}/member", get(member_of))
            .with_state(discord.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        discord
    }

    pub(crate) fn set_guilds(&self, guilds: &[u64]) {
        self.inner.lock().guilds = guilds.to_vec();
    }

    /// Who signs in from now on.
    pub(crate) fn next_user(&self, user: u64) {
        self.inner.lock().user = user;
    }

    /// What the users are called from now on.
    pub(crate) fn next_name(&self, name: &str) {
        name.clone_into(&mut self.inner.lock().name);
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.inner.lock().down = down;
    }

    /// New tokens expire after so many seconds.
    pub(crate) fn set_lifetime(&self, seconds: u64) {
        self.inner.lock().lifetime = seconds;
    }

    /// How often the guilds of a user were asked for.
    pub(crate) fn asked(&self) -> u64 {
        self.inner.lock().asked
    }

    /// How often tokens were renewed, and how often that was refused.
    pub(crate) fn refreshed(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        (inner.refreshed, inner.refused)
    }

    /// Answers to what renews tokens take this long.
    pub(crate) fn slow_refreshes(&self, slow: Duration) {
        self.inner.lock().slow = slow;
    }

    /// The user takes all authorizations back.
    pub(crate) fn take_back(&self) {
        let mut inner = self.inner.lock();
        inner.tokens.clear();
        inner.refreshes.clear();
    }

    pub(crate) fn live_tokens(&self) -> usize {
        self.inner.lock().tokens.len()
    }

    fn issue(inner: &mut Inner) -> Response {
        inner.next += 1;
        let (access, refresh) = (
            format!("access-{}", inner.next),
            format!("refresh-{}", inner.next),
        );
        inner.tokens.insert(access.clone());
        inner.refreshes.insert(refresh.clone());
        Json(json!({
            "access_token": access, "token_type": "Bearer", "expires_in": inner.lifetime,
            "refresh_token": refresh, "scope": "identify guilds",
        }))
        .into_response()
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| self.inner.lock().tokens.contains(token))
    }
}

async fn authorize(
    State(discord): State<Discord>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Redirect {
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["scope"], "identify guilds guilds.members.read");
    let mut inner = discord.inner.lock();
    inner.next += 1;
    let code = format!("code-{}", inner.next);
    inner
        .codes
        .insert(code.clone(), query["code_challenge"].clone());
    Redirect::to(&format!(
        "{}?code={code}&state={}",
        query["redirect_uri"], query["state"]
    ))
}

async fn token(
    State(discord): State<Discord>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let refuse =
        |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let slow = discord.inner.lock().slow;
    if form["grant_type"] == "refresh_token" && !slow.is_zero() {
        tokio::time::sleep(slow).await;
    }
    let mut inner = discord.inner.lock();
    if inner.down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !headers.contains_key("authorization") && !form.contains_key("client_secret") {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "invalid_client"})),
        )
            .into_response();
    }
    match form["grant_type"].as_str() {
        "authorization_code" => {
            let Some(challenge) = inner.codes.remove(&form["code"]) else {
                return refuse("invalid_grant");
            };
            let verifier = form.get("code_verifier").cloned().unwrap_or_default();
            if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != challenge {
                return refuse("invalid_grant");
            }
        }
        "refresh_token" => {
            if !inner.refreshes.remove(&form["refresh_token"]) {
                inner.refused += 1;
                return refuse("invalid_grant");
            }
            inner.refreshed += 1;
        }
        "client_credentials" => {}
        _ => return refuse("unsupported_grant_type"),
    }
    Discord::issue(&mut inner)
}

async fn revoke(
    State(discord): State<Discord>,
    Form(form): Form<BTreeMap<String, String>>,
) -> StatusCode {
    discord.inner.lock().tokens.remove(&form["token"]);
    StatusCode::OK
}

async fn me(State(discord): State<Discord>, headers: HeaderMap) -> Response {
    if !discord.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (user, name) = {
        let inner = discord.inner.lock();
        (inner.user.to_string(), inner.name.clone())
    };
    Json(json!({"id": user, "username": "nelly", "global_name": name, "avatar": null}))
        .into_response()
}

async fn member_of(
    State(discord): State<Discord>,
    Path(guild): Path<u64>,
    headers: HeaderMap,
) -> Response {
    if !discord.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let inner = discord.inner.lock();
    if inner.down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !inner.guilds.contains(&guild) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let joined_at = "2015-04-26T06:26:56.936000+00:00";
    Json(json!({"roles": [], "joined_at": joined_at, "communication_disabled_until": null}))
        .into_response()
}

async fn guilds_of(State(discord): State<Discord>, headers: HeaderMap) -> Response {
    if !discord.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut inner = discord.inner.lock();
    inner.asked += 1;
    if inner.down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let guilds = inner.guilds.iter();
    Json(
        guilds
            .map(|id| json!({"id": id.to_string(), "name": "A guild"}))
            .collect::<Vec<_>>(),
    )
    .into_response()
}

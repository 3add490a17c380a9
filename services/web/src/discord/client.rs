use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{GuildId, UserId};
use environment::Secret;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    TokenUrl,
    basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType},
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{
    Member, Tokens,
    error::{DiscordError, NOT_FOUND},
};
use crate::{config::Config, metrics::Metrics, session::User};

/// How long any question may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long is waited where Discord says "later" but not when, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));

/// Longest answer that is read: 200 guilds with all their features stay far below.
const LONGEST_ANSWER: usize = 1 << 20;

/// Where tokens are given out.
const TOKEN: &str = "/oauth2/token";

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Discord's OAuth2 and the user's own view of Discord.
#[derive(Debug)]
pub(crate) struct Discord {
    http: reqwest::Client,
    oauth: Client,
    client_secret: Secret,
    api_url: String,
    cdn_url: String,
    metrics: Option<Arc<Metrics>>,
}

#[derive(Deserialize)]
struct Profile {
    id: UserId,
    username: String,
    #[serde(default)]
    global_name: Option<String>,
    #[serde(default)]
    avatar: Option<String>,
}

#[derive(Deserialize)]
struct OwnGuild {
    id: GuildId,
}

impl Discord {
    /// A client of what the configuration names.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        // Whoever came first in this process has chosen the same.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("fanfare/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        let address = |error: url::ParseError| error.to_string();
        let api = &config.api_url;
        let oauth = BasicClient::new(ClientId::new(config.client_id.clone()))
            .set_client_secret(ClientSecret::new(config.client_secret.expose().to_owned()))
            .set_auth_uri(AuthUrl::from_url(config.authorize_url.clone()))
            .set_token_uri(TokenUrl::new(format!("{api}/oauth2/token")).map_err(address)?)
            .set_redirect_uri(RedirectUrl::new(config.redirect_uri()).map_err(address)?);
        Ok(Self {
            http,
            oauth,
            client_secret: config.client_secret.clone(),
            api_url: api.clone(),
            cdn_url: config.cdn_url.clone(),
            metrics: None,
        })
    }

    /// The same, with its requests measured.
    pub(crate) fn measured(self, metrics: Arc<Metrics>) -> Self {
        let metrics = Some(metrics);
        Self { metrics, ..self }
    }

    /// Measures a request; `route` is its path without ids.
    async fn measure<T>(
        &self,
        route: &str,
        request: impl Future<Output = Result<T, DiscordError>>,
    ) -> Result<T, DiscordError> {
        let asked = Instant::now();
        let outcome = request.await;
        if let Some(metrics) = &self.metrics {
            let name = outcome.as_ref().err().map_or("done", DiscordError::name);
            metrics.asked_discord(route, name, asked.elapsed());
        }
        outcome
    }

    /// Where to send somebody who wants to sign in: the address, the state and the PKCE verifier to keep.
    pub(crate) fn authorize(&self) -> (Url, String, String) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes =
            ["identify", "guilds", "guilds.members.read"].map(|scope| Scope::new(scope.to_owned()));
        let request = self
            .oauth
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes);
        let (url, state) = request.set_pkce_challenge(challenge).url();
        (url, state.secret().clone(), verifier.secret().clone())
    }

    /// Exchanges a code for tokens.
    pub(crate) async fn exchange(
        &self,
        code: String,
        verifier: String,
    ) -> Result<Tokens, DiscordError> {
        let request = self.oauth.exchange_code(AuthorizationCode::new(code));
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier));
        self.measure(TOKEN, async {
            let answer = request
                .request_async(&|request| send(self.http.clone(), request))
                .await;
            answer
                .map(|answer| Tokens::of(&answer, None))
                .map_err(|error| refused(&error))
        })
        .await
    }

    /// New tokens for old ones; the old refresh token may be void afterwards.
    pub(crate) async fn refresh(&self, refresh: &str) -> Result<Tokens, DiscordError> {
        let token = RefreshToken::new(refresh.to_owned());
        let request = self.oauth.exchange_refresh_token(&token);
        self.measure(TOKEN, async {
            let answer = request
                .request_async(&|request| send(self.http.clone(), request))
                .await;
            answer
                .map(|answer| Tokens::of(&answer, Some(refresh.to_owned())))
                .map_err(|error| match refused(&error) {
                    DiscordError::Refused(code) if code == "invalid_grant" => DiscordError::Expired,
                    DiscordError::Refused(code) => DiscordError::Failed(code),
                    other => other,
                })
        })
        .await
    }

    /// Revokes all tokens of the authorization that this one belongs to (RFC 7009).
    pub(crate) async fn revoke(&self, tokens: &Tokens) -> Result<(), DiscordError> {
        let request = self
            .http
            .post(format!("{}/oauth2/token/revoke", self.api_url))
            .basic_auth(
                self.oauth.client_id().as_str(),
                Some(self.client_secret.expose()),
            )
            .form(&[
                ("token", tokens.access.as_str()),
                ("token_type_hint", "access_token"),
            ]);
        self.measure("/oauth2/token/revoke", async {
            let answer = request.send().await.map_err(|error| failed(&error))?;
            if answer.status().is_success() {
                Ok(())
            } else {
                Err(DiscordError::Failed(format!(
                    "revoking answered {}",
                    answer.status().as_u16()
                )))
            }
        })
        .await
    }

    /// Whether Discord knows the application by this id and secret.
    pub(crate) async fn check(&self) -> Result<(), DiscordError> {
        let request = self
            .oauth
            .exchange_client_credentials()
            .add_scope(Scope::new("identify".to_owned()));
        let answer = request
            .request_async(&|request| send(self.http.clone(), request))
            .await;
        answer.map(|_| ()).map_err(|error| refused(&error))
    }

    /// Who a token belongs to.
    pub(crate) async fn me(&self, access: &str) -> Result<User, DiscordError> {
        let read = self.read("/users/@me", access);
        let profile: Profile = self.measure("/users/@me", read).await?;
        let avatar_url = match &profile.avatar {
            Some(hash) => format!("{}/avatars/{}/{hash}.png", self.cdn_url, profile.id),
            None => format!(
                "{}/embed/avatars/{}.png",
                self.cdn_url,
                (profile.id.get() >> 22) % 6
            ),
        };
        Ok(User {
            id: profile.id,
            display_name: profile
                .global_name
                .unwrap_or_else(|| profile.username.clone()),
            username: profile.username,
            avatar_url,
        })
    }

    /// The guilds that a user is in.
    pub(crate) async fn guilds(&self, access: &str) -> Result<Vec<GuildId>, DiscordError> {
        let read = self.read("/users/@me/guilds", access);
        let guilds: Vec<OwnGuild> = self.measure("/users/@me/guilds", read).await?;
        Ok(guilds.into_iter().map(|guild| guild.id).collect())
    }

    /// What the user is in a guild; `None` if not in it.
    pub(crate) async fn member(
        &self,
        guild: GuildId,
        access: &str,
    ) -> Result<Option<Member>, DiscordError> {
        let path = format!("/users/@me/guilds/{guild}/member");
        let read = self.read(&path, access);
        match self.measure("/users/@me/guilds/{id}/member", read).await {
            Err(DiscordError::Refused(status)) if status == NOT_FOUND => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str, access: &str) -> Result<T, DiscordError> {
        let request = self
            .http
            .get(format!("{}{path}", self.api_url))
            .bearer_auth(access);
        let mut answer = request.send().await.map_err(|error| failed(&error))?;
        match answer.status().as_u16() {
            200 => {}
            401 => return Err(DiscordError::Expired),
            404 => return Err(DiscordError::Refused(NOT_FOUND.to_owned())),
            429 => {
                let retry_after = retry_after(answer.headers());
                return Err(DiscordError::Limited { retry_after });
            }
            status => return Err(DiscordError::Failed(format!("{path} answered {status}"))),
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| failed(&error))? {
            body.extend_from_slice(&part);
            if body.len() > LONGEST_ANSWER {
                return Err(DiscordError::Failed(format!(
                    "{path} answered with too much"
                )));
            }
        }
        serde_json::from_slice(&body)
            .map_err(|error| DiscordError::Failed(format!("{path}: {error}")))
    }
}

/// How long Discord asks to wait (Discord, "Rate Limits": seconds, with or without a fraction).
fn retry_after(headers: &http::HeaderMap) -> Duration {
    let value = headers.get(http::header::RETRY_AFTER);
    let text = value.and_then(|value| value.to_str().ok());
    let seconds = text.and_then(|text| text.trim().parse::<f64>().ok());
    let pause = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    pause.unwrap_or(PAUSE.0).min(PAUSE.1)
}

/// What went wrong on the way, without the address: it may hold a code.
fn cause(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the answer broke off"
    }
}

fn failed(error: &reqwest::Error) -> DiscordError {
    DiscordError::Failed(cause(error).to_owned())
}

type TokenError = RequestTokenError<HttpError, BasicErrorResponse>;

fn refused(error: &TokenError) -> DiscordError {
    match error {
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            // Discord answers an overload or a wrong client with other words than a grant that is over.
            BasicErrorResponseType::Extension(code) => DiscordError::Failed(code.clone()),
            BasicErrorResponseType::UnsupportedGrantType => {
                DiscordError::Failed("it does not know this kind of request".to_owned())
            }
            code => DiscordError::Refused(code.as_ref().to_owned()),
        },
        _ => DiscordError::Failed(kind(error)),
    }
}

fn kind(error: &TokenError) -> String {
    match error {
        RequestTokenError::ServerResponse(_) => "it refused".to_owned(),
        RequestTokenError::Request(error) => error.to_string(),
        RequestTokenError::Parse(..) => "the answer is not what OAuth2 says".to_owned(),
        RequestTokenError::Other(what) => what.clone(),
    }
}

/// A request of the OAuth2 library that did not come through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("{0}")]
    Failed(&'static str),
    #[error("the request or the answer is not valid HTTP")]
    Invalid,
    #[error("the answer is too long")]
    TooLong,
}

/// Sends a request of the OAuth2 library; no redirect is followed, so no secret goes elsewhere.
async fn send(
    http: reqwest::Client,
    request: oauth2::HttpRequest,
) -> Result<oauth2::HttpResponse, HttpError> {
    let request = request.try_into().map_err(|_| HttpError::Invalid)?;
    let answer = http
        .execute(request)
        .await
        .map_err(|error| HttpError::Failed(cause(&error)))?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    if answer
        .content_length()
        .is_some_and(|length| length > LONGEST_ANSWER as u64)
    {
        return Err(HttpError::TooLong);
    }
    let body = answer
        .bytes()
        .await
        .map_err(|error| HttpError::Failed(cause(&error)))?;
    response.body(body.to_vec()).map_err(|_| HttpError::Invalid)
}

//! Tokens that open a WebSocket where the cookie does not go: JSON Web Tokens (RFC 7519), short-lived and bound to a session.

use std::{sync::Arc, time::Duration};

use contracts::rpc::StreamToken;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use session_store::Sessions;
use tower_sessions::{Session, cookie::Key, session::Id};
use tracing::debug;

use crate::{
    config::Config,
    error::ApiError,
    hub::now_ms,
    session::{SignedIn, USER, User, age, expiry, vault::Vault},
};

/// Separates the key of tokens from the other keys that the secret gives.
const PURPOSE: &str = "fanfare stream tokens v1:";

/// Whom the tokens are for.
const AUDIENCE: &str = "fanfare-stream";

/// The name under which a session's id is sealed in a token.
const SESSION: &str = "stream-session";

/// The name under which a session itself is sealed in a token; not the cookie's, so a token is no cookie.
const RECORD: &str = "stream-record";

/// By how much the clocks of two replicas may differ, in seconds.
const LEEWAY_SECONDS: u64 = 5;

/// Longest token that is looked at.
const LONGEST: usize = 8 << 10;

/// Issues and verifies tokens. Clones share the keys.
#[derive(Clone)]
pub(crate) struct StreamTokens(Arc<Inner>);

struct Inner {
    signing: EncodingKey,
    /// The current secret's and, during a rotation, the previous one's.
    verifying: Vec<DecodingKey>,
    validation: Validation,
    vault: Vault,
    sessions: Sessions,
    issuer: String,
    lifetime: Duration,
    session_ttl: Duration,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The user's id.
    sub: String,
    /// The session's id, sealed.
    sid: String,
    /// The session itself, sealed, where its id is not enough to find it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rec: Option<String>,
    /// Seconds since 1970, like `exp`.
    iat: u64,
    exp: u64,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is not one of ours, or not any more, or its session is over.
    #[error("the token is not valid")]
    Invalid,
    /// The session store does not answer, so nobody knows.
    #[error("the session store is away")]
    Unavailable,
}

impl StreamTokens {
    pub(crate) fn new(config: &Config, vault: Vault, sessions: Sessions) -> Self {
        let secrets = std::iter::once(&config.session_secret);
        let secrets = secrets.chain(&config.session_secret_previous);
        let keys: Vec<Key> = secrets
            .map(|secret| Key::derive_from(format!("{PURPOSE}{}", secret.expose()).as_bytes()))
            .collect();
        let issuer = config.origin();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        validation.leeway = LEEWAY_SECONDS;
        let signing = keys.first().map_or(&[][..], Key::signing);
        Self(Arc::new(Inner {
            signing: EncodingKey::from_secret(signing),
            verifying: keys
                .iter()
                .map(|key| DecodingKey::from_secret(key.signing()))
                .collect(),
            validation,
            vault,
            sessions,
            issuer,
            lifetime: config.stream_token_ttl,
            session_ttl: config.session_ttl,
        }))
    }

    /// A token for the session of somebody who is signed in.
    pub(crate) fn issue(&self, signed_in: &SignedIn) -> Result<StreamToken, ApiError> {
        let now = now_ms() / 1_000;
        let exp = now + self.0.lifetime.as_secs();
        let claims = Claims {
            iss: self.0.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: signed_in.user.id.to_string(),
            sid: self.0.vault.seal(SESSION, &signed_in.id.to_string()),
            rec: match signed_in.sessions.carried() {
                Some(record) => {
                    let record = serde_json::to_string(&record).map_err(|_| ApiError::Internal)?;
                    Some(self.0.vault.seal(RECORD, &record))
                }
                None => None,
            },
            iat: now,
            exp,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.0.signing);
        Ok(StreamToken {
            token: token.map_err(|_| ApiError::Internal)?,
            expires_at: exp * 1_000,
        })
    }

    /// Who a token is of, if its session is not over.
    pub(crate) async fn verify(&self, token: &str) -> Result<SignedIn, Refused> {
        let claims = self.claims(token).ok_or(Refused::Invalid)?;
        let sealed = self.0.vault.open(SESSION, &claims.sid);
        let id: Option<Id> = sealed.and_then(|id| id.parse().ok());
        let id = id.ok_or(Refused::Invalid)?;
        let record = claims.rec.map(|rec| self.0.vault.open(RECORD, &rec));
        let record = record.map(|record| serde_json::from_str(&record?).ok());
        let sessions = self.0.sessions.with_record(record.flatten());
        let store = Arc::new(sessions.clone());
        let session = Session::new(Some(id), store, Some(expiry(self.0.session_ttl)));
        let away = |error: tower_sessions::session::Error| {
            debug!(component = "WS", %error, "the session of a token could not be looked up");
            Refused::Unavailable
        };
        let user: Option<User> = session.get(USER).await.map_err(away)?;
        match user {
            Some(user)
                if user.id.to_string() == claims.sub
                    && !age::is_over(&session).await.map_err(away)? =>
            {
                Ok(SignedIn {
                    user,
                    id,
                    session,
                    sessions,
                })
            }
            _ => Err(Refused::Invalid),
        }
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let verify = |key| decode::<Claims>(token, key, &self.0.validation).ok();
        let verified = self.0.verifying.iter().find_map(verify);
        Some(verified?.claims)
    }
}

impl std::fmt::Debug for StreamTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamTokens")
    }
}

#[cfg(test)]
mod tests;

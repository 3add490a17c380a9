//! Requests that change something: sent once, and what became of them is told apart.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;
use tracing::{
    Instrument as _,
    subscriber::{NoSubscriber, with_default},
};
use twilight_http::request::{Method, RequestBuilder};

use super::{ATTEMPT_TIMEOUT, AuditReason, Rest, RestError, error, observer::Watched};

/// What stands in a path or header as it is; everything else is percent-encoded.
pub(super) const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// How long a change waits for the rate limit: somebody waits for its answer.
const PATIENCE: Duration = Duration::from_secs(4);

const REASON: HeaderName = HeaderName::from_static("x-audit-log-reason");

/// A request that changes something.
pub(super) struct Change<'a> {
    builder: RequestBuilder,
    watched: Watched,
    reason: Option<&'a AuditReason>,
    /// Whether the path holds a secret, so that no trace may name it.
    secret: bool,
}

impl<'a> Change<'a> {
    pub(super) fn new(method: Method, path: String) -> Self {
        Self {
            watched: Watched::new(method, &path),
            builder: RequestBuilder::raw(method, path),
            reason: None,
            secret: false,
        }
    }

    pub(super) fn json(mut self, body: &impl Serialize) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    pub(super) fn reason(mut self, reason: &'a AuditReason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The path is the authorization.
    pub(super) fn by_path(mut self) -> Self {
        self.builder = self.builder.use_authorization_token(false);
        self.secret = true;
        self
    }
}

impl Rest {
    /// Sends a change and reads the answer.
    pub(super) async fn change<T: DeserializeOwned>(
        &self,
        change: Change<'_>,
    ) -> Result<T, RestError> {
        let body = self.send(change).await?;
        serde_json::from_slice(&body).map_err(|_| RestError::Unintelligible)
    }

    /// Sends a change of whose answer only the success matters. It is never sent again by itself, except after a 429
    /// that told when.
    pub(super) async fn send(&self, change: Change<'_>) -> Result<Vec<u8>, RestError> {
        let Change {
            builder,
            watched,
            reason,
            secret,
        } = change;
        let work = self.carry_out(builder, reason, secret, &watched);
        let outcome = Box::pin(work.instrument(watched.span())).await;
        watched.tell(&*self.observer, &outcome);
        outcome
    }

    async fn carry_out(
        &self,
        mut builder: RequestBuilder,
        reason: Option<&AuditReason>,
        secret: bool,
        watched: &Watched,
    ) -> Result<Vec<u8>, RestError> {
        if let Some(reason) = reason
            && let Ok(value) = HeaderValue::from_str(reason.header())
        {
            builder = builder.headers(std::iter::once((REASON, value)));
        }
        let request = builder.build().map_err(RestError::from)?;
        let mut answer = if secret {
            with_default(NoSubscriber::default(), || {
                self.client.request::<()>(request)
            })
        } else {
            self.client.request::<()>(request)
        };
        answer.set_pre_flight(watched.pre_flight());
        tokio::pin!(answer);
        let response = match timeout(PATIENCE, &mut answer).await {
            Ok(response) => response,
            // It still waits for its turn; dropped here, it never leaves.
            Err(_) if !watched.is_sent() => {
                return Err(RestError::RateLimited {
                    retry_after: error::UNKNOWN_WAIT,
                });
            }
            Err(_) => timeout(ATTEMPT_TIMEOUT, &mut answer)
                .await
                .map_err(|_| RestError::Unknown("no answer in time"))?,
        };
        watched.answered(&response);
        let response = response.map_err(error::of_change)?;
        timeout(ATTEMPT_TIMEOUT, response.bytes())
            .await
            .map_err(|_| RestError::Unknown("the answer did not come in time"))?
            .map_err(|_| RestError::Unknown("the answer broke off"))
    }
}

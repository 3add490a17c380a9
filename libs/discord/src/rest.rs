//! Discord's REST interface, as far as Fanfare calls it.

mod base;
mod error;
mod messages;
mod observer;
mod reason;
mod rooms;
mod route;
mod send;
mod webhooks;

use std::{fmt, sync::Arc, time::Duration};

use contracts::{ChannelId, GuildId, MessageId, UserId};
use environment::Secret;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;
use twilight_http::{
    Client,
    request::{Method, RequestBuilder},
};

use self::observer::Watched;
pub use self::{
    base::InvalidApiUrl,
    error::RestError,
    messages::NewMessage,
    observer::{RestObserver, RestRequest},
    reason::AuditReason,
    rooms::NewRoom,
    webhooks::Execution,
};
use crate::{
    SessionStartLimit,
    backoff::between,
    model::{Application, CurrentGuild, Member, Message, User},
};

/// For one answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// For one attempt with its waiting for rate limits.
const WAITING_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a request that changes nothing is tried while Discord is unavailable.
const ATTEMPTS: u32 = 4;

/// How often one attempt may be sent: once more after a 429 whose wait is known. A 429 without a
/// bucket (the global limit, a block by address) tells the client no wait, and to repeat it at
/// once would be what such limits punish.
const SENDS: u32 = 2;

/// The longest wait before the first repetition; it doubles with each.
const RETRY_FIRST: Duration = Duration::from_millis(500);

/// How to reach the Gateway (Gateway, "Get Gateway Bot").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GatewayBot {
    /// Where it is.
    pub url: String,
    /// How many shards Discord recommends.
    pub shards: u32,
    /// How many sessions may be started.
    pub session_start_limit: SessionStartLimit,
}

/// A client of the REST interface. Clones share their rate limits.
///
/// Keeps to the limits per bucket and to the global one, repeats what only reads while Discord is
/// unavailable, and asks nothing more once the token was refused.
#[derive(Clone)]
pub struct Rest {
    client: Arc<Client>,
    observer: Arc<dyn RestObserver>,
}

impl Rest {
    /// A client with a bot's token. `api_url` is `https://discord.com/api/v10` or stands in for it.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, in which the rate limiter lives.
    pub fn new(token: &Secret, api_url: &str) -> Result<Self, InvalidApiUrl> {
        let base = base::parse(api_url)?;
        // Fails where the process has chosen a provider already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .token(format!("Bot {}", token.expose()))
            .proxy(base.authority, base.plain)
            .timeout(ATTEMPT_TIMEOUT)
            .build();
        Ok(Self {
            client: Arc::new(client),
            observer: Arc::new(()),
        })
    }

    /// The same client, which tells of its requests.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn RestObserver>) -> Self {
        Self { observer, ..self }
    }

    /// Where the Gateway is, and how many sessions may be started.
    pub async fn gateway_bot(&self) -> Result<GatewayBot, RestError> {
        self.read("gateway/bot".into()).await
    }

    /// A member of a guild; `None` = not a member.
    pub async fn guild_member(
        &self,
        guild: GuildId,
        user: UserId,
    ) -> Result<Option<Member>, RestError> {
        match self.read(format!("guilds/{guild}/members/{user}")).await {
            Ok(member) => Ok(Some(member)),
            Err(RestError::NotFound {
                code: UNKNOWN_MEMBER | UNKNOWN_USER,
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bot itself.
    pub async fn current_user(&self) -> Result<User, RestError> {
        self.read("users/@me".into()).await
    }

    /// The bot's application, whose flags tell the privileged intents that are switched on.
    pub async fn current_application(&self) -> Result<Application, RestError> {
        self.read("applications/@me".into()).await
    }

    /// The bot's guilds in the order of their ids, 200 at most, those after `after`.
    pub async fn current_guilds(
        &self,
        after: Option<GuildId>,
    ) -> Result<Vec<CurrentGuild>, RestError> {
        let after = after.map_or(0, GuildId::get);
        self.read(format!("users/@me/guilds?limit=200&after={after}"))
            .await
    }

    /// The messages of a channel after one, `limit` (100) at most, the newest first.
    pub async fn messages_after(
        &self,
        channel: ChannelId,
        message: MessageId,
        limit: u16,
    ) -> Result<Vec<Message>, RestError> {
        self.read(format!(
            "channels/{channel}/messages?after={message}&limit={limit}"
        ))
        .await
    }

    /// GET, repeated while Discord is unavailable.
    async fn read<T: DeserializeOwned>(&self, path: String) -> Result<T, RestError> {
        let mut attempt = 1;
        loop {
            match self.attempt(path.clone()).await {
                Err(RestError::Unavailable(why)) if attempt < ATTEMPTS => {
                    let ceiling = RETRY_FIRST * 2_u32.pow(attempt - 1);
                    let wait = between(ceiling / 2, ceiling);
                    tracing::debug!(
                        component = "Gateway",
                        attempt,
                        why,
                        "Discord is unavailable"
                    );
                    sleep(wait).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T: DeserializeOwned>(&self, path: String) -> Result<T, RestError> {
        let watched = Watched::new(Method::Get, &path);
        let asking = self.ask(path, &watched).instrument(watched.span());
        let outcome = asking.await;
        watched.tell(&*self.observer, &outcome);
        outcome
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: String,
        watched: &Watched,
    ) -> Result<T, RestError> {
        let request = RequestBuilder::raw(Method::Get, path).build();
        let mut answer = self.client.request::<()>(request.map_err(RestError::from)?);
        answer.set_pre_flight(watched.pre_flight());
        let Ok(response) = timeout(WAITING_TIMEOUT, answer).await else {
            return Err(RestError::RateLimited {
                retry_after: error::UNKNOWN_WAIT,
            });
        };
        watched.answered(&response);
        let body = timeout(ATTEMPT_TIMEOUT, response?.bytes())
            .await
            .map_err(|_| RestError::Unavailable("the answer did not come in time"))?
            .map_err(|_| RestError::Unavailable("the answer broke off"))?;
        serde_json::from_slice(&body).map_err(|_| RestError::Unintelligible)
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}

/// JSON error codes (Opcodes and Status Codes, "JSON Error Codes").
const UNKNOWN_MEMBER: u64 = 10_007;
const UNKNOWN_USER: u64 = 10_013;

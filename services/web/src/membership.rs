//! Which guilds a user is in: asked of Discord with the user's token, believed for a minute, asked once at a time per user.

mod slots;
mod standing;

use std::{sync::Arc, time::Duration};

use contracts::{GuildId, UserId};
use parking_lot::Mutex;
use tokio::time::Instant;
use tower_sessions::Session;
use tracing::warn;

use crate::{
    discord::{Discord, DiscordError, Tokens},
    session::{TOKENS, vault::Vault},
};
pub(crate) use slots::Known;
use slots::Slots;
pub(crate) use standing::Standing;

/// How long the last known guilds are believed when Discord or the session store does not answer.
pub(crate) const AUTH_GRACE: Duration = Duration::from_secs(300);

/// Why a user's guilds are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MembershipError {
    /// The sign-in is over.
    #[error("the sign-in is over")]
    SignedOut,
    /// The session store does not answer.
    #[error("the session store is away: {0}")]
    Store(#[from] tower_sessions::session::Error),
    /// Discord does not answer.
    #[error(transparent)]
    Discord(DiscordError),
}

impl From<MembershipError> for crate::error::ApiError {
    fn from(error: MembershipError) -> Self {
        match error {
            MembershipError::SignedOut => Self::Unauthorized,
            MembershipError::Store(error) => error.into(),
            MembershipError::Discord(error) => {
                warn!(component = "Internal", %error, "a user's guilds are not known");
                Self::Discord
            }
        }
    }
}

/// The guilds of users.
#[derive(Debug)]
pub(crate) struct Memberships {
    discord: Arc<Discord>,
    vault: Vault,
    ttl: Duration,
    slots: Mutex<Slots>,
}

impl Memberships {
    pub(crate) fn new(discord: Arc<Discord>, vault: Vault, ttl: Duration) -> Self {
        Self {
            discord,
            vault,
            ttl,
            slots: Mutex::default(),
        }
    }

    /// The guilds of the user of a session. If Discord does not answer, the last known ones, for a while.
    pub(crate) async fn of(
        &self,
        user: UserId,
        session: &Session,
    ) -> Result<Known, MembershipError> {
        let slot = self.slots.lock().of(user);
        let mut known = slot.lock().await;
        if let Some(fresh) = known.as_ref().filter(|known| known.at.elapsed() < self.ttl) {
            return Ok(fresh.clone());
        }
        match self.ask(session).await {
            Ok(guilds) => {
                let asked_at = crate::hub::now_ms();
                let standings = guilds.into_iter().map(|guild| Standing {
                    guild,
                    roles: [].into(),
                    joined_at: None,
                    timed_out_until: None,
                    asked_at,
                });
                let now = Known {
                    at: Instant::now(),
                    guilds: standings.collect(),
                };
                Ok(known.insert(now).clone())
            }
            Err(MembershipError::SignedOut) => Err(MembershipError::SignedOut),
            Err(error) => match known
                .as_ref()
                .filter(|known| known.at.elapsed() < self.ttl + AUTH_GRACE)
            {
                Some(last) => {
                    warn!(component = "Internal", %error, "a user's guilds can't be read; the last known ones hold");
                    Ok(last.clone())
                }
                None => Err(error),
            },
        }
    }

    /// Forgets what is known of a user, so that the next question is asked of Discord.
    pub(crate) fn forget(&self, user: UserId) {
        self.slots.lock().forget(user);
    }

    async fn ask(&self, session: &Session) -> Result<Vec<GuildId>, MembershipError> {
        let tokens = self.tokens(session).await?;
        let tokens = if tokens.is_expired() {
            self.renew(session, &tokens).await?
        } else {
            tokens
        };
        match self.discord.guilds(&tokens.access).await {
            Err(DiscordError::Expired) => {
                let tokens = self.renew(session, &tokens).await?;
                self.discord.guilds(&tokens.access).await.map_err(over)
            }
            outcome => outcome.map_err(over),
        }
    }

    async fn tokens(&self, session: &Session) -> Result<Tokens, MembershipError> {
        let sealed: Option<String> = session.get(TOKENS).await?;
        let open = sealed.and_then(|sealed| self.vault.open(TOKENS, &sealed));
        let tokens = open.and_then(|json| serde_json::from_str(&json).ok());
        tokens.ok_or(MembershipError::SignedOut)
    }

    /// Renews the tokens and stores them at once: the old refresh token is void. Another replica may have been faster.
    async fn renew(&self, session: &Session, old: &Tokens) -> Result<Tokens, MembershipError> {
        let Some(refresh) = &old.refresh else {
            return Err(MembershipError::SignedOut);
        };
        match self.discord.refresh(refresh).await {
            Ok(tokens) => {
                let json = serde_json::to_string(&tokens).unwrap_or_default();
                session
                    .insert(TOKENS, self.vault.seal(TOKENS, &json))
                    .await?;
                session.save().await?;
                Ok(tokens)
            }
            Err(DiscordError::Expired) => {
                session.load().await?;
                let stored = self.tokens(session).await?;
                if stored.access == old.access {
                    Err(MembershipError::SignedOut)
                } else {
                    Ok(stored)
                }
            }
            Err(error) => Err(MembershipError::Discord(error)),
        }
    }
}

fn over(error: DiscordError) -> MembershipError {
    match error {
        DiscordError::Expired => MembershipError::SignedOut,
        other => MembershipError::Discord(other),
    }
}

//! A user's tokens at Discord, and their renewal: by one replica at a time, since Discord voids the refresh token that was
//! used (OAuth2, "Refresh Token Exchange").

use std::time::Duration;

use contracts::Signal;
use tokio::time::{Instant, sleep};
use tower_sessions::Session;
use tracing::{info, warn};
use uuid::Uuid;

use super::{MembershipError, Memberships};
use crate::{
    discord::{DiscordError, Tokens},
    session::kept::{self, KeptTokens},
};

/// How long a replica that renews is waited for; longer than its question to Discord may take. If it dies meanwhile, another
/// one may renew then.
const LEASE: Duration = Duration::from_secs(8);

/// How often those who wait look.
const LOOK: Duration = Duration::from_millis(100);

impl Memberships {
    pub(super) async fn tokens(&self, session: &Session) -> Result<Tokens, MembershipError> {
        Ok(self.kept(session).await?.1)
    }

    async fn kept(&self, session: &Session) -> Result<(u64, Tokens), MembershipError> {
        let kept = KeptTokens::read(session).await?;
        let kept = kept.ok_or(MembershipError::SignedOut)?;
        let tokens = kept.open(&self.vault).ok_or(MembershipError::SignedOut)?;
        Ok((kept.version, tokens))
    }

    /// Renews the tokens and stores them at once. Whoever comes second finds the new ones in the session.
    pub(super) async fn renew(
        &self,
        session: &Session,
        old: &Tokens,
    ) -> Result<Tokens, MembershipError> {
        let id = session.id().ok_or(MembershipError::SignedOut)?;
        let key = format!("refresh:{}", session_store::tag(&id));
        let holder = Uuid::new_v4().to_string();
        let deadline = Instant::now() + LEASE;
        while !self.limits.hold(&key, &holder, 1, LEASE).await? {
            if Instant::now() > deadline {
                let late = DiscordError::Failed("another replica asks for too long".to_owned());
                return Err(MembershipError::Discord(late));
            }
            sleep(LOOK).await;
        }
        let outcome = self.renew_alone(session, old).await;
        if let Err(error) = self.limits.release(&key, &holder).await {
            warn!(component = "Internal", %error, "the place of a renewal is not given back; it ends by itself");
        }
        outcome
    }

    async fn renew_alone(
        &self,
        session: &Session,
        old: &Tokens,
    ) -> Result<Tokens, MembershipError> {
        // As it is now: another request may have renewed them, or signed out.
        session.load().await?;
        let (version, stored) = self.kept(session).await?;
        if stored.access != old.access {
            return Ok(stored);
        }
        let Some(refresh) = &stored.refresh else {
            return self.over(session).await;
        };
        match self.discord.refresh(refresh).await {
            Ok(tokens) => {
                let kept = KeptTokens::seal(&self.vault, &tokens, version + 1);
                session.insert(kept::TOKENS, kept).await?;
                session.save().await?;
                Ok(tokens)
            }
            Err(DiscordError::Expired) => self.over(session).await,
            Err(error) => Err(MembershipError::Discord(error)),
        }
    }

    /// The user took the authorization back: the session ends everywhere.
    async fn over(&self, session: &Session) -> Result<Tokens, MembershipError> {
        let id = session.id();
        session.flush().await?;
        if let Some(id) = id {
            info!(
                component = "Internal",
                "Discord ended an authorization: its session is over"
            );
            let session = session_store::tag(&id);
            if let Err(error) = self.bus.signal(&Signal::SessionEnded { session }).await {
                warn!(component = "Internal", %error, "the end of a session could not be told; its streams find out");
            }
        }
        Err(MembershipError::SignedOut)
    }
}

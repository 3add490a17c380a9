use std::sync::Arc;

use contracts::GuildId;
use tokio::time::Instant;
use tower_sessions::Session;
use tracing::debug;

use crate::{
    membership::{AUTH_GRACE, MembershipError, Standing},
    session::{SignedIn, age},
    state::AppState,
};

/// Looks, while a stream is open, whether its user is still signed in and in which guilds.
pub(in crate::deliver) struct Recheck {
    state: AppState,
    signed_in: SignedIn,
    chosen: Option<Vec<GuildId>>,
    has_guilds: bool,
    /// When it was last known for certain that the user may be here.
    certain: Instant,
    in_trouble: bool,
}

/// What the look showed.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The stream goes on, with these guilds from now on if they could be found out.
    Stay(Option<Vec<Standing>>),
    /// The user is signed out, or no guild is left.
    Over,
    /// It could not be found out for too long.
    Unknown,
}

impl Recheck {
    pub(in crate::deliver) fn new(
        state: AppState,
        signed_in: SignedIn,
        chosen: Option<Vec<GuildId>>,
        has_guilds: bool,
    ) -> Self {
        Self {
            state,
            signed_in,
            chosen,
            has_guilds,
            certain: Instant::now(),
            in_trouble: false,
        }
    }

    /// Whether the last look failed.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.in_trouble
    }

    /// Has the next look ask Discord itself.
    pub(super) fn forget(&self) {
        self.state.memberships.forget(self.signed_in.user.id);
    }

    /// Looks. The guilds that it names are followed.
    pub(super) async fn look(&mut self) -> Outcome {
        match self.guilds().await {
            Ok(Some((guilds, as_of))) => {
                if self.has_guilds && guilds.is_empty() {
                    return Outcome::Over;
                }
                let user = self.signed_in.user.id;
                if self.state.hub.open_for(user, &guilds).await.is_err() {
                    return self.trouble();
                }
                self.certain = self.certain.max(as_of);
                self.in_trouble = as_of.elapsed() > self.state.config.membership_ttl * 2;
                self.has_guilds = !guilds.is_empty();
                Outcome::Stay(Some(guilds))
            }
            Ok(None) => Outcome::Over,
            Err(()) => self.trouble(),
        }
    }

    /// The guilds of the stream, and as of when; `None` if the user is signed out.
    async fn guilds(&self) -> Result<Option<(Vec<Standing>, Instant)>, ()> {
        let live = self.signed_in.sessions.is_live(&self.signed_in.id).await;
        match live {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                debug!(component = "WS", %error, "a session could not be looked up");
                return Err(());
            }
        }
        // The session as it is now: another replica may have renewed its tokens.
        let session = Session::new(
            Some(self.signed_in.id),
            Arc::new(self.signed_in.sessions.clone()),
            self.signed_in.session.expiry(),
        );
        match age::is_over(&session).await {
            Ok(false) => {}
            Ok(true) => return Ok(None),
            Err(error) => {
                debug!(component = "WS", %error, "a session could not be looked up");
                return Err(());
            }
        }
        let known = match self
            .state
            .memberships
            .of(self.signed_in.user.id, &session)
            .await
        {
            Ok(known) => known,
            Err(MembershipError::SignedOut) => return Ok(None),
            Err(error) => {
                debug!(component = "WS", %error, "a user's guilds could not be looked up");
                return Err(());
            }
        };
        let shared = self.state.bus.guilds(&known.ids()).await;
        let shared = shared.map_err(|_| ())?;
        let mut guilds = known.within(&shared);
        if let Some(chosen) = &self.chosen {
            guilds.retain(|standing| chosen.contains(&standing.guild));
        }
        Ok(Some((guilds, known.at)))
    }

    /// It could not be found out: what was certain holds for a while.
    fn trouble(&mut self) -> Outcome {
        self.in_trouble = true;
        if self.certain.elapsed() > self.state.config.membership_ttl + AUTH_GRACE {
            Outcome::Unknown
        } else {
            Outcome::Stay(None)
        }
    }
}

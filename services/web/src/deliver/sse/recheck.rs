use std::{sync::Arc, time::Instant};

use contracts::GuildId;
use tower_sessions::Session;
use tracing::debug;

use crate::{
    hub::{Chunk, Viewer},
    membership::{AUTH_GRACE, MembershipError},
    session::SignedIn,
    state::AppState,
};

/// Looks, while a stream is open, whether its user is still signed in and in which guilds.
pub(super) struct Recheck {
    state: AppState,
    signed_in: SignedIn,
    chosen: Option<Vec<GuildId>>,
    trouble_since: Option<Instant>,
}

/// What the look showed.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The stream goes on; its guilds may have changed.
    Stay(Option<Chunk>),
    /// The user is signed out, or no guild is left.
    Over,
    /// It could not be found out for too long.
    Unknown,
}

impl Recheck {
    pub(super) fn new(state: AppState, signed_in: SignedIn, chosen: Option<Vec<GuildId>>) -> Self {
        Self {
            state,
            signed_in,
            chosen,
            trouble_since: None,
        }
    }

    /// Looks, and follows what changed.
    pub(super) async fn look(&mut self, viewer: &mut Viewer) -> Outcome {
        match self.guilds().await {
            Ok(Some(guilds)) => {
                self.trouble_since = None;
                let had_some = !viewer.guilds().is_empty();
                if had_some && guilds.is_empty() {
                    return Outcome::Over;
                }
                if self.state.hub.open(&guilds).await.is_err() {
                    return self.trouble();
                }
                Outcome::Stay(viewer.regroup(&guilds))
            }
            Ok(None) => Outcome::Over,
            Err(()) => self.trouble(),
        }
    }

    /// The guilds of the stream now; `None` if the user is signed out.
    async fn guilds(&self) -> Result<Option<Vec<GuildId>>, ()> {
        let live = self.state.sessions.is_live(&self.signed_in.id).await;
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
            Arc::new(self.state.sessions.clone()),
            self.signed_in.session.expiry(),
        );
        let guilds = match self
            .state
            .memberships
            .of(self.signed_in.user.id, &session)
            .await
        {
            Ok(guilds) => guilds,
            Err(MembershipError::SignedOut) => return Ok(None),
            Err(error) => {
                debug!(component = "WS", %error, "a user's guilds could not be looked up");
                return Err(());
            }
        };
        let shared = self.state.bus.guilds(&guilds).await.map_err(|_| ())?;
        let shared = shared.into_iter().map(|guild| guild.id);
        Ok(Some(match &self.chosen {
            None => shared.collect(),
            Some(chosen) => shared.filter(|guild| chosen.contains(guild)).collect(),
        }))
    }

    fn trouble(&mut self) -> Outcome {
        let since = *self.trouble_since.get_or_insert_with(Instant::now);
        if since.elapsed() > AUTH_GRACE {
            Outcome::Unknown
        } else {
            Outcome::Stay(None)
        }
    }
}

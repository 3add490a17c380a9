//! Which guilds a user is in and as what: asked of Discord with the user's token, believed for a minute, asked once at a time
//! per user.

mod ask;
mod renewal;
mod slots;
mod standing;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use contracts::{GuildId, Signal, UserId};
use event_bus::{BusError, EventBus};
use limits::Limits;
use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::Instant};
use tower_sessions::Session;
use tracing::warn;

use crate::{
    discord::{Discord, DiscordError},
    session::vault::Vault,
};
pub(crate) use slots::Known;
use slots::Slots;
pub(crate) use standing::Standing;

/// How long the last known guilds are believed when Discord or the session store does not answer.
pub(crate) const AUTH_GRACE: Duration = Duration::from_secs(300);

/// Questions after members that this replica has under way at once; the others wait for their turn.
const QUESTIONS: usize = 64;

/// How soon guilds are asked for again that could not be asked for.
const SOON: Duration = Duration::from_secs(5);

/// Why a user's guilds are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MembershipError {
    /// The sign-in is over.
    #[error("the sign-in is over")]
    SignedOut,
    /// The session store does not answer.
    #[error("the session store is away: {0}")]
    Store(#[from] tower_sessions::session::Error),
    /// The event bus does not answer, which knows the bot's guilds.
    #[error("the event bus is away: {0}")]
    Bus(#[from] BusError),
    /// Nobody can say whether another replica renews the user's tokens.
    #[error("the limits are away: {0}")]
    Limits(#[from] limits::LimitsError),
    /// Discord does not answer.
    #[error(transparent)]
    Discord(DiscordError),
}

impl From<MembershipError> for crate::error::ApiError {
    fn from(error: MembershipError) -> Self {
        match error {
            MembershipError::SignedOut => Self::Unauthorized,
            MembershipError::Store(error) => error.into(),
            MembershipError::Bus(error) => error.into(),
            MembershipError::Limits(_) => {
                warn!(component = "Internal", %error, "a user's tokens can't be renewed");
                Self::Unavailable
            }
            MembershipError::Discord(error) => {
                warn!(component = "Internal", %error, "a user's guilds are not known");
                Self::Discord
            }
        }
    }
}

/// The guilds of users.
pub(crate) struct Memberships {
    discord: Arc<Discord>,
    bus: Arc<dyn EventBus>,
    limits: Arc<dyn Limits>,
    vault: Vault,
    ttl: Duration,
    slots: Mutex<Slots>,
    questions: Semaphore,
}

impl Memberships {
    pub(crate) fn new(
        discord: Arc<Discord>,
        bus: Arc<dyn EventBus>,
        limits: Arc<dyn Limits>,
        vault: Vault,
        ttl: Duration,
    ) -> Self {
        Self {
            discord,
            bus,
            limits,
            vault,
            ttl,
            slots: Mutex::default(),
            questions: Semaphore::new(QUESTIONS),
        }
    }

    /// The guilds that the user of a session shares with the bot, and what the user is there. If Discord does not answer, the
    /// last known ones, for a while.
    pub(crate) async fn of(
        &self,
        user: UserId,
        session: &Session,
    ) -> Result<Known, MembershipError> {
        let slot = self.slots.lock().of(user);
        let mut remembered = slot.lock().await;
        if let Some(known) = &remembered.known
            && Instant::now() < remembered.ask_from
        {
            return Ok(known.clone());
        }
        let last = remembered.known.clone();
        match self.ask(session, last.as_ref()).await {
            Ok(asked) => {
                let now = Instant::now();
                let next = asked.again_in.map_or(self.ttl, |soon| soon.min(self.ttl));
                remembered.ask_from = now + next;
                let known = Known {
                    at: now,
                    guilds: asked.standings.into(),
                };
                let known = remembered.known.insert(known).clone();
                drop(remembered);
                self.tell_lost(user, asked.lost).await;
                Ok(known)
            }
            Err(MembershipError::SignedOut) => Err(MembershipError::SignedOut),
            Err(error) => {
                if let MembershipError::Discord(DiscordError::Limited { retry_after }) = &error {
                    remembered.ask_from = Instant::now() + *retry_after;
                }
                match last.filter(|known| known.at.elapsed() < self.ttl + AUTH_GRACE) {
                    Some(last) => {
                        warn!(component = "Internal", %error, "a user's guilds can't be read; the last known ones hold");
                        Ok(last)
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// Tells all replicas of memberships that were lost; a word that does not arrive they find out themselves, later.
    async fn tell_lost(&self, user_id: UserId, lost: Vec<GuildId>) {
        for guild_id in lost {
            let signal = Signal::MembershipLost { user_id, guild_id };
            if let Err(error) = self.bus.signal(&signal).await {
                warn!(component = "Internal", %error, "a lost membership could not be told; the others find out");
                return;
            }
        }
    }

    /// Another replica was told by Discord that a user is no member of a guild any more.
    pub(crate) fn lost(&self, user: UserId, guild: GuildId) {
        let mut slots = self.slots.lock();
        let Some(slot) = slots.known(user) else {
            return;
        };
        // Somebody asks at this moment: the answer may be older than the word.
        let Ok(mut remembered) = slot.try_lock() else {
            return slots.forget(user);
        };
        if let Some(known) = &mut remembered.known {
            let left = known.guilds.iter().filter(|one| one.guild != guild);
            known.guilds = left.cloned().collect();
        }
    }

    /// Forgets what is known of a user, also what is being asked for at this moment: the next [`Memberships::of`] asks Discord.
    pub(crate) fn forget(&self, user: UserId) {
        self.slots.lock().forget(user);
    }
}

impl std::fmt::Debug for Memberships {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memberships")
    }
}

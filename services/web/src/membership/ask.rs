//! The questions: which guilds, then what the user is in each of them.

use std::time::Duration;

use contracts::GuildId;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tower_sessions::Session;
use tracing::debug;

use super::{Known, MembershipError, Memberships, SOON, Standing};
use crate::{
    discord::{DiscordError, Member},
    hub::now_ms,
};

/// Guilds that are asked for at once for one user.
const AT_ONCE: usize = 4;

/// Longest pause that Discord may ask for before a question is put a second time; after a longer one it is left for later.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// What Discord said.
pub(super) struct Asked {
    pub(super) standings: Vec<Standing>,
    /// Some guilds could not be asked for: they are what they were, or left out, and to be asked for again this soon.
    pub(super) again_in: Option<Duration>,
    /// Where the user was a member and, as Discord says, is none any more.
    pub(super) lost: Vec<GuildId>,
}

/// What became of the question after one guild.
enum Found {
    Member(Standing),
    /// The user is not in it (any more).
    Nobody(GuildId),
    Failed(GuildId, DiscordError),
}

impl Memberships {
    /// Asks Discord. One guild's failure does not take the others; whether the user is in a guild at all is always as of now.
    pub(super) async fn ask(
        &self,
        session: &Session,
        last: Option<&Known>,
    ) -> Result<Asked, MembershipError> {
        let (access, guilds) = self.guilds(session).await?;
        let shared = self.bus.guilds(&guilds).await?;
        let questions = shared.into_iter().map(|guild| {
            let question = self.standing(guild.id, &access);
            question.boxed()
        });
        let questions: Vec<_> = questions.collect();
        let found: Vec<Found> = stream::iter(questions)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut asked = Asked {
            standings: Vec::with_capacity(found.len()),
            again_in: None,
            lost: Vec::new(),
        };
        let was_in = |guild: &GuildId| last.is_some_and(|last| last.of(*guild).is_some());
        // The bot may have gone where the user still is: then nothing is lost that others have to hear of.
        let known = last.map(Known::ids).unwrap_or_default();
        let gone = known.into_iter().filter(|guild| !guilds.contains(guild));
        asked.lost.extend(gone);
        for found in found {
            match found {
                Found::Member(standing) => asked.standings.push(standing),
                Found::Nobody(guild) if was_in(&guild) => asked.lost.push(guild),
                Found::Nobody(_) => {}
                Found::Failed(guild, error) => {
                    debug!(component = "Internal", %guild, %error, "a membership could not be read");
                    let soon = match error {
                        DiscordError::Limited { retry_after } => retry_after.max(SOON),
                        _ => SOON,
                    };
                    asked.again_in = asked.again_in.max(Some(soon));
                    let before = last.and_then(|last| last.of(guild));
                    asked.standings.extend(before.cloned());
                }
            }
        }
        asked
            .standings
            .sort_unstable_by_key(|standing| standing.guild);
        Ok(asked)
    }

    /// The guilds of the user, and the token that answered.
    async fn guilds(&self, session: &Session) -> Result<(String, Vec<GuildId>), MembershipError> {
        let mut tokens = self.tokens(session).await?;
        if tokens.is_expired() {
            tokens = self.renew(session, &tokens).await?;
        }
        let guilds = match self.discord.guilds(&tokens.access).await {
            Err(DiscordError::Expired) => {
                tokens = self.renew(session, &tokens).await?;
                self.discord.guilds(&tokens.access).await
            }
            outcome => outcome,
        };
        match guilds {
            Ok(guilds) => Ok((tokens.access, guilds)),
            Err(DiscordError::Expired) => Err(MembershipError::SignedOut),
            Err(error) => Err(MembershipError::Discord(error)),
        }
    }

    async fn standing(&self, guild: GuildId, access: &str) -> Found {
        let Ok(_turn) = self.questions.acquire().await else {
            return Found::Failed(guild, DiscordError::Failed("stopping".to_owned()));
        };
        let asked_at = now_ms();
        let mut answer = self.discord.member(guild, access).await;
        if let Err(DiscordError::Limited { retry_after }) = &answer
            && *retry_after <= SHORT_PAUSE
        {
            tokio::time::sleep(*retry_after).await;
            answer = self.discord.member(guild, access).await;
        }
        match answer {
            Ok(Some(member)) => Found::Member(of(guild, member, asked_at)),
            Ok(None) => Found::Nobody(guild),
            Err(error) => Found::Failed(guild, error),
        }
    }
}

fn of(guild: GuildId, member: Member, asked_at: u64) -> Standing {
    let mut roles = member.roles;
    roles.sort_unstable();
    roles.dedup();
    Standing {
        guild,
        roles: roles.into(),
        joined_at: member.joined_at,
        timed_out_until: member.timed_out_until,
        asked_at,
    }
}

//! What did not arrive at once: published again, re-run from memory, or written anew.

use std::collections::{BTreeSet, HashMap};

use contracts::GuildId;
use event_bus::{Batch, BusError, Change, Outcome, Position, StateOp};
use tokio::time::Instant;
use tracing::{Instrument as _, error, info, warn};

use super::{PublishError, Publisher};
use crate::{holding::Lost, normalize::reseed, pipeline::Queued, trace};

/// How many guilds are asked for at once.
const AUDIT_PAGE: usize = 500;
/// How many of the latest changes are told again: what is older was replicated long ago.
const AUDIT_CHANGES: usize = 1_024;

impl Publisher {
    /// The change as it is to be published; `None` if what was written meanwhile contains it.
    pub(super) fn admit(&mut self, mut queued: Queued) -> Option<Queued> {
        let change = &mut queued.change;
        if let Some(upto) = self.superseded.get(&change.guild) {
            if change.position <= *upto {
                self.metrics.outcome("superseded");
                return None;
            }
            self.superseded.remove(&change.guild);
        }
        if let Some(stored) = self.orphaned.get(&change.guild).copied() {
            let removal = change.state.contains(&StateOp::RemoveGuild);
            if change.reseed || removal {
                self.orphaned.remove(&change.guild);
            }
            if removal {
                change.previous = stored;
            }
            if !change.reseed && (!removal || stored.is_none()) {
                self.metrics.outcome("superseded");
                return None;
            }
        }
        Some(queued)
    }

    /// Publishes changes one batch after the other, with what it takes to bring the store to where
    /// they build on.
    pub(super) async fn publish(&mut self, queued: Vec<Queued>) -> Result<(), PublishError> {
        let mut waiting = queued.into_iter().peekable();
        while waiting.peek().is_some() {
            let batch = waiting.by_ref().take(Batch::LIMIT);
            let admitted = batch.filter_map(|queued| self.admit(queued)).collect();
            self.publish_batch(admitted).await?;
        }
        Ok(())
    }

    async fn publish_batch(&mut self, mut next: Vec<Queued>) -> Result<(), PublishError> {
        let mut rerun = BTreeSet::new();
        while !next.is_empty() {
            let changes = next.iter().map(|queued| queued.change.clone());
            let batch = self.batch(changes.collect());
            let span = trace::flight(next.iter().map(|queued| &queued.span));
            let lost = match self.attempt(&batch).instrument(span).await {
                Ok(outcomes) => {
                    let lost = behind(&batch, &outcomes);
                    let outcomes = outcomes.into_iter().map(Some);
                    let again = next.into_iter().zip(outcomes);
                    next = again
                        .filter_map(|(queued, outcome)| self.arrived(queued, outcome))
                        .collect();
                    lost
                }
                Err(PublishError::Bus(BusError::Corrupt(_))) if next.len() > 1 => {
                    // One of them is unreadable in the store; the others must not suffer for it.
                    for queued in next {
                        Box::pin(self.publish_batch(vec![queued])).await?;
                    }
                    return Ok(());
                }
                Err(PublishError::Bus(error @ BusError::Corrupt(_))) => {
                    let guild = next[0].change.guild;
                    error!(component = "Gateway", guild_id = %guild, %error, "a guild's stored state is unreadable");
                    HashMap::from([(guild, None)])
                }
                Err(error) => return Err(error),
            };
            for (guild, stored) in &lost {
                self.metrics.outcome("behind");
                self.audit_due |= stored.is_none();
                if !rerun.insert(*guild) || !self.rerun(*guild, *stored).await? {
                    self.rewrite(*guild, *stored).await?;
                }
            }
            next = next
                .into_iter()
                .filter_map(|queued| self.admit(queued))
                .collect();
        }
        Ok(())
    }

    /// Publishes a batch again and again until the bus has answered, as long as the lease is held.
    /// What was applied before an answer got lost is answered as a duplicate.
    async fn attempt(&mut self, batch: &Batch) -> Result<Vec<Outcome>, PublishError> {
        loop {
            self.holding.held().await?;
            let began = Instant::now();
            let answer = self.bus.publish(batch).await;
            self.metrics.batch(began.elapsed());
            match answer {
                Ok(outcomes) => {
                    self.outage.over();
                    return Ok(outcomes);
                }
                Err(BusError::Fenced) => {
                    self.holding.lose();
                    return Err(Lost.into());
                }
                Err(error @ (BusError::Corrupt(_) | BusError::Closed)) => {
                    return Err(PublishError::Bus(error));
                }
                Err(error) => {
                    self.metrics.retry("unavailable");
                    self.outage.wait(&error).await;
                }
            }
        }
    }

    /// Tells the store again what it was told after this position and forgot, with the same ids.
    /// False = that is not known any more.
    async fn rerun(
        &mut self,
        guild: GuildId,
        stored: Option<Position>,
    ) -> Result<bool, PublishError> {
        let Some(changes) = stored.and_then(|stored| self.history.since(guild, stored)) else {
            return Ok(false);
        };
        info!(
            component = "Gateway",
            guild_id = %guild,
            changes = changes.len(),
            "the store forgot changes of a guild; they are published again as they were"
        );
        self.metrics.rerun(changes.len());
        for part in changes.chunks(Batch::LIMIT) {
            let batch = self.batch(part.to_vec());
            let outcomes = self.attempt(&batch).await?;
            if behind(&batch, &outcomes).contains_key(&guild) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes a guild whole, as of the newest change that was made in memory. That is ahead of the
    /// queue: what is queued up to there is contained in it and will not be published.
    async fn rewrite(
        &mut self,
        guild: GuildId,
        stored: Option<Position>,
    ) -> Result<(), PublishError> {
        self.history.forget(guild);
        let change = {
            let guilds = self.guilds.lock();
            let state = guilds.guild(guild);
            state.and_then(|state| Some(reseed(state, state.position()?)))
        };
        let Some(change) = change else {
            self.orphaned.insert(guild, stored);
            return Ok(());
        };
        warn!(
            component = "Gateway",
            guild_id = %guild,
            stored = stored.map(|position| position.to_string()),
            position = %change.position,
            "the stored state is not the one that changes build on; the guild is written anew"
        );
        self.metrics.reseed();
        self.superseded.insert(guild, change.position);
        let batch = self.batch(vec![change]);
        match self.attempt(&batch).await {
            Ok(_) => Ok(()),
            Err(PublishError::Bus(error @ BusError::Corrupt(_))) => {
                self.metrics.outcome("lost");
                error!(component = "Gateway", guild_id = %guild, %error, "a guild can't be written; its changes are lost");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Nothing is under way: looks whether the store still has what it was given. Guilds that are
    /// missing are written anew; the latest changes are told again, which does nothing unless the
    /// store fell back to a copy that lagged behind.
    pub(super) async fn audit(&mut self) -> Result<(), PublishError> {
        let ids = self.guilds.lock().ids();
        for page in ids.chunks(AUDIT_PAGE) {
            let Ok(stored) = self.bus.guilds(page).await else {
                return Ok(());
            };
            let stored: BTreeSet<GuildId> = stored.iter().map(|guild| guild.id).collect();
            for guild in page.iter().filter(|guild| !stored.contains(guild)) {
                self.rewrite(*guild, None).await?;
            }
        }
        self.retell().await
    }

    /// Tells the latest changes again, before anything new is told: a store that fell back to a copy which lagged behind
    /// has forgotten them, and gives their ids away with every id that it draws.
    pub(super) async fn retell(&mut self) -> Result<(), PublishError> {
        let latest = self.history.latest(AUDIT_CHANGES);
        for part in latest.chunks(Batch::LIMIT) {
            let batch = self.batch(part.to_vec());
            let outcomes = match self.attempt(&batch).await {
                Ok(outcomes) => outcomes,
                // What is unreadable shows when it is built on.
                Err(PublishError::Bus(BusError::Corrupt(_))) => return Ok(()),
                Err(error) => return Err(error),
            };
            for (guild, stored) in behind(&batch, &outcomes) {
                if !self.rerun(guild, stored).await? {
                    self.rewrite(guild, stored).await?;
                }
            }
        }
        Ok(())
    }
}

/// The guilds that do not stand where a change builds on, with the position where they do.
fn behind(batch: &Batch, outcomes: &[Outcome]) -> HashMap<GuildId, Option<Position>> {
    let mut behind = HashMap::new();
    for (Change { guild, .. }, outcome) in batch.changes.iter().zip(outcomes) {
        match outcome {
            Outcome::Behind { stored } => {
                behind.entry(*guild).or_insert(*stored);
            }
            Outcome::Applied(_) => {
                behind.remove(guild);
            }
            Outcome::Duplicate => {}
        }
    }
    behind
}

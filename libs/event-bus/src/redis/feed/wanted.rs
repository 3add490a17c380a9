use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    time::Instant,
};

use contracts::GuildId;
use redis_link::COMMAND_TIMEOUT;
use tokio::sync::oneshot;

use crate::{BusError, redis::failure};

/// The guilds that are wanted, and what of that Redis has confirmed.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    guilds: BTreeMap<GuildId, Guild>,
    /// May be subscribed on this connection, wanted or not.
    held: BTreeSet<GuildId>,
}

#[derive(Debug, Default)]
struct Guild {
    /// Somebody was told that it is watched.
    established: bool,
    /// The subscription holds on this connection.
    confirmed: bool,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    done: oneshot::Sender<Result<(), BusError>>,
    deadline: Instant,
}

impl Wanted {
    pub(super) fn watch(
        &mut self,
        guild: GuildId,
        done: oneshot::Sender<Result<(), BusError>>,
        now: Instant,
    ) {
        let guild = self.guilds.entry(guild).or_default();
        guild.waiting.push(Waiting {
            done,
            deadline: now + COMMAND_TIMEOUT,
        });
        guild.settle();
    }

    pub(super) fn unwatch(&mut self, guild: GuildId) {
        self.guilds.remove(&guild);
    }

    pub(super) fn contains(&self, guild: GuildId) -> bool {
        self.guilds.contains_key(&guild)
    }

    pub(super) fn count(&self) -> usize {
        self.guilds.len()
    }

    /// What a round has to subscribe and to unsubscribe; from now on it may be held.
    pub(super) fn begin(&mut self) -> (Vec<GuildId>, Vec<GuildId>) {
        let unconfirmed = self.guilds.iter().filter(|(_, guild)| !guild.confirmed);
        let subscribe: Vec<GuildId> = unconfirmed.map(|(id, _)| *id).collect();
        let stale = self.held.iter().filter(|id| !self.guilds.contains_key(id));
        let unsubscribe = stale.copied().collect();
        self.held.extend(&subscribe);
        (subscribe, unsubscribe)
    }

    pub(super) fn confirm(&mut self, subscribed: &[GuildId], unsubscribed: &[GuildId]) {
        for id in unsubscribed {
            self.held.remove(id);
        }
        for id in subscribed {
            if let Some(guild) = self.guilds.get_mut(id) {
                guild.confirmed = true;
                guild.settle();
            }
        }
        self.drop_abandoned();
    }

    /// Nothing is held any more.
    pub(super) fn unconfirm(&mut self) {
        self.held.clear();
        for guild in self.guilds.values_mut() {
            guild.confirmed = false;
        }
    }

    /// Whether another round has something to do.
    pub(super) fn unsettled(&self) -> bool {
        self.guilds.values().any(|guild| !guild.confirmed)
            || self.held.iter().any(|id| !self.guilds.contains_key(id))
    }

    pub(super) fn any_established(&self) -> bool {
        self.guilds.values().any(|guild| guild.established)
    }

    pub(super) fn all_established_confirmed(&self) -> bool {
        self.guilds
            .values()
            .all(|guild| guild.confirmed || !guild.established)
    }

    /// Waits until somebody has waited long enough.
    pub(super) async fn overdue(&self) {
        let waiting = self.guilds.values().flat_map(|guild| &guild.waiting);
        match waiting.map(|waiting| waiting.deadline).min() {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => pending().await,
        }
    }

    pub(super) fn give_up(&mut self, now: Instant) {
        for guild in self.guilds.values_mut() {
            for waiting in guild
                .waiting
                .extract_if(.., |waiting| waiting.deadline <= now)
            {
                let late = failure::late("the subscription was not confirmed in time");
                // who no longer waits needs no answer
                let _ = waiting.done.send(Err(late));
            }
        }
        self.drop_abandoned();
    }

    /// A guild that nobody was told of and nobody waits for is not left behind.
    fn drop_abandoned(&mut self) {
        self.guilds.retain(|_, guild| {
            guild.waiting.retain(|waiting| !waiting.done.is_closed());
            guild.established || !guild.waiting.is_empty()
        });
    }
}

impl Guild {
    fn settle(&mut self) {
        if self.confirmed {
            for waiting in self.waiting.drain(..) {
                self.established |= waiting.done.send(Ok(())).is_ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUILD: GuildId = GuildId::new(1);

    fn watch(wanted: &mut Wanted) -> oneshot::Receiver<Result<(), BusError>> {
        let (done, answer) = oneshot::channel();
        wanted.watch(GUILD, done, Instant::now());
        answer
    }

    #[test]
    fn a_watch_is_answered_when_redis_confirms_it_and_again_at_once() {
        let mut wanted = Wanted::default();
        let mut answer = watch(&mut wanted);
        assert_eq!(wanted.begin(), (vec![GUILD], vec![]));
        assert!(answer.try_recv().is_err());
        wanted.confirm(&[GUILD], &[]);
        assert!(matches!(answer.try_recv(), Ok(Ok(()))));
        assert!(matches!(watch(&mut wanted).try_recv(), Ok(Ok(()))));
        assert!(!wanted.unsettled() && wanted.any_established());
    }

    #[test]
    fn a_watch_that_is_late_is_not_left_half_registered() {
        let mut wanted = Wanted::default();
        let mut answer = watch(&mut wanted);
        wanted.begin();
        wanted.give_up(Instant::now() + COMMAND_TIMEOUT * 2);
        assert!(matches!(
            answer.try_recv(),
            Ok(Err(BusError::Unavailable(_)))
        ));
        assert!(!wanted.contains(GUILD) && wanted.unsettled());
        assert_eq!(wanted.begin(), (vec![], vec![GUILD]));
        wanted.confirm(&[], &[GUILD]);
        assert!(!wanted.unsettled());
    }

    #[test]
    fn an_established_watch_survives_a_late_second_one() {
        let mut wanted = Wanted::default();
        let _answer = watch(&mut wanted);
        wanted.begin();
        wanted.confirm(&[GUILD], &[]);
        wanted.unconfirm();
        let _late = watch(&mut wanted);
        wanted.give_up(Instant::now() + COMMAND_TIMEOUT * 2);
        assert!(wanted.contains(GUILD) && !wanted.all_established_confirmed());
    }

    #[test]
    fn who_went_away_while_waiting_leaves_nothing() {
        let mut wanted = Wanted::default();
        drop(watch(&mut wanted));
        wanted.begin();
        wanted.confirm(&[GUILD], &[]);
        assert!(!wanted.contains(GUILD));
        assert_eq!(wanted.begin(), (vec![], vec![GUILD]));
    }

    #[test]
    fn a_guild_unwatched_and_watched_during_a_round_is_subscribed_again() {
        let mut wanted = Wanted::default();
        let _answer = watch(&mut wanted);
        wanted.begin();
        wanted.confirm(&[GUILD], &[]);
        wanted.unwatch(GUILD);
        let (_, unsubscribe) = wanted.begin();
        let mut answer = watch(&mut wanted);
        wanted.confirm(&[], &unsubscribe);
        assert!(answer.try_recv().is_err());
        assert_eq!(wanted.begin(), (vec![GUILD], vec![]));
    }
}

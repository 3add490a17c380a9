use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    time::Instant,
};

use redis_link::COMMAND_TIMEOUT;
use tokio::sync::oneshot;

use super::topic::Topic;
use crate::{BusError, redis::failure};

/// What every subscription wants.
const ALWAYS: [Topic; 2] = [Topic::Own, Topic::Control];

/// What is wanted, and what of that Redis has confirmed. The subscription's own topic and that of signals are
/// always wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    topics: BTreeMap<Topic, State>,
    /// May be subscribed on this connection, wanted or not.
    held: BTreeSet<Topic>,
}

#[derive(Debug, Default)]
struct State {
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

impl Default for Wanted {
    fn default() -> Self {
        Self {
            topics: ALWAYS.map(|topic| (topic, State::default())).into(),
            held: BTreeSet::new(),
        }
    }
}

impl Wanted {
    pub(super) fn watch(
        &mut self,
        topic: Topic,
        done: oneshot::Sender<Result<(), BusError>>,
        now: Instant,
    ) {
        let state = self.topics.entry(topic).or_default();
        state.waiting.push(Waiting {
            done,
            deadline: now + COMMAND_TIMEOUT,
        });
        state.settle();
    }

    pub(super) fn unwatch(&mut self, topic: Topic) {
        self.topics.remove(&topic);
    }

    pub(super) fn contains(&self, topic: Topic) -> bool {
        self.topics.contains_key(&topic)
    }

    pub(super) fn guilds(&self) -> usize {
        self.topics.len() - ALWAYS.len()
    }

    /// What a round has to subscribe and to unsubscribe; from now on it may be held.
    pub(super) fn begin(&mut self) -> (Vec<Topic>, Vec<Topic>) {
        let unconfirmed = self.topics.iter().filter(|(_, state)| !state.confirmed);
        let subscribe: Vec<Topic> = unconfirmed.map(|(id, _)| *id).collect();
        let stale = self.held.iter().filter(|id| !self.topics.contains_key(id));
        let unsubscribe = stale.copied().collect();
        self.held.extend(&subscribe);
        (subscribe, unsubscribe)
    }

    pub(super) fn confirm(&mut self, subscribed: &[Topic], unsubscribed: &[Topic]) {
        for id in unsubscribed {
            self.held.remove(id);
        }
        for id in subscribed {
            if let Some(state) = self.topics.get_mut(id) {
                state.confirmed = true;
                state.settle();
            }
        }
        self.drop_abandoned();
    }

    /// Nothing is held any more.
    pub(super) fn unconfirm(&mut self) {
        self.held.clear();
        for state in self.topics.values_mut() {
            state.confirmed = false;
        }
    }

    /// Whether another round has something to do.
    pub(super) fn unsettled(&self) -> bool {
        self.topics.values().any(|state| !state.confirmed)
            || self.held.iter().any(|id| !self.topics.contains_key(id))
    }

    pub(super) fn any_established(&self) -> bool {
        self.topics.values().any(|state| state.established)
    }

    pub(super) fn all_established_confirmed(&self) -> bool {
        self.topics
            .values()
            .all(|state| state.confirmed || !state.established)
    }

    /// Waits until somebody has waited long enough.
    pub(super) async fn overdue(&self) {
        let waiting = self.topics.values().flat_map(|state| &state.waiting);
        match waiting.map(|waiting| waiting.deadline).min() {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => pending().await,
        }
    }

    pub(super) fn give_up(&mut self, now: Instant) {
        for state in self.topics.values_mut() {
            for waiting in state
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
        self.topics.retain(|topic, state| {
            state.waiting.retain(|waiting| !waiting.done.is_closed());
            ALWAYS.contains(topic) || state.established || !state.waiting.is_empty()
        });
    }
}

impl State {
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
    use contracts::GuildId;

    use super::*;

    const GUILD: Topic = Topic::Guild(GuildId::new(1));

    /// With what is always wanted confirmed.
    fn wanted() -> Wanted {
        let mut wanted = Wanted::default();
        assert_eq!(wanted.begin(), (ALWAYS.to_vec(), vec![]));
        wanted.confirm(&ALWAYS, &[]);
        wanted
    }

    fn watch(wanted: &mut Wanted) -> oneshot::Receiver<Result<(), BusError>> {
        let (done, answer) = oneshot::channel();
        wanted.watch(GUILD, done, Instant::now());
        answer
    }

    #[test]
    fn a_watch_is_answered_when_redis_confirms_it_and_again_at_once() {
        let mut wanted = wanted();
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
        let mut wanted = wanted();
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
        let mut wanted = wanted();
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
        let mut wanted = wanted();
        drop(watch(&mut wanted));
        wanted.begin();
        wanted.confirm(&[GUILD], &[]);
        assert!(!wanted.contains(GUILD));
        assert_eq!(wanted.begin(), (vec![], vec![GUILD]));
    }

    #[test]
    fn a_guild_unwatched_and_watched_during_a_round_is_subscribed_again() {
        let mut wanted = wanted();
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

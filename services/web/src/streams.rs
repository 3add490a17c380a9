//! The open streams of this replica: how many each user has, and whom to tell when they have to end.

use std::{collections::HashMap, sync::Arc};

use contracts::{Signal, UserId};
use parking_lot::Mutex;
use session_store::tag;
use tower_sessions::session::Id;

use crate::{
    hub::{Alarm, End, Transport},
    metrics::Metrics,
    patience::Patience,
};

/// Most streams of one replica.
pub(crate) const MAX_STREAMS: usize = 20_000;

/// The open streams. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    table: Arc<Mutex<Table>>,
    per_user: usize,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    open: HashMap<u64, Open>,
    users: HashMap<UserId, usize>,
    draining: bool,
}

#[derive(Debug)]
struct Open {
    user: UserId,
    /// The tag of the session.
    session: String,
    alarm: Arc<Alarm>,
}

/// A stream's place among the open ones; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    streams: Streams,
    key: u64,
    transport: Transport,
    pub(crate) user: UserId,
    pub(crate) alarm: Arc<Alarm>,
}

impl Streams {
    pub(crate) fn new(per_user: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            table: Arc::default(),
            per_user,
            metrics,
        }
    }

    /// A place for one more stream; `None` if this user or this replica has too many.
    pub(crate) fn open(
        &self,
        user: UserId,
        session: Id,
        transport: Transport,
        patience: Patience,
    ) -> Option<Slot> {
        let mut table = self.table.lock();
        let count = table.users.get(&user).copied().unwrap_or(0);
        if count >= self.per_user || table.open.len() >= MAX_STREAMS {
            return None;
        }
        let alarm = Arc::new(Alarm::new(patience));
        if table.draining {
            alarm.end(End::Draining);
        }
        table.users.insert(user, count + 1);
        let key = table.next;
        table.next += 1;
        let open = Open {
            user,
            session: tag(&session),
            alarm: Arc::clone(&alarm),
        };
        table.open.insert(key, open);
        drop(table);
        self.metrics.stream_opened(transport);
        Some(Slot {
            streams: self.clone(),
            key,
            user,
            transport,
            alarm,
        })
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.table.lock().open.len()
    }

    /// Ends the streams that a signal concerns.
    pub(crate) fn hear(&self, signal: &Signal) {
        let table = self.table.lock();
        let concerned = |open: &&Open| match signal {
            Signal::SessionEnded { session } => open.session == *session,
            Signal::UserSignedOut { user_id } => open.user == *user_id,
        };
        for open in table.open.values().filter(concerned) {
            open.alarm.end(End::SignedOut);
        }
    }

    /// Ends the streams of a session.
    pub(crate) fn end_session(&self, session: Id) {
        let session = tag(&session);
        self.hear(&Signal::SessionEnded { session });
    }

    /// Asks all streams to end, each in a slot of its own.
    pub(crate) fn drain(&self) {
        let mut table = self.table.lock();
        table.draining = true;
        for open in table.open.values() {
            open.alarm.end(End::Draining);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The connection may go on with another request.
        self.alarm.level();
        let mut table = self.streams.table.lock();
        if let Some(open) = table.open.remove(&self.key)
            && let Some(count) = table.users.get_mut(&open.user)
        {
            *count -= 1;
            if *count == 0 {
                table.users.remove(&open.user);
            }
        }
        drop(table);
        self.streams.metrics.stream_closed(self.transport);
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Registry;

    use super::*;

    #[test]
    fn a_user_has_so_many_streams_and_no_more_until_one_ends() {
        let metrics = Arc::new(Metrics::register(&Registry::new()).unwrap());
        let streams = Streams::new(2, metrics);
        let (user, session) = (UserId::new(1), Id(1));
        let open = |user, session| streams.open(user, session, Transport::Sse, Patience::default());
        let first = open(user, session).unwrap();
        let _second = open(user, session).unwrap();
        assert!(open(user, session).is_none());
        assert!(open(UserId::new(2), session).is_some());
        drop(first);
        let again = open(user, Id(2)).unwrap();
        streams.end_session(Id(2));
        assert_eq!(again.alarm.ending(), Some(End::SignedOut));
        let other = open(UserId::new(2), Id(2)).unwrap();
        assert_eq!(other.alarm.ending(), None);
    }

    #[test]
    fn a_signal_ends_the_streams_that_it_concerns_and_no_others() {
        let metrics = Arc::new(Metrics::register(&Registry::new()).unwrap());
        let streams = Streams::new(20, metrics);
        let open = |user, session| {
            let slot = streams.open(
                UserId::new(user),
                Id(session),
                Transport::Sse,
                Patience::default(),
            );
            slot.unwrap()
        };
        let slots = [open(1, 1), open(1, 2), open(2, 3)];
        let ending = || [0, 1, 2].map(|n: usize| slots[n].alarm.ending().is_some());
        streams.hear(&Signal::SessionEnded {
            session: tag(&Id(2)),
        });
        assert_eq!(ending(), [false, true, false]);
        let user_id = UserId::new(1);
        streams.hear(&Signal::UserSignedOut { user_id });
        assert_eq!(ending(), [true, true, false]);
    }
}

//! The open streams of this replica: how many each user has, and whom to tell when they have to end.

mod leases;
#[cfg(test)]
mod tests;
mod watch;

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use contracts::{Signal, UserId};
use lifecycle::CancellationToken;
use limits::Limits;
use parking_lot::Mutex;
use session_store::{Sessions, tag};
use tokio::{sync::mpsc, time::Instant};
use tower_sessions::session::Id;
use tracing::debug;
use uuid::Uuid;

use crate::{
    hub::{Alarm, End, Transport},
    metrics::Metrics,
    patience::Patience,
    session::SignedIn,
};
use leases::{Lease, RELEASES};

/// Most streams of one replica.
pub(crate) const MAX_STREAMS: usize = 20_000;

/// The open streams. Clones share them.
#[derive(Clone)]
pub(crate) struct Streams {
    table: Arc<Mutex<Table>>,
    per_user: usize,
    limits: Arc<dyn Limits>,
    /// Tells the leases of this replica from those of others.
    replica: Uuid,
    closed: mpsc::Sender<Lease>,
    metrics: Arc<Metrics>,
}

/// Why a stream gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// This user, or this replica, has too many.
    TooMany,
    /// The limits can't be asked how many the user has.
    Unknown,
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
    /// The session.
    id: Id,
    /// Where it is looked up.
    sessions: Sessions,
    /// Its tag, by which signals name it.
    session: String,
    alarm: Arc<Alarm>,
    /// When its lease was taken or renewed.
    leased: Instant,
}

/// A stream's place among the open ones; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    streams: Streams,
    key: u64,
    transport: Transport,
    opened: Instant,
    pub(crate) user: UserId,
    pub(crate) alarm: Arc<Alarm>,
}

impl Streams {
    /// No streams yet, and the task that keeps their leases until `stop`.
    pub(crate) fn new(
        per_user: usize,
        limits: Arc<dyn Limits>,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> (
        Self,
        impl Future<Output = Result<(), Infallible>> + Send + 'static,
    ) {
        let (closed, releases) = mpsc::channel(RELEASES);
        let streams = Self {
            table: Arc::default(),
            per_user,
            limits,
            replica: Uuid::new_v4(),
            closed,
            metrics,
        };
        let keep = streams.clone().keep(releases, stop);
        (streams, keep)
    }

    /// A place for one more stream, here and among the user's on all replicas.
    pub(crate) async fn open(
        &self,
        signed_in: &SignedIn,
        transport: Transport,
        patience: Patience,
    ) -> Result<Slot, NoPlace> {
        let slot = self.open_here(signed_in, transport, patience);
        let slot = slot.ok_or(NoPlace::TooMany)?;
        // Dropped, it gives back what may have been taken although nobody said so.
        match self.hold(slot.lease()).await {
            Ok(true) => Ok(slot),
            Ok(false) => Err(NoPlace::TooMany),
            Err(error) => {
                debug!(component = "WS", %error, "nobody knows how many streams a user has");
                Err(NoPlace::Unknown)
            }
        }
    }

    /// A place on this replica; `None` if this user or all have too many here.
    fn open_here(
        &self,
        signed_in: &SignedIn,
        transport: Transport,
        patience: Patience,
    ) -> Option<Slot> {
        let user = signed_in.user.id;
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
            id: signed_in.id,
            sessions: signed_in.sessions.clone(),
            session: tag(&signed_in.id),
            alarm: Arc::clone(&alarm),
            leased: Instant::now(),
        };
        table.open.insert(key, open);
        drop(table);
        self.metrics.stream_opened(transport);
        Some(Slot {
            streams: self.clone(),
            key,
            user,
            transport,
            opened: Instant::now(),
            alarm,
        })
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.table.lock().open.len()
    }

    /// Ends the streams that a signal concerns.
    pub(crate) fn hear(&self, signal: &Signal) {
        match signal {
            Signal::SessionEnded { session } => self.sign_out(|open| open.session == *session),
            Signal::UserSignedOut { user_id } => self.sign_out(|open| open.user == *user_id),
            Signal::MembershipLost { user_id, .. } => {
                let table = self.table.lock();
                for open in table.open.values().filter(|open| open.user == *user_id) {
                    open.alarm.look_here();
                }
            }
        }
    }

    /// Ends streams whose session is over.
    fn sign_out(&self, concerned: impl Fn(&Open) -> bool) {
        let table = self.table.lock();
        for open in table.open.values().filter(|open| concerned(open)) {
            open.alarm.end(End::SignedOut);
        }
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

impl Table {
    /// The streams whose leases are so old.
    fn leased_for(&self, age: Duration) -> Vec<Lease> {
        let old = self
            .open
            .iter()
            .filter(|(_, open)| open.leased.elapsed() >= age);
        let leases = old.map(|(key, open)| Lease {
            user: open.user,
            key: *key,
        });
        leases.collect()
    }

    fn renewed(&mut self, lease: Lease, at: Instant) {
        if let Some(open) = self.open.get_mut(&lease.key) {
            open.leased = at;
        }
    }
}

impl Slot {
    fn lease(&self) -> Lease {
        Lease {
            user: self.user,
            key: self.key,
        }
    }
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
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
        // Where there is no room, it runs out by itself.
        let _queued = self.streams.closed.try_send(self.lease());
        let age = self.opened.elapsed();
        self.streams.metrics.stream_closed(self.transport, age);
    }
}

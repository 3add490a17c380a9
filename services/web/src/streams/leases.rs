//! A user's streams on all replicas together: each holds a lease, which runs out if its replica dies.

use std::{convert::Infallible, time::Duration};

use contracts::UserId;
use futures_util::{StreamExt as _, future::join_all, stream};
use lifecycle::CancellationToken;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tracing::debug;

use super::Streams;

/// How long a place is held without being renewed: so soon the places of a replica that died are free.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// How old a lease becomes before it is renewed: two renewals may fail.
const RENEW_AFTER: Duration = Duration::from_secs(20);

/// How often it is looked which leases are that old.
const LOOK: Duration = Duration::from_secs(1);

/// Leases that are renewed, or given back, at the same time.
const AT_ONCE: usize = 64;

/// Places that wait to be given back. One that finds no room here runs out by itself.
pub(super) const RELEASES: usize = 4_096;

/// How long the last places may take to be given back.
const LAST: Duration = Duration::from_secs(1);

/// A place of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) user: UserId,
    pub(super) key: u64,
}

impl Streams {
    /// Takes a place of a user; false if all are taken on all replicas together.
    pub(super) async fn hold(&self, lease: Lease) -> Result<bool, limits::LimitsError> {
        let (key, holder) = self.names(lease);
        self.limits.hold(&key, &holder, self.per_user, LEASE).await
    }

    fn names(&self, lease: Lease) -> (String, String) {
        let key = format!("streams:{}", lease.user);
        (key, format!("{}-{}", self.replica, lease.key))
    }

    /// Renews the leases of open streams and gives back those of closed ones, until `stop`.
    pub(super) async fn keep(
        self,
        mut closed: mpsc::Receiver<Lease>,
        stop: CancellationToken,
    ) -> Result<(), Infallible> {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut leases = Vec::with_capacity(AT_ONCE);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = closed.recv_many(&mut leases, AT_ONCE) => self.give_back(&mut leases).await,
                _ = looks.tick() => self.renew().await,
            }
        }
        let rest = async {
            while let Ok(lease) = closed.try_recv() {
                leases.push(lease);
                if leases.len() == AT_ONCE || closed.is_empty() {
                    self.give_back(&mut leases).await;
                }
            }
        };
        // What is not given back in time runs out.
        let _in_time = timeout(LAST, rest).await;
        Ok(())
    }

    async fn give_back(&self, leases: &mut Vec<Lease>) {
        let releases = leases.drain(..).map(|lease| async move {
            let (key, holder) = self.names(lease);
            if let Err(error) = self.limits.release(&key, &holder).await {
                debug!(component = "WS", %error, "a stream's place runs out by itself");
            }
        });
        join_all(releases).await;
    }

    /// Renews what is old enough. Open streams go on whatever comes of it: nobody is sent away because limits can't be asked.
    async fn renew(&self) {
        let begun = Instant::now();
        let renewals = self.table.lock().leased_for(RENEW_AFTER);
        let mut renewals = stream::iter(renewals)
            .map(|lease| async move { (lease, self.hold(lease).await) })
            .buffer_unordered(AT_ONCE);
        while let Some((lease, held)) = renewals.next().await {
            match held {
                Ok(_) => self.table.lock().renewed(lease, begun),
                Err(error) => {
                    debug!(component = "WS", %error, "the places of streams can't be renewed");
                    return;
                }
            }
        }
    }
}

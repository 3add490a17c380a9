//! Sessions that end without a word: the signal was lost, or the session has expired.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use futures_util::{StreamExt as _, stream};
use lifecycle::CancellationToken;
use session_store::Sessions;
use tokio::time::{MissedTickBehavior, interval};
use tower_sessions::session::Id;
use tracing::debug;

use super::Streams;

/// How often it is looked whether the sessions of open streams are still there: as often as streams say that they live.
const EVERY: Duration = Duration::from_secs(15);

/// Sessions that are looked up at the same time.
const AT_ONCE: usize = 16;

impl Streams {
    /// Ends the streams of sessions that are over, until `stop`. A store that does not answer ends nothing.
    pub(crate) async fn watch(self, stop: CancellationToken) -> Result<(), Infallible> {
        let mut looks = interval(EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.look() => {}
            }
        }
    }

    async fn look(&self) {
        // Where each stream brought its session along, the one that was opened last knows it best.
        let open: HashMap<Id, Sessions> = {
            let table = self.table.lock();
            let mut open: Vec<_> = table.open.iter().collect();
            open.sort_unstable_by_key(|(key, _)| **key);
            let sessions = open.into_iter();
            sessions
                .map(|(_, open)| (open.id, open.sessions.clone()))
                .collect()
        };
        let mut looked = stream::iter(open)
            .map(|(id, sessions)| async move { (id, sessions.is_live(&id).await) })
            .buffer_unordered(AT_ONCE);
        while let Some((id, live)) = looked.next().await {
            match live {
                Ok(true) => {}
                Ok(false) => self.sign_out(|open| open.id == id),
                Err(error) => {
                    debug!(component = "WS", %error, "sessions can't be looked up");
                    return;
                }
            }
        }
    }
}

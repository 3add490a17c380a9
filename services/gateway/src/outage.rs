//! Waiting for something that is away, and saying so once.

use std::{fmt::Display, time::Duration};

use tokio::time::{Instant, sleep};
use tracing::{info, warn};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// One outage: the waits between attempts double up to a bound, the log tells its begin and its end.
#[derive(Debug)]
pub(crate) struct Outage {
    what: &'static str,
    began: Option<Instant>,
    wait: Duration,
    longest: Duration,
}

impl Outage {
    /// `what` does not work, should it come to that.
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            what,
            began: None,
            wait: FIRST,
            longest: LONGEST,
        }
    }

    /// With another longest wait.
    pub(crate) fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// An attempt failed: waits before the next one.
    pub(crate) async fn wait(&mut self, error: &(impl Display + ?Sized)) {
        if self.began.is_none() {
            self.began = Some(Instant::now());
            warn!(component = "Gateway", %error, "{}; it is tried again until it works", self.what);
        }
        sleep(self.wait).await;
        self.wait = (self.wait * 2).min(self.longest);
    }

    /// An attempt succeeded.
    pub(crate) fn over(&mut self) {
        if let Some(began) = self.began.take() {
            let outage_ms = began.elapsed().as_millis() as u64;
            info!(
                component = "Gateway",
                outage_ms, "it works again, after: {}", self.what
            );
        }
        self.wait = FIRST;
    }
}

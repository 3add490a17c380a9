//! How long a connection waits for its reader.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;

use crate::hub::{FanOut, Unwritten};

/// How long a reader may take nothing while something waits for it.
const LONG: Duration = Duration::from_secs(60);

/// How long it may take nothing while more waits for it than a stream may have waiting.
const SHORT: Duration = Duration::from_secs(5);

/// The patience of one connection. Clones share it; handlers find it among the extensions of their request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patience(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    short: AtomicBool,
    over: AtomicBool,
    /// Whether somebody waits to hear that what was taken is written.
    traced: AtomicBool,
    unwritten: Mutex<Unwritten>,
}

impl Patience {
    /// Too much waits for the reader, or no longer. Whoever says so has to wake the connection's task.
    pub(crate) fn set_short(&self, short: bool) {
        self.0.short.store(short, Ordering::Release);
    }

    /// How long the reader may take nothing.
    pub(crate) fn limit(&self) -> Duration {
        if self.0.short.load(Ordering::Acquire) {
            SHORT
        } else {
            LONG
        }
    }

    /// The connection has taken frames whose writing is waited for; mostly there are none.
    pub(crate) fn takes(&self, traced: Vec<Arc<FanOut>>) {
        if !traced.is_empty() {
            self.0.unwritten.lock().add(traced);
            self.0.traced.store(true, Ordering::Release);
        }
    }

    /// Everything that the connection has taken is written.
    pub(crate) fn written(&self) {
        if self.0.traced.load(Ordering::Acquire) && self.0.traced.swap(false, Ordering::AcqRel) {
            self.0.unwritten.lock().written();
        }
    }

    /// The reader took too long: the connection is given up.
    pub(crate) fn lose(&self) {
        self.0.over.store(true, Ordering::Release);
    }

    /// Whether the connection was given up.
    pub(crate) fn is_over(&self) -> bool {
        self.0.over.load(Ordering::Acquire)
    }
}

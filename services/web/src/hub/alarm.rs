use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
    task::Waker,
};

use futures_util::task::AtomicWaker;

use super::FanOut;
use crate::patience::Patience;

/// Most bytes of new events that may wait for one stream.
pub(crate) const MOST_WAITING: usize = 1 << 20;

/// From so many bytes on a reader is told that it is slow.
pub(crate) const WARN_WAITING: usize = MOST_WAITING / 4 * 3;

/// Wakes one stream: something waits in a ring, or the stream has to end.
#[derive(Debug, Default)]
pub struct Alarm {
    waker: AtomicWaker,
    pending: AtomicBool,
    end: AtomicU8,
    look: AtomicBool,
    look_here: AtomicBool,
    /// Bytes that were appended for the stream and that its reader has not taken.
    waiting: AtomicUsize,
    patience: Patience,
}

/// Why a stream has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// This replica is stopping: it ends in the slot that it draws.
    Draining = 1,
    /// The session is over: it ends now.
    SignedOut = 2,
}

impl Alarm {
    /// The alarm of a stream on a connection.
    pub(crate) fn new(patience: Patience) -> Self {
        Self {
            patience,
            ..Self::default()
        }
    }

    /// So many bytes more wait. A stream that was told and has not looked yet is not woken again, unless too much waits now:
    /// then its connection, which may be blocked, loses patience sooner.
    pub(crate) fn ring(&self, bytes: usize) {
        let before = self.waiting.fetch_add(bytes, Ordering::AcqRel);
        if before <= MOST_WAITING && before + bytes > MOST_WAITING {
            self.patience.set_short(true);
            self.waker.wake();
        } else if before <= WARN_WAITING && before + bytes > WARN_WAITING {
            self.waker.wake();
        }
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Asks the stream to end; what was said first and is stronger stays.
    pub fn end(&self, why: End) {
        self.end.fetch_max(why as u8, Ordering::AcqRel);
        self.waker.wake();
    }

    /// Asks the stream to find out anew, from Discord itself, whether its user may be here.
    pub(crate) fn look_again(&self) {
        self.look.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether that was asked for since the last call.
    pub(crate) fn take_look(&self) -> bool {
        self.look.load(Ordering::Acquire) && self.look.swap(false, Ordering::AcqRel)
    }

    /// Asks the stream to find out anew whether its user may be here, from what this replica knows by now.
    pub(crate) fn look_here(&self) {
        self.look_here.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether that was asked for since the last call.
    pub(crate) fn take_look_here(&self) -> bool {
        self.look_here.load(Ordering::Acquire) && self.look_here.swap(false, Ordering::AcqRel)
    }

    /// Whether the stream has to end.
    pub(crate) fn ending(&self) -> Option<End> {
        match self.end.load(Ordering::Acquire) {
            1 => Some(End::Draining),
            2 => Some(End::SignedOut),
            _ => None,
        }
    }

    /// To be called before looking at anything: whoever rings afterwards wakes this task.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// The reader has taken so many bytes of what waits.
    pub(crate) fn taken(&self, bytes: usize) {
        let less = |waiting: usize| Some(waiting.saturating_sub(bytes));
        let before = self
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        if before
            .is_ok_and(|before| before > MOST_WAITING && before - bytes.min(before) <= MOST_WAITING)
        {
            self.patience.set_short(false);
        }
    }

    /// Its connection has taken frames whose writing is waited for.
    pub(crate) fn takes(&self, traced: Vec<Arc<FanOut>>) {
        self.patience.takes(traced);
    }

    /// How many bytes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Whether something waits that the reader has not taken.
    pub(crate) fn is_behind(&self) -> bool {
        self.waiting() > 0
    }

    /// Nothing waits, or the reader is on its way through the log, where it takes what it can.
    pub(crate) fn level(&self) {
        self.taken(usize::MAX);
    }

    /// Whether it rang since the last call.
    pub(crate) fn take(&self) -> bool {
        self.pending.load(Ordering::Acquire) && self.pending.swap(false, Ordering::AcqRel)
    }
}

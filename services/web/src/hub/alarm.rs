use std::{
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
    task::Waker,
};

use futures_util::task::AtomicWaker;

/// Wakes one stream: something waits in a ring, or the stream has to end.
#[derive(Debug, Default)]
pub struct Alarm {
    waker: AtomicWaker,
    pending: AtomicBool,
    end: AtomicU8,
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
    /// Something waits. A stream that was told and has not looked yet is not woken again.
    pub(crate) fn ring(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Asks the stream to end; what was said first and is stronger stays.
    pub fn end(&self, why: End) {
        self.end.fetch_max(why as u8, Ordering::AcqRel);
        self.waker.wake();
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

    /// Whether it rang since the last call.
    pub(crate) fn take(&self) -> bool {
        self.pending.load(Ordering::Acquire) && self.pending.swap(false, Ordering::AcqRel)
    }
}

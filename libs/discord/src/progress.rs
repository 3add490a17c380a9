use std::time::Duration;

use tokio::time::Instant;

use crate::{Timing, end::End};

/// How one connection went.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a stage that was reached or not, whatever became of the others"
)]
pub(crate) struct Report {
    /// Why it ended.
    pub(crate) end: End,
    /// HELLO came: the address is alive.
    pub(crate) greeted: bool,
    /// RESUME was sent.
    pub(crate) resume_sent: bool,
    /// READY or RESUMED came.
    pub(crate) established: bool,
    /// It stayed so for [`Timing::steady`].
    pub(crate) steady: bool,
    /// The session got on: a dispatch came that is neither READY nor RESUMED.
    pub(crate) moved: bool,
    /// Dispatches were discarded for lack of room.
    pub(crate) discarded: bool,
}

impl Report {
    /// Of a connection that never came to be.
    pub(crate) fn unopened(end: End) -> Self {
        Self {
            end,
            greeted: false,
            resume_sent: false,
            established: false,
            steady: false,
            moved: false,
            discarded: false,
        }
    }
}

/// How far a connection got, and what it waits for.
#[derive(Debug)]
pub(crate) struct Progress {
    stage: Stage,
    resume_sent: bool,
    /// What must come, and until when.
    awaited: Option<(&'static str, Instant)>,
    timing: Timing,
}

/// The stages of a connection, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Neither IDENTIFY nor RESUME was sent.
    Open,
    /// One of them was.
    Introduced,
    /// READY or RESUMED came at this time.
    Established(Instant),
    /// It lasted.
    Steady,
}

impl Progress {
    pub(crate) fn new(timing: &Timing) -> Self {
        Self {
            stage: Stage::Open,
            resume_sent: false,
            awaited: None,
            timing: timing.clone(),
        }
    }

    /// The socket is open: HELLO must come.
    pub(crate) fn opened(&mut self) {
        self.await_within("HELLO", self.timing.hello);
    }

    /// What must come, and until when.
    pub(crate) fn awaited(&self) -> Option<(&'static str, Instant)> {
        self.awaited
    }

    /// Whether IDENTIFY or RESUME was sent.
    pub(crate) fn introduced(&self) -> bool {
        self.stage >= Stage::Introduced
    }

    /// Whether READY or RESUMED came.
    pub(crate) fn established(&self) -> bool {
        self.stage > Stage::Introduced
    }

    pub(crate) fn resume_sent(&self) -> bool {
        self.resume_sent
    }

    pub(crate) fn is_steady(&self) -> bool {
        self.stage == Stage::Steady
    }

    /// When the connection will have lasted.
    pub(crate) fn steady_at(&self) -> Option<Instant> {
        match self.stage {
            Stage::Established(since) => Some(since + self.timing.steady),
            _ => None,
        }
    }

    /// Nothing has to come any more within a time of ours: the limiter may take its time, and a
    /// replay that is discarded has no end. Heartbeats tell whether the connection lives.
    pub(crate) fn await_nothing(&mut self) {
        self.awaited = None;
    }

    /// IDENTIFY was sent.
    pub(crate) fn identified(&mut self) {
        self.stage = Stage::Introduced;
        self.await_within("READY", self.timing.ready);
    }

    /// RESUME was sent.
    pub(crate) fn resumed(&mut self) {
        self.stage = Stage::Introduced;
        self.resume_sent = true;
        self.await_within("RESUMED", self.timing.ready);
    }

    /// A dispatch came that neither begins nor resumes a session. A long replay is a sign of life.
    pub(crate) fn got_on(&mut self) {
        if !self.established() && self.resume_sent {
            self.await_within("RESUMED", self.timing.ready);
        }
    }

    /// READY or RESUMED came. Returns whether it is the first.
    pub(crate) fn establish(&mut self) -> bool {
        if self.established() {
            return false;
        }
        self.stage = Stage::Established(Instant::now());
        self.awaited = None;
        true
    }

    /// The connection lasted.
    pub(crate) fn lasted(&mut self) {
        self.stage = Stage::Steady;
    }

    fn await_within(&mut self, what: &'static str, within: Duration) {
        self.awaited = Some((what, Instant::now() + within));
    }
}

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{
    mpsc::{self, OwnedPermit, error::TrySendError},
    watch,
};

use crate::{
    Dispatch, Event, Fact, Session, ShardConfig, ShardStatus, decode, end::End, model::Ready,
};

/// Takes the dispatches of one connection: drops repeated ones, parses those we carry, hands them
/// over and only then moves the session on.
pub(crate) struct Intake<'a> {
    config: &'a ShardConfig,
    status: &'a watch::Sender<ShardStatus>,
    session: &'a mut Option<Session>,
    out: &'a mpsc::Sender<Dispatch>,
    /// A place in the queue, kept from before the connection was opened: READY always finds one,
    /// and every connection moves the session on by a dispatch at least.
    room: Option<OwnedPermit<Dispatch>>,
    moved: bool,
    /// A dispatch found no room: from there on the session has to be replayed.
    discarding: bool,
}

/// What a dispatch was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// A session began.
    Ready,
    /// A session goes on.
    Resumed,
    /// Anything else.
    Other,
    /// Nothing: there is no room. It will be replayed by a resume.
    Discarded,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(
        config: &'a ShardConfig,
        status: &'a watch::Sender<ShardStatus>,
        session: &'a mut Option<Session>,
        out: &'a mpsc::Sender<Dispatch>,
        room: OwnedPermit<Dispatch>,
    ) -> Self {
        Self {
            config,
            status,
            session,
            out,
            room: Some(room),
            moved: false,
            discarding: false,
        }
    }

    /// The session that dispatches belong to.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Up to where Discord may forget the session's dispatches; `None` = nowhere.
    pub(crate) fn acknowledgeable(&self) -> Option<u64> {
        let session = self.session()?;
        match &self.config.watermark {
            Some(watermark) => Some(watermark.of(&session.id)?.min(session.seq)),
            None => Some(session.seq),
        }
    }

    /// Whether the session got on by a dispatch that is neither READY nor RESUMED.
    pub(crate) fn moved(&self) -> bool {
        self.moved
    }

    /// Whether dispatches are discarded for lack of room.
    pub(crate) fn discarding(&self) -> bool {
        self.discarding
    }

    /// Takes one dispatch. On `Err` it was not accepted and will be replayed by a resume.
    pub(crate) fn accept(
        &mut self,
        seq: Option<u64>,
        name: &str,
        d: &str,
    ) -> Result<Accepted, End> {
        if self.discarding {
            return Ok(self.discard());
        }
        match name {
            "READY" => self.ready(seq, d),
            "RESUMED" => self.resumed(seq),
            _ => self.other(seq, name, d),
        }
    }

    fn ready(&mut self, seq: Option<u64>, d: &str) -> Result<Accepted, End> {
        let event = match decode("READY", d) {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(Accepted::Other),
            Err(error) => return Err(End::Malformed(format!("READY: {error}"))),
        };
        let Event::Ready(Ready {
            session_id,
            resume_gateway_url,
            ..
        }) = &event
        else {
            return Ok(Accepted::Other);
        };
        if self
            .session
            .as_ref()
            .is_some_and(|session| session.id == *session_id)
        {
            // A replay that begins too early: the session is well under way.
            self.observe(Fact::DispatchRepeated);
            return Ok(Accepted::Other);
        }
        let seq = seq.unwrap_or_default();
        let resume_url = resume_gateway_url
            .clone()
            .unwrap_or_else(|| self.config.gateway_url.borrow().clone());
        let session = Session {
            id: session_id.clone(),
            resume_url,
            seq,
        };
        if !self.hand_over(seq, event)? {
            return Ok(self.discard());
        }
        self.status
            .send_modify(|status| status.session = Some(session.clone()));
        *self.session = Some(session);
        Ok(Accepted::Ready)
    }

    /// Counts whatever its number is: it tells that the replay is over.
    fn resumed(&mut self, seq: Option<u64>) -> Result<Accepted, End> {
        let last = self.session.as_ref().map_or(0, |session| session.seq);
        let seq = seq.unwrap_or(last).max(last);
        if !self.hand_over(seq, Event::Resumed)? {
            return Ok(self.discard());
        }
        self.advance(seq);
        Ok(Accepted::Resumed)
    }

    fn other(&mut self, seq: Option<u64>, name: &str, d: &str) -> Result<Accepted, End> {
        let Some(last) = self.session.as_ref().map(|session| session.seq) else {
            return Ok(Accepted::Other);
        };
        if seq.is_some_and(|seq| seq <= last) {
            self.observe(Fact::DispatchRepeated);
            return Ok(Accepted::Other);
        }
        let seq = seq.unwrap_or(last);
        match decode(name, d) {
            Ok(Some(event)) => {
                if !self.hand_over(seq, event)? {
                    return Ok(self.discard());
                }
            }
            Ok(None) => self.observe(Fact::DispatchPassed),
            Err(error) => {
                self.observe(Fact::DispatchUndecodable);
                tracing::warn!(
                    component = "Gateway",
                    shard = %self.config.shard,
                    event = name,
                    seq,
                    %error,
                    "A dispatch could not be read and is skipped"
                );
            }
        }
        self.advance(seq);
        self.moved = true;
        Ok(Accepted::Other)
    }

    /// Whether it found room.
    fn hand_over(&mut self, seq: u64, event: Event) -> Result<bool, End> {
        let name = event.name();
        let shard = self.config.shard;
        let dispatch = Dispatch {
            shard,
            seq,
            received_at: unix_ms(),
            event,
        };
        if let Some(room) = self.room.take() {
            room.send(dispatch);
        } else {
            match self.out.try_send(dispatch) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => return Ok(false),
                Err(TrySendError::Closed(_)) => return Err(End::Drained),
            }
        }
        self.observe(Fact::DispatchAccepted { event: name });
        Ok(true)
    }

    /// A dispatch finds no room. Neither it nor any after it moves the session on.
    fn discard(&mut self) -> Accepted {
        if !self.discarding {
            self.discarding = true;
            self.observe(Fact::QueueFull);
            tracing::warn!(
                component = "Gateway",
                shard = %self.config.shard,
                seq = self.session.as_ref().map(|session| session.seq),
                "The dispatch queue is full: what comes is discarded and replayed later"
            );
        }
        self.observe(Fact::DispatchDiscarded);
        Accepted::Discarded
    }

    fn advance(&mut self, seq: u64) {
        let Some(session) = self.session.as_mut() else {
            return;
        };
        session.seq = seq;
        self.status.send_if_modified(|status| {
            if let Some(session) = &mut status.session {
                session.seq = seq;
            }
            // A new number alone is no news: else every dispatch would wake all watchers.
            false
        });
    }

    fn observe(&self, fact: Fact) {
        self.config.observer.observe(self.config.shard, fact);
    }
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

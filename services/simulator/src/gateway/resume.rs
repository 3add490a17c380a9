//! RESUME → the dispatches that were missed, then RESUMED.
//! Source: the pages Gateway, "Resuming", and Gateway Events, "Resume", "Resumed".

use serde_json::Value;
use tracing::info;

use super::{
    Close, Out, connection::Connection, identify::bare_token, journal::What, listen::Rejection,
    session::Replay,
};
use crate::{fault::Lasting, simulation::State};

/// A RESUME.
#[derive(Debug, Clone)]
pub(super) struct Resume {
    token: String,
    session: String,
    seq: u64,
}

impl Resume {
    /// `None` if it can't be read.
    pub(super) fn of(data: &Value) -> Option<Self> {
        Some(Self {
            token: bare_token(data.get("token")?.as_str()?).to_owned(),
            session: data.get("session_id")?.as_str()?.to_owned(),
            seq: data.get("seq")?.as_u64()?,
        })
    }
}

impl Connection {
    /// Moves a session to this connection and replays what it missed.
    pub(super) fn resume(&self, resume: &Resume) -> Result<(), Rejection> {
        let mut state = self.simulation.lock();
        let shard = state
            .sessions
            .find(&resume.session)
            .map(|session| (session.shard, session.shards));
        let replayed = self.take_over(&mut state, resume, shard);
        let (what, count) = match replayed {
            Ok(count) => (What::Resume, count),
            Err(_) => (What::ResumeRefused, 0),
        };
        state
            .journal
            .note(what, shard, self.id, (resume.seq, count));
        replayed.map(|_| ())
    }

    /// Returns how many dispatches are replayed.
    fn take_over(
        &self,
        state: &mut State,
        resume: &Resume,
        shard: Option<(u64, u64)>,
    ) -> Result<u64, Rejection> {
        let number = shard.map(|(shard, _)| shard);
        if state.faults.take(Lasting::DropResume, number).is_some() {
            return Err(Rejection::Drop);
        }
        if !state.accepts_token(&resume.token, &self.simulation.config) {
            return Err(Rejection::Close(Close::AUTHENTICATION_FAILED));
        }
        let session = state
            .sessions
            .find(&resume.session)
            .filter(|session| session.token == resume.token)
            .ok_or(Rejection::InvalidSession)?;
        match session.replay(resume.seq) {
            Replay::Possible => {}
            Replay::InvalidSeq => return Err(Rejection::Close(Close::INVALID_SEQ)),
            Replay::Forgotten => {
                let id = session.id.clone();
                state.sessions.end(|session| session.id == id);
                return Err(Rejection::InvalidSession);
            }
        }
        if let Some(older) = session.link.replace(self.link.clone()) {
            older.cut.cancel();
        }
        session.detached = None;
        session.resumes += 1;
        session.resume_url.clone_from(&self.resume_url);
        let doubled = state
            .faults
            .take(Lasting::ReplayDuplicates, number)
            .unwrap_or(0);
        let missed = session.missed(resume.seq, doubled);
        let count = missed.len() as u64;
        info!(
            shard = session.shard,
            replayed = count,
            "a Gateway session is resumed"
        );
        session.out(Out::Frames(missed));
        session.send("RESUMED", r#"{"_trace":["simulator"]}"#);
        Ok(count)
    }
}

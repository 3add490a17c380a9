//! RESUME → the dispatches that were missed, then RESUMED.
//! Source: the pages Gateway, "Resuming", and Gateway Events, "Resume", "Resumed".

use serde_json::Value;
use tracing::info;

use super::{
    Close, Out, connection::Connection, identify::bare_token, listen::Rejection, session::Replay,
};
use crate::fault::Lasting;

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
        if state.faults.take(Lasting::DropResume, None).is_some() {
            return Err(Rejection::Drop);
        }
        if !state.accepts_token(&resume.token, &self.simulation.config) {
            return Err(Rejection::Close(Close::AUTHENTICATION_FAILED));
        }
        let state = &mut *state;
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
            .take(Lasting::ReplayDuplicates, Some(session.shard))
            .unwrap_or(0);
        let missed = session.missed(resume.seq, doubled);
        info!(
            shard = session.shard,
            replayed = missed.len(),
            "a Gateway session is resumed"
        );
        session.out(Out::Frames(missed));
        session.send("RESUMED", r#"{"_trace":["simulator"]}"#);
        Ok(())
    }
}

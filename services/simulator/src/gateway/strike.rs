//! Faults that hit the connections there are now.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Close, Out, opcode, session::Session, sessions::Sessions};

/// What happens to a connection or a session, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Strike {
    /// The socket is dropped without a close frame.
    Drop,
    /// The socket is closed with a code.
    Close(u16),
    /// Op 7.
    Reconnect,
    /// Op 9; the session ends unless it is resumable.
    InvalidSession {
        resumable: bool,
    },
    /// Op 1: asks for a heartbeat.
    HeartbeatRequest,
    StopAcks(Duration),
    Freeze(Duration),
    /// Dispatches wait; heartbeats are answered.
    Delay(Duration),
    /// A message that is no JSON.
    MalformedFrame,
    /// The newest dispatches once more.
    Repeat(usize),
    /// The sessions end; who resumes gets op 9.
    ExpireSessions,
}

impl Sessions {
    /// Hits the sessions of one shard, or all; how many.
    pub(crate) fn strike(&mut self, strike: &Strike, shard: Option<u64>) -> usize {
        let fits = |session: &Session| shard.is_none_or(|shard| session.shard == shard);
        let mut hit = 0;
        for session in self.iter_mut().filter(|session| fits(session)) {
            hit += 1;
            hurt(session, strike);
        }
        let ends = matches!(
            strike,
            Strike::ExpireSessions | Strike::InvalidSession { resumable: false }
        );
        if ends {
            self.end(fits);
        }
        hit
    }
}

fn hurt(session: &mut Session, strike: &Strike) {
    let frame = |op, data: &Value| Out::Frame(opcode::frame(op, data).into());
    match strike {
        Strike::Drop | Strike::ExpireSessions => session.cut(),
        Strike::Close(code) => session.out(Out::Close(Close(*code))),
        Strike::Reconnect => session.out(frame(opcode::RECONNECT, &Value::Null)),
        Strike::InvalidSession { resumable } => {
            session.out(frame(opcode::INVALID_SESSION, &json!(resumable)));
        }
        Strike::HeartbeatRequest => session.out(frame(opcode::HEARTBEAT, &Value::Null)),
        Strike::StopAcks(time) => session.out(Out::StopAcks(*time)),
        Strike::Freeze(time) => session.out(Out::Freeze(*time)),
        Strike::Delay(time) => session.out(Out::Delay(*time)),
        Strike::MalformedFrame => session.out(Out::Raw(r#"{"t":"MESSAGE_CREATE","s":"#.into())),
        Strike::Repeat(count) => {
            let newest = session.newest(*count);
            session.out(Out::Frames(newest));
        }
    }
}

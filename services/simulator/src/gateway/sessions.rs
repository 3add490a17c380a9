//! All sessions, and who of them hears what.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{intents, session::Session};
use crate::{
    clock,
    config::Config,
    world::{Body, Dispatch, Id, World},
};

/// Most sessions that are kept; the oldest one without a connection is ended for a new one.
const SESSIONS: usize = 256;

/// All sessions there are.
#[derive(Debug)]
pub(crate) struct Sessions {
    list: Vec<Session>,
    /// For how long a session without a connection is kept.
    pub(crate) ttl: Duration,
    /// How many dispatches a session keeps for a replay.
    pub(crate) replay_limit: usize,
    started: u64,
    /// When these began (Unix µs). Discord never uses an id again, and whoever remembers the sessions of an earlier run must not take ours for them.
    since: u64,
    connections: u64,
    /// Tokens that were reset.
    pub(crate) revoked: Vec<String>,
    /// When all members of a guild were last asked for, by token and guild.
    pub(crate) asked: BTreeMap<(String, Id), Instant>,
}

impl Sessions {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            list: Vec::new(),
            ttl: config.session_ttl,
            replay_limit: config.replay_limit,
            started: 0,
            since: clock::unix_micros(),
            connections: 0,
            revoked: Vec::new(),
            asked: BTreeMap::new(),
        }
    }

    /// A number for a new connection.
    pub(crate) fn next_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> u64 {
        self.connections
    }

    /// Keeps another number of dispatches for a replay, also in the sessions there are.
    pub(crate) fn keep(&mut self, replay_limit: usize) {
        self.replay_limit = replay_limit;
        for session in &mut self.list {
            session.replay_limit = replay_limit;
        }
    }

    /// An id for a new session.
    pub(crate) fn next_id(&mut self, seed: u64) -> String {
        self.started += 1;
        let mixed =
            (seed ^ self.since ^ self.started.rotate_left(52)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{mixed:016x}{:016x}", mixed.rotate_left(17) ^ self.started)
    }

    pub(crate) fn add(&mut self, session: Session) -> &mut Session {
        self.reap();
        if self.list.len() >= SESSIONS {
            let oldest = self
                .list
                .iter()
                .position(|session| session.link.is_none())
                .unwrap_or(0);
            self.list.remove(oldest).cut();
        }
        self.list.push(session);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Session> {
        self.reap();
        self.list.iter_mut().find(|session| session.id == id)
    }

    /// The session that a connection carries.
    pub(crate) fn of_connection(&mut self, connection: u64) -> Option<&mut Session> {
        let carried = |session: &&mut Session| {
            session
                .link
                .as_ref()
                .is_some_and(|link| link.connection == connection)
        };
        self.list.iter_mut().find(carried)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.list
            .iter()
            .filter(|session| !session.is_expired(self.ttl))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.list.iter_mut()
    }

    /// A connection is gone: its session waits for another one, or ends with it.
    pub(crate) fn leave(&mut self, connection: u64, ended: bool) {
        let carried = |session: &Session| {
            session
                .link
                .as_ref()
                .is_some_and(|link| link.connection == connection)
        };
        if ended {
            self.list.retain(|session| !carried(session));
        } else if let Some(session) = self.of_connection(connection) {
            session.link = None;
            session.detached = Some(Instant::now());
        }
    }

    /// Ends the sessions that fit.
    pub(crate) fn end(&mut self, which: impl Fn(&Session) -> bool) -> usize {
        let before = self.list.len();
        self.list.retain(|session| !which(session));
        before - self.list.len()
    }

    /// Hands a dispatch to every session that is to hear it; how many those are. `whole` is its data as text.
    pub(crate) fn deliver(&mut self, world: &World, dispatch: &Dispatch, whole: &str) -> usize {
        self.reap();
        let mut blanked: Option<String> = None;
        let mut heard = 0;
        for session in &mut self.list {
            let wanted = dispatch.intents == 0 || session.intents & dispatch.intents != 0;
            if !wanted || !session.has_guild(dispatch.guild) {
                continue;
            }
            heard += 1;
            match &dispatch.body {
                Body::Guild(id) => {
                    let data = world.guild_create(*id, session.intents, session.large_threshold);
                    session.send(dispatch.kind, &Value::from(data).to_string());
                }
                Body::Message { blank, .. } if session.intents & intents::MESSAGE_CONTENT == 0 => {
                    session.send(
                        dispatch.kind,
                        blanked.get_or_insert_with(|| blank.to_string()),
                    );
                }
                Body::Plain(_) | Body::Message { .. } => session.send(dispatch.kind, whole),
            }
        }
        heard
    }

    fn reap(&mut self) {
        self.list.retain(|session| !session.is_expired(self.ttl));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sessions_of_a_later_start_have_other_ids_with_the_same_seed() {
        let started = |since| {
            let mut sessions = Sessions::new(&Config::default());
            sessions.since = since;
            [sessions.next_id(1), sessions.next_id(1)]
        };
        let ids = [
            started(1_795_422_000_000_000),
            started(1_795_422_000_000_001),
        ]
        .concat();
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id), "{ids:?}");
        }
    }
}

//! One session: what a bot's shard has been told, and where to.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Out;
use crate::world::Id;

/// The way to the connection that carries a session.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// The connection's number.
    pub(crate) connection: u64,
    pub(crate) out: mpsc::Sender<Out>,
    /// Ends the connection without a word.
    pub(crate) cut: CancellationToken,
}

/// A session from its IDENTIFY to its end; it outlives connections.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) shard: u64,
    pub(crate) shards: u64,
    pub(crate) intents: u64,
    pub(crate) large_threshold: u64,
    pub(crate) resume_url: String,
    /// The number of the newest dispatch.
    pub(crate) seq: u64,
    /// The newest dispatches with their numbers, for a replay.
    sent: VecDeque<(u64, Utf8Bytes)>,
    pub(super) replay_limit: usize,
    /// The newest dispatch that a heartbeat acknowledged: nothing before it can be asked for again.
    acknowledged: u64,
    pub(crate) link: Option<Link>,
    /// Since when no connection carries it.
    pub(crate) detached: Option<Instant>,
    /// How often it was resumed.
    pub(crate) resumes: u64,
}

/// What a RESUME finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replay {
    Possible,
    /// The client names a dispatch that was never sent.
    InvalidSeq,
    /// What the client missed is not kept any more.
    Forgotten,
}

impl Session {
    pub(crate) fn new(
        id: String,
        token: String,
        shard: (u64, u64),
        replay_limit: usize,
        link: Link,
    ) -> Self {
        Self {
            id,
            token,
            shard: shard.0,
            shards: shard.1,
            intents: 0,
            large_threshold: 50,
            resume_url: String::new(),
            seq: 0,
            sent: VecDeque::new(),
            replay_limit,
            acknowledged: 0,
            link: Some(link),
            detached: None,
            resumes: 0,
        }
    }

    /// Whether a guild's events come to this shard; what has no guild comes to shard 0.
    pub(crate) fn has_guild(&self, guild: Option<Id>) -> bool {
        guild.map_or(self.shard == 0, |guild| {
            (guild.0 >> 22) % self.shards == self.shard
        })
    }

    /// Numbers a dispatch, keeps it and sends it.
    pub(crate) fn send(&mut self, kind: &str, data: &str) {
        self.seq += 1;
        let seq = self.seq;
        let frame = Utf8Bytes::from(format!(r#"{{"t":"{kind}","s":{seq},"op":0,"d":{data}}}"#));
        while self.sent.len() >= self.replay_limit.max(1) {
            self.sent.pop_front();
        }
        self.sent.push_back((seq, frame.clone()));
        self.out(Out::Frame(frame));
    }

    /// Hands something to the connection. One that can't keep up is cut; the session can be resumed.
    pub(crate) fn out(&mut self, out: Out) {
        if let Some(link) = &self.link
            && link.out.try_send(out).is_err()
        {
            self.cut();
        }
    }

    /// Ends the connection without a word.
    pub(crate) fn cut(&mut self) {
        if let Some(link) = self.link.take() {
            link.cut.cancel();
            self.detached = Some(Instant::now());
        }
    }

    /// A heartbeat acknowledged everything up to this number.
    pub(crate) fn acknowledge(&mut self, seq: u64) {
        self.acknowledged = self.acknowledged.max(seq.min(self.seq));
    }

    /// Whether what came after `seq` can be replayed.
    pub(crate) fn replay(&self, seq: u64) -> Replay {
        let kept = self.sent.front().map_or(self.seq + 1, |(first, _)| *first);
        if seq > self.seq {
            Replay::InvalidSeq
        } else if seq < self.acknowledged || seq + 1 < kept {
            Replay::Forgotten
        } else {
            Replay::Possible
        }
    }

    /// The dispatches after `seq`, with up to `doubled` of those before it (a fault).
    pub(crate) fn missed(&self, seq: u64, doubled: u64) -> Vec<Utf8Bytes> {
        let from = seq.saturating_sub(doubled);
        self.sent
            .iter()
            .filter(|(number, _)| *number > from)
            .map(|(_, frame)| frame.clone())
            .collect()
    }

    /// The newest dispatches once more, as they were.
    pub(crate) fn newest(&self, count: usize) -> Vec<Utf8Bytes> {
        let skip = self.sent.len().saturating_sub(count);
        self.sent
            .iter()
            .skip(skip)
            .map(|(_, frame)| frame.clone())
            .collect()
    }

    /// Whether it was without a connection for too long.
    pub(crate) fn is_expired(&self, ttl: Duration) -> bool {
        self.detached.is_some_and(|since| since.elapsed() >= ttl)
    }

    /// For `/control/state`.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "shard": [self.shard, self.shards], "intents": self.intents, "seq": self.seq,
            "connected": self.link.is_some(), "connection": self.link.as_ref().map(|link| link.connection),
            "kept": self.sent.len(), "acknowledged": self.acknowledged, "resumes": self.resumes,
        })
    }
}

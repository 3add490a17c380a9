//! The REST calls that were carried out: what a test asks who did what, and why.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{clock, world::Id};

/// Most calls kept; the oldest are forgotten.
const ENTRIES: usize = 10_000;

/// One call.
#[derive(Debug, Clone, Serialize)]
struct Entry {
    /// Counts from 1, without holes.
    n: u64,
    #[serde(rename = "atMicros")]
    at_micros: u64,
    #[serde(flatten)]
    call: Call,
}

/// Who called what, and how it was answered.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Without the version, and without the token of a webhook.
    pub(crate) path: String,
    /// The user whose token it was; `None` = the bot, or nobody.
    pub(crate) user: Option<Id>,
    /// `X-Audit-Log-Reason`, decoded.
    pub(crate) reason: Option<String>,
    pub(crate) status: u16,
}

/// All of them since the start.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Calls {
    /// Takes note of a call.
    pub(crate) fn note(&mut self, call: Call) {
        self.last += 1;
        if self.entries.len() == ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            n: self.last,
            at_micros: clock::unix_micros(),
            call,
        });
    }

    /// At most `limit` calls after number `since`.
    pub(crate) fn page(&self, since: u64, limit: usize) -> Value {
        let first = self.entries.front().map_or(self.last + 1, |entry| entry.n);
        let newer = self.entries.iter().filter(|entry| entry.n > since);
        let entries: Vec<&Entry> = newer.take(limit).collect();
        json!({ "first": first, "last": self.last, "entries": entries })
    }
}

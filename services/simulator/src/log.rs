//! Everything the Gateway told, numbered: an oracle for tests.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::world::{Dispatch, Id};

/// Most entries kept; the oldest are forgotten.
const ENTRIES: usize = 200_000;

/// One dispatch that was emitted.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// Counts from 1, without holes.
    pub(crate) n: u64,
    /// Unix ms.
    pub(crate) ms: u64,
    #[serde(rename = "atMicros")]
    pub(crate) at_micros: u64,
    pub(crate) t: &'static str,
    #[serde(rename = "guildId")]
    pub(crate) guild: Option<Id>,
    /// The guild's shard, with as many shards as are recommended.
    pub(crate) shard: u64,
    /// How many sessions it went to.
    pub(crate) sessions: usize,
    /// As it was sent with every intent.
    pub(crate) d: Box<RawValue>,
}

/// How a dispatch was told.
#[derive(Debug)]
pub(crate) struct Told {
    /// Unix µs.
    pub(crate) at_micros: u64,
    pub(crate) shard: u64,
    /// How many sessions it went to.
    pub(crate) sessions: usize,
    /// As it was sent with every intent.
    pub(crate) data: Box<RawValue>,
}

/// A bounded list of the dispatches emitted.
#[derive(Debug, Default)]
pub(crate) struct Log {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Log {
    pub(crate) fn append(&mut self, dispatch: &Dispatch, told: Told) {
        self.last += 1;
        if self.entries.len() == ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            n: self.last,
            ms: told.at_micros / 1_000,
            at_micros: told.at_micros,
            t: dispatch.kind,
            guild: dispatch.guild,
            shard: told.shard,
            sessions: told.sessions,
            d: told.data,
        });
    }

    /// The number of the newest entry; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The number of the oldest entry that is kept.
    pub(crate) fn first(&self) -> u64 {
        self.entries.front().map_or(self.last + 1, |entry| entry.n)
    }

    /// At most `limit` entries after number `since`, of one kind if one is named.
    pub(crate) fn after(&self, since: u64, limit: usize, kind: Option<&str>) -> Vec<Entry> {
        let skip = usize::try_from((since + 1).saturating_sub(self.first())).unwrap_or(usize::MAX);
        self.entries
            .iter()
            .skip(skip)
            .filter(|entry| kind.is_none_or(|kind| kind == entry.t))
            .take(limit)
            .cloned()
            .collect()
    }
}

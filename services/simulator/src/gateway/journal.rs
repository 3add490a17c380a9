//! Who began and resumed sessions: what a test counts.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock;

/// Most entries kept; the oldest are forgotten. The counts are not.
const ENTRIES: usize = 10_000;

/// Most shards that are counted one by one; more than any bot of a test has.
const SHARDS: usize = 4_096;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum What {
    Identify,
    IdentifyRefused,
    Resume,
    ResumeRefused,
}

/// One IDENTIFY or RESUME.
#[derive(Debug, Clone, Serialize)]
struct Entry {
    /// Counts from 1, without holes.
    n: u64,
    #[serde(rename = "atMicros")]
    at_micros: u64,
    what: What,
    /// `None`: a RESUME of a session that isn't known.
    shard: Option<u64>,
    shards: Option<u64>,
    connection: u64,
    /// What a RESUME starts from.
    seq: u64,
    /// How many dispatches it was sent again.
    replayed: u64,
}

/// How often.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    identify: u64,
    identify_refused: u64,
    resume: u64,
    resume_refused: u64,
    last_identify_micros: Option<u64>,
    last_resume_micros: Option<u64>,
}

/// All of them since the start.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    last: u64,
    entries: VecDeque<Entry>,
    total: Counts,
    shards: BTreeMap<(u64, u64), Counts>,
}

impl Journal {
    /// Takes note of an IDENTIFY or RESUME of a shard (number and count) on a connection; `resumed` is the
    /// number it starts from and how many dispatches are replayed.
    pub(crate) fn note(
        &mut self,
        what: What,
        shard: Option<(u64, u64)>,
        connection: u64,
        resumed: (u64, u64),
    ) {
        let at_micros = clock::unix_micros();
        self.last += 1;
        if self.entries.len() == ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            n: self.last,
            at_micros,
            what,
            shard: shard.map(|(shard, _)| shard),
            shards: shard.map(|(_, shards)| shards),
            connection,
            seq: resumed.0,
            replayed: resumed.1,
        });
        self.total.count(what, at_micros);
        if let Some(shard) = shard
            && (self.shards.len() < SHARDS || self.shards.contains_key(&shard))
        {
            self.shards.entry(shard).or_default().count(what, at_micros);
        }
    }

    /// For `/control/sessions`: at most `limit` after number `after`.
    pub(crate) fn page(&self, after: u64, limit: usize) -> Value {
        let first = self.entries.front().map_or(self.last + 1, |entry| entry.n);
        let skip = usize::try_from((after + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let entries: Vec<&Entry> = self.entries.iter().skip(skip).take(limit).collect();
        json!({ "first": first, "last": self.last, "entries": entries })
    }

    /// For `/control/stats`.
    pub(crate) fn json(&self) -> Value {
        let shards = self.shards.iter().map(|((shard, shards), counts)| {
            let mut json = json!(counts);
            json["shard"] = json!(shard);
            json["shards"] = json!(shards);
            json
        });
        json!({ "shards": shards.collect::<Vec<_>>(), "total": self.total })
    }
}

impl Counts {
    fn count(&mut self, what: What, at_micros: u64) {
        let count = match what {
            What::Identify => {
                self.last_identify_micros = Some(at_micros);
                &mut self.identify
            }
            What::IdentifyRefused => &mut self.identify_refused,
            What::Resume => {
                self.last_resume_micros = Some(at_micros);
                &mut self.resume
            }
            What::ResumeRefused => &mut self.resume_refused,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_bounded_and_pages_without_holes() {
        let mut journal = Journal::default();
        for seq in 0..12_000 {
            journal.note(What::Resume, Some((0, 1)), 1, (seq, 0));
        }
        let page = journal.page(0, 5);
        assert_eq!(page["first"], 2_001);
        assert_eq!(page["entries"][0]["n"], 2_001);
        assert_eq!(journal.page(11_998, 100)["entries"][0]["n"], 11_999);
        assert_eq!(journal.json()["shards"][0]["resume"], 12_000);
    }
}

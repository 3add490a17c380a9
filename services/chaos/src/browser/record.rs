//! What one browser received, in the order in which it came.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;

use crate::oracle::{Bytes, Kind, Payload};

/// Something that a stream brought.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// Unix µs.
    pub(crate) at_micros: u64,
    pub(crate) payload: Arc<Payload>,
    /// Every id that stands in it.
    pub(crate) ids: Arc<[u64]>,
}

/// Everything about one browser's streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) arrivals: Vec<Arrival>,
    /// When requests were answered with a stream (Unix µs).
    pub(crate) opened: Vec<u64>,
    /// `unavailable` by its reason.
    pub(crate) unavailable: BTreeMap<String, u32>,
    /// An answer at which a native `EventSource` gives up for good.
    pub(crate) gave_up: Option<String>,
    /// The ids that went back, one after the other.
    pub(crate) backwards: Vec<(String, String)>,
    /// The messages that it was told of.
    pub(crate) messages: HashSet<u64>,
    last_id: Option<String>,
}

impl Record {
    /// The id that a reconnect names.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Up to when (Unix µs) its last id says that it was told everything.
    pub(super) fn reached(&self) -> Option<u64> {
        let (millis, _) = number(self.last_id()?)?;
        Some(millis * 1_000)
    }

    /// Moves the last id on, and notes if it moves back.
    pub(super) fn cursor(&mut self, id: String) {
        if let (Some(old), new) = (&self.last_id, &id)
            && number(old) > number(new)
        {
            self.backwards.push((old.clone(), new.clone()));
        }
        self.last_id = Some(id);
    }

    /// Takes an event in.
    pub(super) fn event(&mut self, (payload, ids): Bytes, id: Option<String>) {
        if let Some(id) = id {
            self.cursor(id);
        }
        match &*payload {
            Payload::Unavailable(reason) => {
                *self.unavailable.entry(reason.clone()).or_default() += 1;
                return;
            }
            // The log begins anew, and so do the ids.
            Payload::Reset(_) => self.last_id = None,
            Payload::Told(told) if told.key.kind == Kind::MessageCreated => {
                self.messages.insert(told.key.subject);
            }
            _ => {}
        }
        self.arrivals.push(Arrival {
            at_micros: unix_micros(),
            payload,
            ids,
        });
    }
}

/// What an id says was told; it may also say how far the rooms are.
fn number(id: &str) -> Option<(u64, u64)> {
    let id = id.split_once('~').map_or(id, |(told, _)| told);
    let (millis, count) = id.split_once('-')?;
    Some((millis.parse().ok()?, count.parse().ok()?))
}

/// Unix µs.
pub(crate) fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_micros() as u64
}

/// A record that a browser writes and the oracle reads.
pub(crate) type Shared = Arc<Mutex<Record>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_goes_back_is_noted() {
        let mut record = Record::default();
        for id in ["5-0", "5-1", "6-0~5-1", "6-0", "10-0", "9-7~6-0"] {
            record.cursor(id.to_owned());
        }
        let back = ("10-0".to_owned(), "9-7~6-0".to_owned());
        assert_eq!(record.backwards, [back]);
        assert_eq!(record.last_id(), Some("9-7~6-0"));
    }
}

use std::collections::BTreeMap;

use serde::Serialize;

/// Most findings that are told in words, in all and of one browser.
const MOST_WORDS: (usize, usize) = (80, 6);

/// What came of a run, over all browsers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    /// Events that browsers received.
    pub(crate) deliveries: u64,
    /// Expected and never received.
    pub(crate) lost: u64,
    /// Received more often than expected.
    pub(crate) doubled: u64,
    /// Received at another place than expected.
    pub(crate) reordered: u64,
    /// Received and never to be expected.
    pub(crate) unexpected: u64,
    /// Received by people who may not see it.
    pub(crate) leaked: u64,
    /// Messages with another text than was written.
    pub(crate) altered: u64,
    /// Streams that were told to begin anew, by reason.
    pub(crate) resets: BTreeMap<String, u64>,
    /// Announced holes.
    pub(crate) gaps: u64,
    /// Ids that went back within a stream.
    pub(crate) backwards: u64,
    /// Browsers whose rooms are not as Discord's.
    pub(crate) wrong_pictures: u64,
    /// Browsers that were answered with something that ends an `EventSource` for good.
    pub(crate) gave_up: u64,
    /// The first findings, in words.
    pub(crate) findings: Vec<String>,
    /// How many of them are of one browser.
    #[serde(skip)]
    of_one: usize,
}

impl Verdict {
    /// Notes a finding in words, if there is room.
    pub(super) fn note(&mut self, finding: impl FnOnce() -> String) {
        if self.findings.len() < MOST_WORDS.0 && self.of_one < MOST_WORDS.1 {
            self.findings.push(finding());
            self.of_one += 1;
        }
    }

    /// What is noted from now on is of another browser.
    pub(super) fn next_browser(&mut self) {
        self.of_one = 0;
    }

    /// Whether nothing is on its way any more, whatever is wrong otherwise.
    pub(crate) fn is_complete(&self) -> bool {
        self.lost == 0 && self.wrong_pictures == 0
    }

    /// Whether nothing is wrong; resets and gaps count where no mercy was due.
    pub(crate) fn is_clean(&self, resets_allowed: bool) -> bool {
        let wrong = [
            self.lost,
            self.doubled,
            self.reordered,
            self.unexpected,
            self.leaked,
            self.altered,
            self.backwards,
            self.wrong_pictures,
            self.gave_up,
        ];
        let announced = self.gaps + self.resets.values().sum::<u64>();
        wrong.iter().all(|count| *count == 0) && (resets_allowed || announced == 0)
    }
}

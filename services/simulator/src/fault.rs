//! Faults that last: rules that hit what comes, until they are used up, run out or are cleared.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Most rules at a time; the oldest is forgotten.
const RULES: usize = 64;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// Connections to the resume URL are refused.
    DeadResumeUrl,
    /// All connections are refused.
    DeadGateway,
    /// The socket is dropped when RESUME comes.
    DropResume,
    /// No HELLO comes.
    NoHello,
    /// READY comes `amount` ms late.
    LateReady,
    /// READY is followed by `amount` dispatches that change nothing.
    ReadyFlood,
    /// A replay begins with up to `amount` dispatches that were received already.
    ReplayDuplicates,
    /// REST answers 429 with `amount` ms to wait.
    Rest429,
    /// REST answers the status `amount`.
    Rest5xx,
    /// REST answers `amount` ms late.
    SlowRest,
    /// REST carries nothing out, and answers 504 only after `amount` ms.
    SilentRest,
}

/// One fault that lasts.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) what: Lasting,
    pub(crate) amount: u64,
    /// Only for this shard.
    pub(crate) shard: Option<u64>,
    pub(crate) until: Option<Instant>,
    /// How often it still hits.
    pub(crate) left: Option<u64>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.forget_old();
        if self.rules.len() >= RULES {
            self.rules.remove(0);
        }
        self.rules.push(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The amount of a rule that hits now; counts the hit.
    pub(crate) fn take(&mut self, what: Lasting, shard: Option<u64>) -> Option<u64> {
        self.forget_old();
        let fits = |rule: &&mut Rule| {
            rule.what == what && (rule.shard.is_none() || shard.is_none() || rule.shard == shard)
        };
        let rule = self.rules.iter_mut().find(fits)?;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        let amount = rule.amount;
        self.forget_old();
        Some(amount)
    }

    /// For `/control/state`.
    pub(crate) fn json(&mut self) -> Value {
        self.forget_old();
        let left =
            |until: Instant| until.saturating_duration_since(Instant::now()).as_millis() as u64;
        self.rules
            .iter()
            .map(|rule| {
                json!({
                    "kind": format!("{:?}", rule.what), "amount": rule.amount, "shard": rule.shard,
                    "left": rule.left, "forMs": rule.until.map(left),
                })
            })
            .collect()
    }

    fn forget_old(&mut self) {
        let now = Instant::now();
        self.rules
            .retain(|rule| rule.left != Some(0) && rule.until.is_none_or(|until| until > now));
    }
}

/// A point in time so many ms from now.
pub(crate) fn from_now(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

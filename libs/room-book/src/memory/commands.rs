use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use crate::{Begun, CommandKey};

/// Commands that are remembered; beyond it those are forgotten that were begun the longest ago.
const LIMIT: usize = 10_000;

/// What is known of commands.
#[derive(Debug, Default)]
pub(super) struct Commands {
    known: HashMap<String, Known>,
    /// In the order in which they were begun; some may be gone.
    order: VecDeque<String>,
}

#[derive(Debug)]
struct Known {
    content: String,
    runner: String,
    answer: Option<String>,
    until: Instant,
}

impl Commands {
    pub(super) fn begin(&mut self, key: &CommandKey, runner: &str, ttl: Duration) -> Begun {
        let now = Instant::now();
        match self.known.get(key.key()).filter(|known| known.until > now) {
            Some(known) if known.content != key.content() => Begun::Another,
            Some(Known {
                answer: Some(answer),
                ..
            }) => Begun::Done {
                answer: answer.clone(),
            },
            Some(known) if known.runner == runner => Begun::New,
            Some(_) => Begun::UnderWay,
            None => {
                self.insert(key, runner, None, now + ttl);
                Begun::New
            }
        }
    }

    pub(super) fn finish(&mut self, key: &CommandKey, runner: &str, answer: &str, ttl: Duration) {
        let now = Instant::now();
        let known = self.known.get(key.key()).filter(|known| known.until > now);
        if known.is_none_or(|known| known.runner == runner && known.content == key.content()) {
            self.insert(key, runner, Some(answer.to_owned()), now + ttl);
        }
    }

    pub(super) fn abandon(&mut self, key: &CommandKey, runner: &str) {
        let own = |known: &Known| known.runner == runner && known.answer.is_none();
        if self.known.get(key.key()).is_some_and(own) {
            self.known.remove(key.key());
        }
    }

    fn insert(&mut self, key: &CommandKey, runner: &str, answer: Option<String>, until: Instant) {
        let known = Known {
            content: key.content().to_owned(),
            runner: runner.to_owned(),
            answer,
            until,
        };
        if self.known.insert(key.key().to_owned(), known).is_none() {
            self.order.push_back(key.key().to_owned());
        }
        while self.order.len() > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

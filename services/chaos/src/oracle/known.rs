//! How far the replicas have come.

use std::collections::HashMap;

use super::{model::Model, payload::Payload, told::Kind};
use crate::browser::{Place, Profile, Record};

/// When each replica told somebody which dispatch of a guild. Those who always connect to the same replica bear witness, with
/// the messages that they got: no two are the same.
#[derive(Debug, Default)]
pub(super) struct Known {
    replicas: usize,
    /// By guild and replica: when (Unix µs) which dispatch was the newest one, in order.
    told: HashMap<(u64, usize), Vec<(u64, u64)>>,
}

impl Known {
    pub(super) fn read(model: &Model, browsers: &[(Profile, Record)], replicas: usize) -> Self {
        let mut known = Self {
            replicas,
            told: HashMap::new(),
        };
        let guilds = model.guild_ids().into_iter();
        let written: HashMap<u64, u64> = guilds
            .flat_map(|guild| model.emitted(guild))
            .filter(|emitted| emitted.told.key.kind == Kind::MessageCreated)
            .map(|emitted| (emitted.told.key.subject, emitted.n))
            .collect();
        for (profile, record) in browsers {
            let Place::Replica(replica) = profile.place else {
                continue;
            };
            for arrival in &record.arrivals {
                if let Payload::Told(told) = &*arrival.payload
                    && told.key.kind == Kind::MessageCreated
                    && let Some(n) = written.get(&told.key.subject)
                {
                    let told = known.told.entry((told.key.guild, replica)).or_default();
                    told.push((arrival.at_micros, *n));
                }
            }
        }
        for told in known.told.values_mut() {
            told.sort_unstable();
            let mut newest = 0;
            for (_, n) in told {
                newest = newest.max(*n);
                *n = newest;
            }
        }
        known
    }

    /// Up to which dispatch of a guild every replica had told somebody by then; 0 = one of them nothing yet, or nobody knows.
    pub(super) fn everywhere(&self, guild: u64, at: u64) -> u64 {
        let by = |replica| {
            let told = self.told.get(&(guild, replica))?;
            let place = told.partition_point(|(told_at, _)| *told_at <= at);
            Some(told[place.checked_sub(1)?].1)
        };
        let replicas = (0..self.replicas).map(|replica| by(replica).unwrap_or_default());
        replicas.min().unwrap_or_default()
    }
}

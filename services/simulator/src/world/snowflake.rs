//! Discord's ids. Source: API Reference, "Snowflakes".

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The first second of 2015 in Unix ms.
const DISCORD_EPOCH: u64 = 1_420_070_400_000;

/// A snowflake: 42 bits of ms since 2015, 5 of worker, 5 of process, 12 of increment. JSON strings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(crate) u64);

impl Id {
    /// The first id of a worker in a millisecond.
    pub(crate) fn at(unix_millis: u64, increment: u64) -> Self {
        Self((unix_millis.saturating_sub(DISCORD_EPOCH) << 22) | (1 << 17) | (increment & 0xFFF))
    }

    /// When the thing was made, in Unix ms.
    pub(crate) fn unix_millis(self) -> u64 {
        (self.0 >> 22) + DISCORD_EPOCH
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Makes ids that rise strictly, even when the clock goes back.
#[derive(Debug, Default)]
pub(crate) struct Snowflakes {
    millis: u64,
    increment: u64,
}

impl Snowflakes {
    pub(crate) fn next(&mut self, unix_millis: u64) -> Id {
        if unix_millis > self.millis {
            self.millis = unix_millis;
            self.increment = 0;
        } else if self.increment == 0xFFF {
            self.millis += 1;
            self.increment = 0;
        } else {
            self.increment += 1;
        }
        Id::at(self.millis, self.increment)
    }

    /// The next id that belongs to this one of so many shards. Its time lies up to `shards` ms ahead.
    pub(crate) fn next_on(&mut self, unix_millis: u64, shard: u64, shards: u64) -> Id {
        let full = self.increment == 0xFFF;
        let earliest = unix_millis.max(self.millis + u64::from(full));
        let wait = (shards + shard - (Id::at(earliest, 0).0 >> 22) % shards) % shards;
        self.next(earliest + wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_within_a_millisecond_and_when_the_clock_goes_back() {
        let mut ids = Snowflakes::default();
        let mut last = Id(0);
        for step in 0..10_000 {
            let id = ids.next(1_700_000_000_000 - step);
            assert!(id > last);
            last = id;
        }
    }

    #[test]
    fn an_id_for_a_shard_belongs_to_it_whatever_was_made_before() {
        let mut ids = Snowflakes::default();
        let mut last = Id(0);
        for step in 0..40_000 {
            let shard = step * 7 % 4;
            let id = ids.next_on(1_700_000_000_000 + step / 9_000, shard, 4);
            assert_eq!(((id.0 >> 22) % 4, id > last), (shard, true), "{step}");
            last = id;
        }
        for _ in 0..5_000 {
            let id = ids.next_on(1_800_000_000_000, 3, 4);
            assert_eq!(((id.0 >> 22) % 4, id > last), (3, true));
            last = id;
        }
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        assert_eq!(Id(175_928_847_299_117_063).unix_millis(), 1_462_015_105_796);
        assert_eq!(
            Id::at(1_700_000_000_123, 7).unix_millis(),
            1_700_000_000_123
        );
    }
}

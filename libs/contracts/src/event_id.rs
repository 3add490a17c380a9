use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// The id of a published event, and thereby a cursor: everything up to and including it was seen.
///
/// Written `<Unix ms>-<number>`. Strictly increasing over all guilds of a deployment, drawn from one clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, TS)]
#[ts(type = "string")]
pub struct EventId {
    /// Unix milliseconds.
    pub ms: u64,
    /// Number within the millisecond.
    pub n: u64,
}

/// Text that is not an event id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an event id (<milliseconds>-<number>)")]
pub struct InvalidEventId;

impl EventId {
    /// Before every event.
    pub const ZERO: Self = Self { ms: 0, n: 0 };
    /// After every event.
    pub const MAX: Self = Self {
        ms: u64::MAX,
        n: u64::MAX,
    };

    /// The id with these parts.
    pub const fn new(ms: u64, n: u64) -> Self {
        Self { ms, n }
    }

    /// The next id of a clock that reads `now_ms`: max(now, last + 1).
    #[must_use]
    pub const fn tick(self, now_ms: u64) -> Self {
        if now_ms > self.ms {
            Self { ms: now_ms, n: 0 }
        } else {
            Self {
                ms: self.ms,
                n: self.n + 1,
            }
        }
    }
}

impl PartialSchema for EventId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "The id of an event, and a cursor: everything up to it was seen.",
            ))
            .pattern(Some("^[0-9]{1,19}-[0-9]{1,19}$"))
            .examples(["1763836800123-0"])
            .into()
    }
}

impl ToSchema for EventId {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EventId")
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.n)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, InvalidEventId> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits {
                part.parse().map_err(|_| InvalidEventId)
            } else {
                Err(InvalidEventId)
            }
        };
        let (ms, n) = text.split_once('-').ok_or(InvalidEventId)?;
        Ok(Self {
            ms: number(ms)?,
            n: number(n)?,
        })
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_text_of_an_id_is_read_back(ms: u64, n: u64) {
            let id = EventId::new(ms, n);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Ok(id) = text.parse::<EventId>() {
                prop_assert_eq!(id.to_string().parse(), Ok(id));
            }
        }

        #[test]
        fn a_tick_is_always_later(ms in 0..u64::MAX / 2, n in 0..u64::MAX / 2, now: u64) {
            let last = EventId::new(ms, n);
            prop_assert!(last.tick(now) > last);
        }
    }

    #[test]
    fn signs_blanks_and_halves_are_refused() {
        for text in [
            "", "-", "1", "1-", "-1", "+1-0", "1-+0", " 1-0", "1-0 ", "1-0-0", "1_0",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(InvalidEventId), "{text}");
        }
    }
}

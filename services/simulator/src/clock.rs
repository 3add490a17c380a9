//! Wall-clock time in the forms that Discord and the oracle use.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, macros::format_description};

/// Unix time in µs.
pub(crate) fn unix_micros() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Unix time in ms.
pub(crate) fn unix_millis() -> u64 {
    unix_micros() / 1_000
}

/// A Unix time in ms as Discord writes it: `2021-03-31T18:45:31.297000+00:00`.
pub(crate) fn iso8601(millis: u64) -> String {
    let nanos = i128::from(millis) * 1_000_000;
    let time =
        OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]+00:00"
    ))
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_discord_writes_it() {
        assert_eq!(
            iso8601(1_617_216_331_297),
            "2021-03-31T18:45:31.297000+00:00"
        );
    }
}

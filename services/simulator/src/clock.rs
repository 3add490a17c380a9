//! Wall-clock time in the forms that Discord and the oracle use.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

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

/// The Unix time in ms of a time in ISO 8601; `None` for what is none, or is before 1970.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
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
        let back = parse("2021-03-31T20:45:31.297000+02:00");
        assert_eq!(back, Some(1_617_216_331_297));
        assert_eq!(parse("tomorrow"), None);
    }
}

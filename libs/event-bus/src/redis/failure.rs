use fred::error::{Error, ErrorKind};

use crate::BusError;

/// What a caller can do about an error of Redis.
pub(super) fn told(error: Error) -> BusError {
    let mut words = error.details().split_ascii_whitespace();
    match words.next() {
        // our scripts name the key that they can't read
        Some("CORRUPT") => BusError::Corrupt(words.next().unwrap_or("a key").to_owned()),
        Some("FENCED") => BusError::Fenced,
        Some("WRONGTYPE") => BusError::Corrupt("a key of another type".to_owned()),
        Some("ERR") => BusError::Corrupt(error.details().to_owned()),
        _ if *error.kind() == ErrorKind::Parse => BusError::Corrupt("a reply".to_owned()),
        _ => BusError::Unavailable(Box::new(error)),
    }
}

/// Something that did not happen in time.
pub(super) fn late(what: &'static str) -> BusError {
    BusError::Unavailable(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trying_again_mends_is_unavailable() {
        for details in [
            "OOM command not allowed",
            "LOADING Redis is loading",
            "READONLY",
            "NOPERM x",
            "",
        ] {
            let error = told(Error::new(ErrorKind::Unknown, details));
            assert!(matches!(error, BusError::Unavailable(_)), "{details}");
        }
        assert!(matches!(
            told(Error::new(ErrorKind::Timeout, "x")),
            BusError::Unavailable(_)
        ));
    }

    #[test]
    fn what_is_unreadable_names_the_key() {
        let BusError::Corrupt(key) = told(Error::new(ErrorKind::Unknown, "CORRUPT {p}:guild:1"))
        else {
            panic!("not corrupt");
        };
        assert_eq!(key, "{p}:guild:1");
        for details in ["WRONGTYPE Operation against a key", "ERR user_script:3: x"] {
            let error = told(Error::new(ErrorKind::Unknown, details));
            assert!(matches!(error, BusError::Corrupt(_)), "{details}");
        }
    }
}

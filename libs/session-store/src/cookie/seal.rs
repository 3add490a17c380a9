use std::{collections::HashMap, time::Duration};

use environment::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::{
    cookie::{Cookie, CookieJar, Key},
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Separates the key for records from the other keys that the secret gives.
const PURPOSE: &str = "fanfare session records v1:";

/// The name under which a record is sealed. It is no cookie's: a value that is sealed here opens nothing else.
const NAME: &str = "session-record";

/// Longest value of a cookie: browsers take 4096 bytes of name, value and attributes (RFC 6265, section 6.1), and the longest
/// domain has 253 of them.
pub const LONGEST_VALUE: usize = 3_680;

/// How records are sealed.
#[derive(Debug, Clone)]
pub struct Sealing {
    /// Sealed with the first one, opened with any: the current secret and, during a rotation, the previous one.
    pub secrets: Vec<Secret>,
    /// How long a session lasts without use.
    pub ttl: Duration,
}

/// What seals records (AES-256-GCM, by HKDF-SHA-256 from the secret).
pub(super) struct Seal {
    keys: Vec<Key>,
}

/// A record as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    id: String,
    /// Unix ms.
    until: i64,
    data: HashMap<String, Value>,
}

impl Seal {
    pub(super) fn new(sealing: &Sealing) -> Self {
        let derive =
            |secret: &Secret| Key::derive_from(format!("{PURPOSE}{}", secret.expose()).as_bytes());
        Self {
            keys: sealing.secrets.iter().map(derive).collect(),
        }
    }

    /// The value of a cookie. An error if it would be too long: a record is never cut.
    pub(super) fn seal(&self, record: &Record) -> Result<String> {
        let until = record.expiry_date.unix_timestamp_nanos() / 1_000_000;
        let sealed = Sealed {
            id: record.id.to_string(),
            until: i64::try_from(until).unwrap_or(i64::MAX),
            data: record.data.clone(),
        };
        let json = serde_json::to_string(&sealed);
        let json = json.map_err(|error| Error::Encode(error.to_string()))?;
        let mut jar = CookieJar::new();
        if let Some(key) = self.keys.first() {
            jar.private_mut(key).add(Cookie::new(NAME, json));
        }
        let value = jar.get(NAME).map(|sealed| sealed.value().to_owned());
        let value = value.ok_or_else(|| Error::Encode("there is no secret".to_owned()))?;
        if value.len() > LONGEST_VALUE {
            let length = value.len();
            return Err(Error::Encode(format!(
                "a session of {length} bytes does not fit into a cookie, which takes {LONGEST_VALUE}"
            )));
        }
        Ok(value)
    }

    /// What was sealed; `None` if it was not sealed with our secrets.
    pub(super) fn open(&self, value: &str) -> Option<Record> {
        if value.len() > LONGEST_VALUE {
            return None;
        }
        let cookie = Cookie::new(NAME, value.to_owned());
        let open = |key| CookieJar::new().private(key).decrypt(cookie.clone());
        let json = self.keys.iter().find_map(open)?;
        let sealed: Sealed = serde_json::from_str(json.value()).ok()?;
        let id: Id = sealed.id.parse().ok()?;
        let until = i128::from(sealed.until) * 1_000_000;
        Some(Record {
            id,
            data: sealed.data,
            expiry_date: OffsetDateTime::from_unix_timestamp_nanos(until).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seal(secrets: &[char]) -> Seal {
        let secrets = secrets.iter().map(|one| one.to_string().repeat(32).into());
        Seal::new(&Sealing {
            secrets: secrets.collect(),
            ttl: Duration::from_secs(60),
        })
    }

    fn record(length: usize) -> Record {
        Record {
            id: Id::default(),
            data: HashMap::from([("name".to_owned(), json!("n".repeat(length)))]),
            expiry_date: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
        }
    }

    #[test]
    fn a_record_is_opened_with_either_secret_and_by_nobody_else() {
        let record = record(10);
        let value = seal(&['a']).seal(&record).unwrap();
        assert!(!value.contains("nnnn") && !value.contains(&record.id.to_string()));
        assert_eq!(seal(&['b', 'a']).open(&value), Some(record.clone()));
        assert_eq!(seal(&['b']).open(&value), None);
        for at in [0, value.len() / 2, value.len() - 1] {
            let mut bytes = value.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(seal(&['a']).open(&changed), None, "{at}");
        }
        assert_eq!(seal(&['a']).open(""), None);
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_tells_the_sizes() {
        let seal = seal(&['a']);
        let longest = (0..4_000).rev().find(|n| seal.seal(&record(*n)).is_ok());
        let longest = longest.unwrap();
        assert!(longest > 2_000, "{longest}");
        let whole = record(longest);
        let value = seal.seal(&whole).unwrap();
        assert!(value.len() <= LONGEST_VALUE);
        assert_eq!(seal.open(&value), Some(whole));
        let error = seal.seal(&record(longest + 1)).unwrap_err().to_string();
        assert!(error.contains("3680") && !error.contains("nnn"), "{error}");
    }
}

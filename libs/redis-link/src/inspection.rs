//! How the Redis that has our keys is set up.

use fred::{error::Error, types::Value};

use crate::RedisLink;

/// Before Redis 7.0 there is no sharded pub/sub (`SSUBSCRIBE`).
const OLDEST: u32 = 7;

/// What a Redis says about itself (its command `INFO`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its version.
    pub version: String,
    /// What it does when its memory is full: `noeviction`, `allkeys-lru` …
    pub eviction: String,
    /// The bytes above which it does that; 0 = no limit of its own.
    pub max_memory: u64,
    /// Whether it writes an append-only file.
    pub append_only: bool,
    /// How many replicas follow it now.
    pub replicas: u32,
    /// Whether it refuses writes that too few replicas would get (`min-replicas-to-write`).
    pub waits_for_replicas: bool,
}

/// One thing about the set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// It is right.
    Good(String),
    /// It works, and something may be lost one day.
    Risky(String),
    /// Fanfare can't rely on it.
    Wrong(String),
}

impl RedisLink {
    /// Asks the Redis that has the keys how it is set up.
    pub async fn inspect(&self) -> Result<Inspection, Error> {
        let all = self.send("INFO", vec![Value::from("all")]).await?;
        Ok(Inspection::parse(&all.convert::<String>()?))
    }
}

impl Inspection {
    fn parse(info: &str) -> Self {
        let field = |name: &str| {
            let mut lines = info.lines();
            lines
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::trim)
        };
        let number = |name: &str| field(name).and_then(|value| value.parse().ok());
        Self {
            version: field("redis_version").unwrap_or_default().to_owned(),
            eviction: field("maxmemory_policy").unwrap_or_default().to_owned(),
            max_memory: number("maxmemory").unwrap_or(0),
            append_only: field("aof_enabled") == Some("1"),
            replicas: number("connected_slaves")
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(0),
            // It is told only where it is set.
            waits_for_replicas: field("min_slaves_good_slaves").is_some(),
        }
    }

    /// What is to be said about it.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let major = self
            .version
            .split('.')
            .next()
            .and_then(|major| major.parse().ok());
        if major.is_some_and(|major: u32| major < OLDEST) {
            let version = &self.version;
            remarks.push(Remark::Wrong(format!(
                "Redis is {version}: Fanfare needs {OLDEST}.0 or newer"
            )));
        }
        let eviction = &self.eviction;
        remarks.push(match (eviction.as_str(), self.max_memory) {
            ("noeviction", _) => Remark::Good("Redis evicts nothing (noeviction)".to_owned()),
            (_, 0) => Remark::Risky(format!(
                "Redis would evict keys if it got a maxmemory ({eviction}): set maxmemory-policy noeviction"
            )),
            (_, limit) => Remark::Wrong(format!(
                "Redis evicts keys above {limit} bytes ({eviction}), and with them events and sign-ins: set maxmemory-policy noeviction"
            )),
        });
        remarks.push(if self.append_only {
            Remark::Good("Redis writes an append-only file".to_owned())
        } else {
            Remark::Risky(
                "Redis forgets what came after its last snapshot when it is killed, and browsers begin anew: set appendonly yes".to_owned(),
            )
        });
        if self.replicas > 0 && !self.waits_for_replicas {
            remarks.push(Remark::Risky(
                "Redis has replicas and does not wait for them: a fail-over may lose what was acknowledged; set min-replicas-to-write 1".to_owned(),
            ));
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\naof_enabled:1\r\n# Replication\r\nconnected_slaves:0\r\n";

    fn with(changes: &[(&str, &str)]) -> Vec<Remark> {
        let mut info = INFO.to_owned();
        for (from, to) in changes {
            info = info.replace(from, to);
        }
        Inspection::parse(&info).remarks()
    }

    #[test]
    fn a_redis_that_is_set_up_well_has_only_good_remarks() {
        let remarks = with(&[]);
        assert!(
            remarks.len() == 2
                && remarks
                    .iter()
                    .all(|remark| matches!(remark, Remark::Good(_))),
            "{remarks:?}"
        );
    }

    #[test]
    fn each_setting_that_loses_something_is_named() {
        for (changes, said) in [
            ([("noeviction", "allkeys-lru")].as_slice(), "would evict"),
            (&[("aof_enabled:1", "aof_enabled:0")], "appendonly yes"),
            (&[("slaves:0", "slaves:2")], "min-replicas-to-write 1"),
        ] {
            let remarks = with(changes);
            let risky =
                |remark: &Remark| matches!(remark, Remark::Risky(text) if text.contains(said));
            assert!(remarks.iter().any(risky), "{changes:?}: {remarks:?}");
        }
        for (changes, said) in [
            (
                [
                    ("noeviction", "volatile-ttl"),
                    ("maxmemory:0", "maxmemory:1000"),
                ]
                .as_slice(),
                "noeviction",
            ),
            (&[("7.0.15", "6.2.14")], "7.0 or newer"),
        ] {
            let remarks = with(changes);
            let wrong =
                |remark: &Remark| matches!(remark, Remark::Wrong(text) if text.contains(said));
            assert!(remarks.iter().any(wrong), "{changes:?}: {remarks:?}");
        }
        let waits = with(&[("slaves:0", "slaves:2\r\nmin_slaves_good_slaves:2")]);
        assert!(!format!("{waits:?}").contains("min-replicas"), "{waits:?}");
    }
}

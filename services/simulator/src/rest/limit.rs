//! Rate limits: a bucket per caller, route and top-level resource, and a global one.
//! Source: the page Rate Limits. The figures are like those seen on Discord.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use axum::http::Method;
use sha2::{Digest, Sha256};

use crate::clock;

/// Requests a second over all routes.
const GLOBAL: u32 = 50;

/// Most buckets; over it those that are full again are forgotten, then all.
const BUCKETS: usize = 10_000;

/// What a bucket allows and what is left of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Allowance {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Unix seconds.
    pub(super) reset: f64,
    /// Seconds.
    pub(super) reset_after: f64,
    pub(super) bucket: String,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// With nothing if limits are switched off.
    Allowed(Option<Allowance>),
    Limited(Allowance),
    /// Seconds to wait.
    GloballyLimited(f64),
}

#[derive(Debug)]
struct Window {
    used: u32,
    ends: Instant,
}

/// All buckets.
#[derive(Debug)]
pub(crate) struct Limits {
    enabled: bool,
    buckets: HashMap<String, Window>,
    global: HashMap<Vec<u8>, Window>,
    /// Answers with 401, 403 and 429: too many of them would get a real client banned.
    invalid: BTreeMap<u16, u64>,
    requests: u64,
}

impl Limits {
    pub(crate) fn new(enabled: bool) -> Self {
        Self {
            enabled,
            buckets: HashMap::new(),
            global: HashMap::new(),
            invalid: BTreeMap::new(),
            requests: 0,
        }
    }

    /// Counts a request of a caller.
    pub(super) fn count(
        &mut self,
        caller: &[u8],
        method: &Method,
        route: &str,
        path: &str,
    ) -> Outcome {
        self.requests += 1;
        if !self.enabled {
            return Outcome::Allowed(None);
        }
        let now = Instant::now();
        self.forget(now);
        if !caller.is_empty() {
            let second = self
                .global
                .entry(caller.to_vec())
                .or_insert(Window { used: 0, ends: now });
            if let Some(wait) = second.hit(now, GLOBAL, Duration::from_secs(1)) {
                return Outcome::GloballyLimited(wait.as_secs_f64());
            }
        }
        let route = unversioned(route);
        let (limit, period) = figures(method, route);
        let bucket = hash(method, route);
        let key = format!("{bucket}:{}:{}", top_level(unversioned(path)), hex(caller));
        let window = self
            .buckets
            .entry(key)
            .or_insert(Window { used: 0, ends: now });
        let limited = window.hit(now, limit, period).is_some();
        let reset_after = window.ends.saturating_duration_since(now).as_secs_f64();
        let allowance = Allowance {
            limit,
            remaining: limit.saturating_sub(window.used),
            reset: clock::unix_micros() as f64 / 1e6 + reset_after,
            reset_after,
            bucket,
        };
        if limited {
            Outcome::Limited(allowance)
        } else {
            Outcome::Allowed(Some(allowance))
        }
    }

    /// Counts an answer, if it is of the kind that gets clients banned.
    pub(super) fn count_invalid(&mut self, status: u16) {
        if matches!(status, 401 | 403 | 429) {
            *self.invalid.entry(status).or_default() += 1;
        }
    }

    /// For `/control/state`: requests, and refused ones by status.
    pub(crate) fn counts(&self) -> (u64, &BTreeMap<u16, u64>) {
        (self.requests, &self.invalid)
    }

    fn forget(&mut self, now: Instant) {
        if self.buckets.len() >= BUCKETS {
            self.buckets.retain(|_, window| window.ends > now);
            self.global.retain(|_, window| window.ends > now);
        }
        if self.buckets.len() >= BUCKETS {
            self.buckets.clear();
        }
    }
}

impl Window {
    /// Counts a request; how long to wait if there is no room for it.
    fn hit(&mut self, now: Instant, limit: u32, period: Duration) -> Option<Duration> {
        if self.ends <= now {
            self.ends = now + period;
            self.used = 0;
        }
        if self.used >= limit {
            return Some(self.ends.duration_since(now));
        }
        self.used += 1;
        None
    }
}

/// How many requests in which time.
fn figures(method: &Method, route: &str) -> (u32, Duration) {
    let (limit, millis) = match (method.as_str(), route) {
        ("POST" | "GET", "/channels/{channel}/messages")
        | ("POST", "/channels/{channel}/typing") => (5, 5_000),
        ("DELETE" | "PATCH", "/channels/{channel}/messages/{message}") => (5, 1_000),
        ("PUT" | "DELETE", route) if route.ends_with("/reactions/{emoji}/{user}") => (1, 250),
        ("PATCH", "/guilds/{guild}/members/{user}") | ("POST", "/guilds/{guild}/channels") => {
            (10, 10_000)
        }
        ("PATCH" | "DELETE", "/channels/{channel}") => (5, 15_000),
        ("PUT" | "DELETE", "/channels/{channel}/permissions/{overwrite}") => (10, 15_000),
        ("GET", "/users/@me/guilds") => (10, 5_000),
        ("GET", "/gateway/bot") => (2, 5_000),
        _ => (30, 1_000),
    };
    (limit, Duration::from_millis(millis))
}

pub(super) fn unversioned(path: &str) -> &str {
    let path = path.strip_prefix("/api").unwrap_or(path);
    ["/v10", "/v9"]
        .iter()
        .find_map(|version| path.strip_prefix(version))
        .unwrap_or(path)
}

/// The guild, channel or webhook that a path begins with.
fn top_level(path: &str) -> &str {
    let mut parts = path.split('/').skip(1);
    match parts.next() {
        Some("guilds" | "channels" | "webhooks") => parts.next().unwrap_or(""),
        _ => "",
    }
}

/// A bucket's name, which tells nothing.
fn hash(method: &Method, route: &str) -> String {
    let shared = if route.ends_with("/reactions/{emoji}/{user}") {
        "*"
    } else {
        method.as_str()
    };
    hex(&Sha256::digest(format!("{shared} {route}"))[..16])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = "/api/v10/channels/{channel}/messages";

    fn post(limits: &mut Limits, channel: &str) -> Outcome {
        let path = format!("/api/v10/channels/{channel}/messages");
        limits.count(b"Bot x", &Method::POST, ROUTE, &path)
    }

    #[test]
    fn a_bucket_belongs_to_one_channel() {
        let mut limits = Limits::new(true);
        for left in (0..5).rev() {
            let Outcome::Allowed(Some(allowance)) = post(&mut limits, "1") else {
                panic!()
            };
            assert_eq!(allowance.remaining, left);
        }
        assert!(matches!(post(&mut limits, "1"), Outcome::Limited(_)));
        assert!(matches!(post(&mut limits, "2"), Outcome::Allowed(_)));
    }

    #[test]
    fn the_global_limit_is_over_all_routes() {
        let mut limits = Limits::new(true);
        let mut outcomes = (0..60).map(|n| post(&mut limits, &n.to_string()));
        assert!(outcomes.any(|outcome| matches!(outcome, Outcome::GloballyLimited(_))));
    }
}

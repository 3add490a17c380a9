use std::{sync::LazyLock, time::Duration};

use async_trait::async_trait;
use fred::{
    prelude::SortedSetsInterface,
    types::{Value, scripts::Script},
};
use redis_link::{RedisConfig, RedisLink, Role};

use crate::{Bucket, Limits, LimitsError, Verdict};

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::from_lua(include_str!("redis/take.lua")));
static HOLD: LazyLock<Script> = LazyLock::new(|| Script::from_lua(include_str!("redis/hold.lua")));

/// Limits in Redis, by its clock: shared by all replicas. A key is gone when its bucket is full or its last place has run out.
#[derive(Debug, Clone)]
pub struct RedisLimits {
    link: RedisLink,
}

impl RedisLimits {
    /// Limits that answer errors until Redis can be reached.
    pub fn connect(redis: &RedisConfig) -> Self {
        Self {
            link: RedisLink::connect(redis, Role::Limits),
        }
    }

    fn places(&self, key: &str) -> String {
        self.link.key(&format!("limits:places:{key}"))
    }
}

#[async_trait]
impl Limits for RedisLimits {
    async fn take(&self, bucket: &Bucket, key: &str) -> Result<Verdict, LimitsError> {
        let each = bucket.per.as_micros() as u64 / u64::from(bucket.rate.max(1));
        let arguments = [number(each.max(1)), number(bucket.burst.into())];
        let key = self.link.key(&format!("limits:{}:{key}", bucket.name));
        let missing: Result<u64, _> = self.link.run(&TAKE, &key, arguments).await;
        Ok(match missing.map_err(unavailable)? {
            0 => Verdict::Granted,
            missing => Verdict::Refused {
                retry_after: Duration::from_micros(missing),
            },
        })
    }

    async fn hold(
        &self,
        key: &str,
        holder: &str,
        most: usize,
        ttl: Duration,
    ) -> Result<bool, LimitsError> {
        let arguments = [
            Value::from(holder),
            number(most as u64),
            number(ttl.as_millis() as u64),
        ];
        let held: Result<u64, _> = self.link.run(&HOLD, &self.places(key), arguments).await;
        Ok(held.map_err(unavailable)? == 1)
    }

    async fn release(&self, key: &str, holder: &str) -> Result<(), LimitsError> {
        let gone: Result<u64, _> = self.link.client().zrem(self.places(key), holder).await;
        self.link.noted(gone).map(drop).map_err(unavailable)
    }
}

fn number(number: u64) -> Value {
    Value::from(number.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
fn unavailable(error: fred::error::Error) -> LimitsError {
    LimitsError(error.to_string())
}

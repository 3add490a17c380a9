//! The limits of the one gateway, over LINK: for a deployment without Redis.

use std::time::Duration;

use ::link::{CallError, Client, Endpoint, Timing};
use async_trait::async_trait;
use contracts::link::{Call, LinkError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Bucket, Limits, LimitsError, Verdict};

const TAKE: &str = "limits.take";
const HOLD: &str = "limits.hold";
const RELEASE: &str = "limits.release";

/// The name under which the gateway keeps the buckets of web; web's own names begin their keys.
const BUCKETS: &str = "link";

/// Limits that the gateway keeps for all replicas of web.
#[derive(Debug)]
pub struct LinkLimits(Client);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Take {
    bucket: String,
    key: String,
    burst: u32,
    rate: u32,
    per_ms: u64,
}

/// Both absent = granted.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hold {
    key: String,
    holder: String,
    most: usize,
    ttl_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Held {
    granted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Release {
    key: String,
    holder: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Released {}

impl LinkLimits {
    /// Connects in the background, within a Tokio runtime.
    pub fn connect(endpoint: &Endpoint, timing: Timing) -> Self {
        Self(Client::new(endpoint.clone(), timing))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        name: &str,
        input: &(impl Serialize + Sync),
    ) -> Result<T, LimitsError> {
        let told = |error: CallError| LimitsError(error.to_string());
        let answer = self.0.ask(name, input).await.map_err(told)?;
        serde_json::from_str(answer.get()).map_err(|error| LimitsError(error.to_string()))
    }
}

#[async_trait]
impl Limits for LinkLimits {
    async fn take(&self, bucket: &Bucket, key: &str) -> Result<Verdict, LimitsError> {
        let input = Take {
            bucket: bucket.name.to_owned(),
            key: key.to_owned(),
            burst: bucket.burst,
            rate: bucket.rate,
            per_ms: millis(bucket.per),
        };
        let taken: Taken = self.ask(TAKE, &input).await?;
        Ok(match taken.retry_after_ms {
            None => Verdict::Granted,
            Some(ms) => Verdict::Refused {
                retry_after: Duration::from_millis(ms),
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
        let input = Hold {
            key: key.to_owned(),
            holder: holder.to_owned(),
            most,
            ttl_ms: millis(ttl),
        };
        let held: Held = self.ask(HOLD, &input).await?;
        Ok(held.granted)
    }

    async fn release(&self, key: &str, holder: &str) -> Result<(), LimitsError> {
        let input = Release {
            key: key.to_owned(),
            holder: holder.to_owned(),
        };
        let Released {} = self.ask(RELEASE, &input).await?;
        Ok(())
    }
}

/// The gateway's side: answers a call from its own limits; `None` = it is none of the limits.
pub async fn answer(limits: &dyn Limits, call: &Call) -> Option<Result<Box<RawValue>, LinkError>> {
    let input = &*call.payload;
    Some(match call.command.as_str() {
        TAKE => match parse(input) {
            Ok(input) => output(take(limits, input).await),
            Err(error) => Err(error),
        },
        HOLD => match parse::<Hold>(input) {
            Ok(Hold {
                key,
                holder,
                most,
                ttl_ms,
            }) => {
                let ttl = Duration::from_millis(ttl_ms);
                let held = limits.hold(&key, &holder, most, ttl).await;
                output(held.map(|granted| Held { granted }))
            }
            Err(error) => Err(error),
        },
        RELEASE => match parse::<Release>(input) {
            Ok(Release { key, holder }) => {
                output(limits.release(&key, &holder).await.map(|()| Released {}))
            }
            Err(error) => Err(error),
        },
        _ => return None,
    })
}

async fn take(limits: &dyn Limits, input: Take) -> Result<Taken, LimitsError> {
    let bucket = Bucket {
        name: BUCKETS,
        burst: input.burst,
        rate: input.rate,
        per: Duration::from_millis(input.per_ms),
    };
    let key = format!("{}:{}", input.bucket, input.key);
    Ok(match limits.take(&bucket, &key).await? {
        Verdict::Granted => Taken::default(),
        Verdict::Refused { retry_after } => Taken {
            // Rounded up: asked again then, it is granted.
            retry_after_ms: Some(millis(retry_after) + 1),
        },
    })
}

fn parse<T: DeserializeOwned>(input: &RawValue) -> Result<T, LinkError> {
    serde_json::from_str(input.get()).map_err(|_| {
        let message = "The input of this command can't be read.";
        LinkError::new(400, "invalid-command", message)
    })
}

fn output(outcome: Result<impl Serialize, LimitsError>) -> Result<Box<RawValue>, LinkError> {
    let unavailable = |why: String| LinkError::new(503, "limits-unavailable", why);
    let output = outcome.map_err(|error| unavailable(error.to_string()))?;
    to_raw_value(&output).map_err(|error| unavailable(error.to_string()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

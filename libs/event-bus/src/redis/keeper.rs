//! Keeps what nobody touches: a guild that is quiet for days must not expire while somebody uses the deployment.

use std::time::Duration;

use fred::{
    interfaces::KeysInterface,
    types::{Expiration, SetOptions, Value},
};
use tracing::{debug, warn};

use super::{calls::Calls, publish, scripts};
use crate::{BusError, Retention};

/// How often the guilds of a deployment are renewed, whichever process does it.
const KEEP_EVERY: Duration = Duration::from_secs(600);

/// Guilds that one script renews, so that it does not hold up others for long.
const GUILDS_PER_SCRIPT: usize = 64;

/// Renews the guilds again and again, until it is aborted.
pub(super) async fn keep(calls: Calls, retention: Retention) {
    loop {
        match round(&calls, retention).await {
            Ok(Some(guilds)) => debug!(component = "Internal", guilds, "the guilds are renewed"),
            Err(error @ BusError::Corrupt(_)) => {
                warn!(component = "Internal", %error, "the guilds can't be renewed");
            }
            // an outage is told by the connection
            Ok(None) | Err(_) => {}
        }
        tokio::time::sleep(KEEP_EVERY / 2).await;
    }
}

/// One round, unless another process did it lately; how many guilds were renewed.
async fn round(calls: &Calls, retention: Retention) -> Result<Option<usize>, BusError> {
    let expire = Some(Expiration::PX(KEEP_EVERY.as_millis() as i64));
    let claim = calls.client().set::<Value, _, _>(
        calls.key("keeper"),
        "1",
        expire,
        Some(SetOptions::NX),
        false,
    );
    if calls.measure("keep", claim).await?.is_null() {
        return Ok(None);
    }
    let guilds = calls.all_guilds().await?;
    for part in guilds.chunks(GUILDS_PER_SCRIPT) {
        let mut arguments: Vec<Value> = publish::retention(retention).into();
        arguments.extend(part.iter().map(|guild| guild.to_string().into()));
        calls.run("keep", &scripts::RENEW, arguments).await?;
    }
    Ok(Some(guilds.len()))
}

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{
    GuildId,
    link::{Command, LinkError},
};
use environment::Secret;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use crate::{CallError, Client, Commands, Directory, Endpoint, Metrics, Timing};

/// Gateways that are connected to at once; beyond it the one goes that was asked the longest ago.
const MOST: usize = 256;

/// A connection that was not used for so long is closed when another one is opened.
const UNUSED: Duration = Duration::from_mins(5);

/// How often it is looked whether somebody holds a shard by now.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Sends each command to the gateway that holds the guild's shard.
///
/// Where that gateway can't be reached, or no longer holds the shard, the command is sent once more: to the next owner as soon
/// as there is one, else to the same address at the end of [`Timing::hand_over`]. Nothing was done before, and the
/// idempotency key stays the same. What was sent and not answered is never sent again.
pub struct Remote {
    directory: Arc<dyn Directory>,
    token: Secret,
    timing: Timing,
    metrics: Metrics,
    open: Mutex<HashMap<String, Open>>,
}

struct Open {
    client: Client,
    used: Instant,
}

/// The part of every payload that says whose gateway has to do it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Concerned {
    guild_id: GuildId,
}

impl Remote {
    /// Connects to a gateway when it is asked for the first time.
    pub fn new(
        directory: Arc<dyn Directory>,
        token: Secret,
        timing: Timing,
        metrics: Metrics,
    ) -> Self {
        Self {
            directory,
            token,
            timing,
            metrics,
            open: Mutex::new(HashMap::new()),
        }
    }

    async fn route(&self, command: Command) -> Result<Box<RawValue>, CallError> {
        let concerned: Concerned = serde_json::from_str(command.payload.get())
            .map_err(|_| LinkError::new(400, "invalid-command", "The command names no guild."))?;
        let guild = concerned.guild_id;
        let first = self.look(guild, false).await?;
        let mut failure = CallError::Away("nobody holds the guild's shard".into());
        if let Some(address) = &first {
            match self.send(address, command.clone()).await {
                Err(error) if error.elsewhere() => failure = error,
                answered => return answered,
            }
        }
        let Some(address) = self.next_owner(guild, first.as_deref()).await? else {
            return Err(away(failure));
        };
        self.metrics.retried();
        self.send(&address, command).await.map_err(away)
    }

    async fn look(&self, guild: GuildId, anew: bool) -> Result<Option<String>, CallError> {
        let found = self.directory.gateway_of(guild, anew).await;
        found.map_err(CallError::Away)
    }

    /// Waits until another address is named than the one that failed, for a while.
    async fn next_owner(
        &self,
        guild: GuildId,
        failed: Option<&str>,
    ) -> Result<Option<String>, CallError> {
        let until = Instant::now() + self.timing.hand_over;
        loop {
            let found = self.look(guild, true).await?;
            let another = found.is_some() && found.as_deref() != failed;
            if another || Instant::now() >= until {
                return Ok(found);
            }
            sleep(LOOK_EVERY.min(self.timing.hand_over)).await;
        }
    }

    async fn send(&self, address: &str, command: Command) -> Result<Box<RawValue>, CallError> {
        self.client(address)?.command(command).await
    }

    fn client(&self, address: &str) -> Result<Client, CallError> {
        let now = Instant::now();
        let mut open = self.open.lock();
        if let Some(known) = open.get_mut(address) {
            known.used = now;
            return Ok(known.client.clone());
        }
        open.retain(|_, known| now.duration_since(known.used) < UNUSED);
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, known)| known.used);
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                open.remove(&oldest);
            }
        }
        let endpoint = Endpoint::new(address, self.token.clone())
            .map_err(|error| CallError::Away(error.to_string()))?;
        let client = Client::new(endpoint, self.timing);
        let kept = Open {
            client: client.clone(),
            used: now,
        };
        open.insert(address.to_owned(), kept);
        Ok(client)
    }
}

/// Nobody holds the shard, as far as can be seen from here.
fn away(error: CallError) -> CallError {
    match error {
        CallError::Refused(error) if error.code == LinkError::ELSEWHERE => {
            CallError::Away(error.message)
        }
        other => other,
    }
}

#[async_trait]
impl Commands for Remote {
    async fn call(&self, command: Command) -> Result<Box<RawValue>, CallError> {
        let begun = Instant::now();
        let outcome = self.route(command).await;
        self.metrics.called(&outcome, begun.elapsed());
        outcome
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Remote")
    }
}

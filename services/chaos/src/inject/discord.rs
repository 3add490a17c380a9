//! What Discord does.

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{CONNECTED_WITHIN, resumed};
use crate::{
    deployment::{Deployment, LOOK_EVERY},
    plan::Trouble,
};

/// How long a socket stays frozen unless the gateway gives it up.
const FREEZE_MS: u64 = 60_000;

/// How many dispatches are told again.
const REPLAYED: u64 = 50;

/// Hits every session and waits until each is resumed.
pub(super) async fn strike(deployment: &mut Deployment, trouble: Trouble) -> anyhow::Result<()> {
    let before = deployment.control.sessions().await?;
    let blows: Vec<Value> = match trouble {
        Trouble::DiscordReconnect => vec![json!({ "kind": "reconnect" })],
        Trouble::DiscordInvalid => vec![json!({ "kind": "invalid-session", "resumable": true })],
        Trouble::DiscordFreeze => vec![json!({ "kind": "freeze", "for_ms": FREEZE_MS })],
        Trouble::DiscordReplay => vec![
            json!({ "kind": "repeat", "count": REPLAYED }),
            json!({ "kind": "replay-duplicates", "amount": REPLAYED, "count": before.all }),
            json!({ "kind": "drop" }),
        ],
        _ => vec![json!({ "kind": "drop" })],
    };
    for blow in blows {
        deployment.control.fault(&blow).await?;
    }
    resumed(deployment, before.resumes + before.all as u64).await?;
    deployment.control.heal().await
}

/// Ends every session for good and waits until there are new ones.
pub(super) async fn forget(deployment: &mut Deployment) -> anyhow::Result<()> {
    let before = deployment.control.sessions().await?;
    let blow = json!({ "kind": "invalid-session", "resumable": false });
    deployment.control.fault(&blow).await?;
    let begun = Instant::now();
    loop {
        let now = deployment.control.sessions().await?;
        if now.connected == before.all && now.identifies >= before.identifies + before.all as u64 {
            return Ok(());
        }
        if begun.elapsed() > CONNECTED_WITHIN {
            anyhow::bail!("there are no new sessions: {now:?}");
        }
        sleep(LOOK_EVERY).await;
    }
}

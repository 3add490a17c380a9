//! What happens to gateways.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

use super::{CONNECTED_WITHIN, Seen, resumed};
use crate::{deployment::Deployment, plan::Fault};

/// Longer than a lease of a shard lasts (5 s).
const PAST_THE_LEASE: Duration = Duration::from_secs(7);

/// How long a gateway that comes back too late is watched; connecting again takes it a second.
const STEALING_SHOWS: Duration = Duration::from_secs(3);

/// `kill -9` of one that holds a shard. Where it is alone, it is started again at once; otherwise when another one has taken over.
pub(super) async fn kill(
    deployment: &mut Deployment,
    fault: Fault,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let before = deployment.control.sessions().await?;
    let (index, held) = deployment.holder(fault.pick).await?;
    let alone = deployment.gateways.len() == 1;
    let victim = &mut deployment.gateways[index].child;
    seen.victim = format!("{} with {held} shards", victim.name());
    victim.kill().await?;
    if alone {
        victim.launch()?;
    }
    let took = resumed(deployment, before.resumes + held).await?;
    seen.take_over = Some(took);
    if !alone {
        deployment.gateways[index].child.launch()?;
    }
    Ok(())
}

/// SIGSTOP past the lease, then SIGCONT: what it held is another one's then, and has to stay there.
pub(super) async fn pause(
    deployment: &mut Deployment,
    fault: Fault,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let (index, held) = deployment.holder(fault.pick).await?;
    let victim = &deployment.gateways[index].child;
    seen.victim = format!("{} with {held} shards", victim.name());
    victim.signal("STOP").await?;
    sleep(PAST_THE_LEASE).await;
    deployment.connected(CONNECTED_WITHIN).await?;
    let before = deployment.control.sessions().await?;
    deployment.gateways[index].child.signal("CONT").await?;
    sleep(STEALING_SHOWS).await;
    let now = deployment.control.sessions().await?;
    if now.resumes != before.resumes || now.identifies != before.identifies {
        bail!(
            "the gateway that was stopped takes sessions back: {} RESUMEs, {} IDENTIFYs",
            now.resumes - before.resumes,
            now.identifies - before.identifies
        );
    }
    Ok(())
}

/// SIGTERM to each, one after the other; the next one when the last one is back.
pub(super) async fn roll(deployment: &mut Deployment, seen: &mut Seen) -> anyhow::Result<()> {
    for index in 0..deployment.gateways.len() {
        let before = deployment.control.sessions().await?;
        let held = deployment.held(index).await?;
        let alone = deployment.gateways.len() == 1;
        let begun = Instant::now();
        let ended = deployment.gateways[index].child.terminate().await?;
        if alone {
            ended.await?;
            deployment.gateways[index].child.launch()?;
            resumed(deployment, before.resumes + held).await?;
        } else {
            resumed(deployment, before.resumes + held).await?;
            if held > 0 {
                seen.hand_overs.push(begun.elapsed());
            }
            ended.await?;
            deployment.gateways[index].child.launch()?;
        }
        deployment.ready().await?;
    }
    Ok(())
}

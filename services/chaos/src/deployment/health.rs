//! What a load balancer does: asks each replica whether it is ready and sends browsers to those that are.

use std::{net::SocketAddr, time::Duration};

use lifecycle::Lifecycle;

use crate::{control::client, proxy::Proxy};

/// How often each replica is asked.
const EVERY: Duration = Duration::from_millis(250);

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Keeps the balancer aimed at the replicas that are ready.
pub(super) fn watch(
    lifecycle: &Lifecycle,
    replicas: Vec<SocketAddr>,
    balancer: Proxy,
) -> anyhow::Result<()> {
    let client = client()?;
    let drain = lifecycle.drain();
    lifecycle.track(async move {
        loop {
            let probes = replicas.iter().map(|replica| is_ready(&client, *replica));
            let ready = futures_util::future::join_all(probes).await;
            let up = replicas.iter().zip(ready).filter(|(_, ready)| *ready);
            balancer.aim(up.map(|(replica, _)| *replica).collect());
            tokio::select! {
                () = drain.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    });
    Ok(())
}

async fn is_ready(client: &reqwest::Client, replica: SocketAddr) -> bool {
    let probe = client.get(format!("http://{replica}/api/ready"));
    let reply = probe.timeout(ANSWER_WITHIN).send().await;
    reply.is_ok_and(|reply| reply.status().is_success())
}

//! Gives up a connection that falls silent: a server that hangs, or was cut off while another took over.
//!
//! The client's own timer begins anew with every command that is written, so it never runs out on a busy connection.

use std::time::Duration;

use fred::prelude::{Client, ClientLike, ClusterInterface, KeysInterface};
use tokio::time::{MissedTickBehavior, timeout};
use tracing::warn;

use crate::Role;

/// How often a connection is probed, and how long an answer may take.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Probes without an answer in a row before the connection is made anew.
const SILENT_PROBES: u32 = 3;

/// Probes `client` until it is aborted. `key` is where the deployment's keys are, on a Cluster.
pub(crate) async fn guard(client: Client, role: Role, key: String) {
    let mut probes = tokio::time::interval(PROBE_EVERY);
    probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = 0;
    loop {
        probes.tick().await;
        // while it is not connected it connects by itself
        if !client.is_connected()
            || timeout(PROBE_EVERY, probe(&client, role, &key))
                .await
                .is_ok()
        {
            silent = 0;
            continue;
        }
        silent += 1;
        if silent < SILENT_PROBES {
            continue;
        }
        silent = 0;
        warn!(
            component = "Internal",
            connection = role.name(),
            "Redis does not answer any more; connecting anew"
        );
        // that it is back is told by the client's events
        let _ = timeout(PROBE_EVERY, client.force_reconnection()).await;
    }
}

/// Waits for any answer, also a refusal.
async fn probe(client: &Client, role: Role, key: &str) {
    let nodes = client.cached_cluster_state();
    match nodes.filter(|_| role == Role::Sessions) {
        // sessions are spread over all nodes
        Some(nodes) => {
            for node in nodes.unique_primary_nodes() {
                let _ = client
                    .with_cluster_node(node)
                    .ping::<fred::types::Value>(None)
                    .await;
            }
        }
        None => {
            let _ = client.exists::<u64, _>(key).await;
        }
    }
}

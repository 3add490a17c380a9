//! Many instances at once.

use std::{collections::BTreeMap, time::Duration};

use gateway_registry::{Budget, Claim, Lease, Permit, Renewal};
use tokio::task::JoinSet;

use super::{LONG, Registry, SHORT, eventually, granted, shard};

const INSTANCES: u32 = 16;
const SHARDS: u32 = 8;

async fn claim_all(registry: Registry, owner: String, count: u32) -> Vec<Lease> {
    let mut leases = Vec::new();
    for id in 0..count {
        // each begins elsewhere, as instances do
        let id = (id + owner.len() as u32) % count;
        let claim = registry.claim(shard(id, count), &owner, LONG).await;
        if let Claim::Granted { lease, .. } = claim.unwrap() {
            leases.push(lease);
        }
    }
    leases
}

/// Every instance claims every shard; the leases that were granted.
async fn scramble(registry: &Registry, count: u32) -> Vec<Lease> {
    let mut instances = JoinSet::new();
    for instance in 0..INSTANCES {
        let owner = "x".repeat(instance as usize);
        instances.spawn(claim_all(registry.clone(), owner, count));
    }
    instances.join_all().await.concat()
}

pub(crate) async fn each_shard_is_granted_once(registry: Registry) {
    let mut highest = 0;
    for _ in 0..5 {
        let leases = scramble(&registry, SHARDS).await;
        let mut owners: Vec<_> = leases
            .iter()
            .map(|lease| (lease.shard.id, lease.owner.clone()))
            .collect();
        owners.sort();
        assert_eq!(owners, registry.leases().await.unwrap());
        let by_fence: BTreeMap<_, _> = leases.iter().map(|it| (it.fence, it.shard)).collect();
        assert_eq!(by_fence.len(), SHARDS as usize, "{leases:?}");
        let lowest = by_fence.keys().next().copied().unwrap();
        assert!(lowest > highest, "{lowest} after {highest}");
        highest = by_fence.keys().last().copied().unwrap();
        for lease in &leases {
            registry.release(lease, None).await.unwrap();
        }
    }
}

pub(crate) async fn an_expired_shard_is_granted_once(registry: Registry) {
    let (old, _) = granted(&registry, shard(0, 1), "old", SHORT).await;
    eventually(async || registry.leases().await.unwrap().is_empty()).await;
    let mut renewal = JoinSet::new();
    let (late, lease) = (registry.clone(), old.clone());
    renewal.spawn(async move { late.renew(&lease, LONG, None).await.unwrap() });
    let new = scramble(&registry, 1).await;
    let renewed = renewal.join_next().await.unwrap().unwrap() != Renewal::Lost;
    assert_eq!(new.len() + usize::from(renewed), 1, "{new:?}, {renewed}");
}

pub(crate) async fn leases_of_two_counts_are_never_held_together(registry: Registry) {
    let mut held = scramble(&registry, 4).await;
    assert_eq!(held.len(), 4);
    for count in [2, 8, 3] {
        registry.recount(count).await.unwrap();
        let mut claims = JoinSet::new();
        for instance in 0..INSTANCES {
            let owner = "x".repeat(instance as usize);
            claims.spawn(claim_all(registry.clone(), owner, count));
        }
        // given back while others claim
        for lease in &held {
            assert_eq!(
                registry.renew(lease, LONG, None).await.unwrap(),
                Renewal::Held { recount: true },
                "it was doubled before it was given back"
            );
            registry.release(lease, None).await.unwrap();
        }
        held = claims.join_all().await.concat();
        for lease in &held {
            assert_eq!(
                registry.renew(lease, LONG, None).await.unwrap(),
                Renewal::Held { recount: false }
            );
        }
        held.extend(scramble(&registry, count).await);
        assert_eq!(held.len(), count as usize);
    }
}

pub(crate) async fn permits_are_counted_once_each(registry: Registry) {
    let told = Budget {
        total: 100,
        remaining: 15,
        resets_in: Duration::from_hours(1),
    };
    registry.budget(told).await.unwrap();
    let mut instances = JoinSet::new();
    for instance in 0..INSTANCES * 4 {
        let registry = registry.clone();
        instances.spawn(async move { registry.permit(instance % 32, LONG).await.unwrap() });
    }
    let mut left: Vec<_> = instances
        .join_all()
        .await
        .into_iter()
        .filter_map(|permit| match permit {
            Permit::Granted { remaining } => Some(remaining),
            _ => None,
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, (5..15).collect::<Vec<_>>());
}

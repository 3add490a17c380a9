use gateway_registry::{Claim, RegistryError, Renewal, SHARD_LIMIT, ShardCount};

use super::{LONG, Registry, SHORT, eventually, granted, granted_in_the_end, shard};

const fn count(current: u32, next: Option<u32>, previous: Option<u32>) -> ShardCount {
    ShardCount {
        current,
        next,
        previous,
    }
}

async fn said(registry: &Registry) -> Option<ShardCount> {
    registry.shard_count().await.unwrap()
}

/// Uses a count: somebody claims a shard of it and gives it back.
async fn used(registry: &Registry, count: u32) {
    let (lease, _) = granted(registry, shard(0, count), "a", LONG).await;
    registry.release(&lease, None).await.unwrap();
}

pub(crate) async fn nobody_has_said_a_count_at_first(registry: Registry) {
    assert_eq!(said(&registry).await, None);
    assert!(registry.leases().await.unwrap().is_empty());
}

pub(crate) async fn the_first_count_is_in_force_at_once(registry: Registry) {
    let expected = count(4, None, None);
    assert_eq!(registry.recount(4).await.unwrap(), expected);
    assert_eq!(registry.recount(4).await.unwrap(), expected);
    assert_eq!(said(&registry).await, Some(expected));
}

pub(crate) async fn the_first_claim_says_the_count_if_nobody_has(registry: Registry) {
    granted(&registry, shard(1, 3), "a", LONG).await;
    assert_eq!(said(&registry).await, Some(count(3, None, None)));
    let other = registry.claim(shard(1, 4), "b", LONG).await.unwrap();
    assert_eq!(other, Claim::Recounted(count(3, None, None)));
}

pub(crate) async fn a_count_changes_at_once_while_no_lease_is_held(registry: Registry) {
    registry.recount(2).await.unwrap();
    used(&registry, 2).await;
    let expected = count(8, None, Some(2));
    assert_eq!(registry.recount(8).await.unwrap(), expected);
    let old = registry.claim(shard(0, 2), "a", LONG).await.unwrap();
    assert_eq!(old, Claim::Recounted(expected));
    granted(&registry, shard(7, 8), "a", LONG).await;
}

pub(crate) async fn a_count_waits_for_the_last_release(registry: Registry) {
    let (first, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    let (last, _) = granted(&registry, shard(1, 2), "b", LONG).await;
    let waiting = count(2, Some(4), None);
    assert_eq!(registry.recount(4).await.unwrap(), waiting);
    assert_eq!(said(&registry).await, Some(waiting));
    for lease in [&first, &last] {
        let renewal = registry.renew(lease, LONG, None).await.unwrap();
        assert_eq!(renewal, Renewal::Held { recount: true });
    }
    let held = registry.claim(shard(0, 2), "c", LONG).await.unwrap();
    assert!(
        matches!(held, Claim::Held { ref owner, .. } if owner == "a"),
        "{held:?}"
    );

    registry.release(&first, None).await.unwrap();
    for early in [shard(0, 2), shard(0, 4)] {
        let claim = registry.claim(early, "c", LONG).await.unwrap();
        assert_eq!(claim, Claim::Recounted(waiting), "{early}");
    }
    let renewal = registry.renew(&last, LONG, None).await.unwrap();
    assert_eq!(renewal, Renewal::Held { recount: true });

    registry.release(&last, None).await.unwrap();
    assert_eq!(said(&registry).await, Some(count(4, None, Some(2))));
    granted(&registry, shard(3, 4), "c", LONG).await;
}

pub(crate) async fn a_count_waits_for_the_last_expiry(registry: Registry) {
    let (released, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    let (expires, _) = granted(&registry, shard(1, 2), "b", SHORT).await;
    registry.recount(4).await.unwrap();
    registry.release(&released, None).await.unwrap();
    eventually(async || said(&registry).await == Some(count(4, None, Some(2)))).await;
    assert_eq!(
        registry.renew(&expires, LONG, None).await.unwrap(),
        Renewal::Lost
    );
    assert!(registry.leases().await.unwrap().is_empty());
}

pub(crate) async fn a_claim_notices_that_the_last_lease_expired(registry: Registry) {
    granted(&registry, shard(0, 1), "a", SHORT).await;
    registry.recount(4).await.unwrap();
    granted_in_the_end(&registry, shard(0, 4), "b").await;
}

pub(crate) async fn the_count_in_force_cancels_the_one_that_waits(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    registry.recount(4).await.unwrap();
    assert_eq!(registry.recount(2).await.unwrap(), count(2, None, None));
    let renewal = registry.renew(&lease, LONG, None).await.unwrap();
    assert_eq!(renewal, Renewal::Held { recount: false });
    granted(&registry, shard(1, 2), "b", LONG).await;
    registry.release(&lease, None).await.unwrap();
    assert_eq!(said(&registry).await, Some(count(2, None, None)));
}

pub(crate) async fn of_two_counts_that_wait_the_later_one_counts(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    registry.recount(4).await.unwrap();
    let waiting = registry.recount(8).await.unwrap();
    assert_eq!(waiting, count(2, Some(8), None));
    registry.release(&lease, None).await.unwrap();
    assert_eq!(said(&registry).await, Some(count(8, None, Some(2))));
}

pub(crate) async fn a_count_that_nobody_used_is_not_the_previous_one(registry: Registry) {
    registry.recount(2).await.unwrap();
    used(&registry, 2).await;
    registry.recount(4).await.unwrap();
    assert_eq!(registry.recount(8).await.unwrap(), count(8, None, Some(2)));
    assert_eq!(registry.recount(2).await.unwrap(), count(2, None, None));
}

pub(crate) async fn a_lease_of_an_earlier_count_is_lost_for_good(registry: Registry) {
    let (old, _) = granted(&registry, shard(0, 2), "a", SHORT).await;
    eventually(async || registry.recount(4).await.unwrap().current == 4).await;
    registry.recount(2).await.unwrap();
    assert_eq!(
        registry.renew(&old, LONG, None).await.unwrap(),
        Renewal::Lost
    );
    let (_, session) = granted(&registry, shard(0, 2), "b", LONG).await;
    assert_eq!(session, None);
}

pub(crate) async fn what_can_not_be_numbered_so_is_refused(registry: Registry) {
    for wrong in [0, SHARD_LIMIT + 1] {
        let refused = registry.recount(wrong).await;
        assert!(
            matches!(refused, Err(RegistryError::NoSuchCount(n)) if n == wrong),
            "{refused:?}"
        );
        let refused = registry.claim(shard(0, wrong), "a", LONG).await;
        assert!(
            matches!(refused, Err(RegistryError::NoSuchCount(_))),
            "{refused:?}"
        );
    }
    let refused = registry.claim(shard(2, 2), "a", LONG).await.unwrap_err();
    assert!(
        matches!(refused, RegistryError::NoSuchShard(_)),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("2/2"), "{refused}");
    assert_eq!(said(&registry).await, None);
}

pub(crate) async fn the_largest_count_works(registry: Registry) {
    registry.recount(SHARD_LIMIT).await.unwrap();
    let (low, _) = granted(&registry, shard(0, SHARD_LIMIT), "a", LONG).await;
    let (high, _) = granted(&registry, shard(SHARD_LIMIT - 1, SHARD_LIMIT), "b", LONG).await;
    let expected = [(0, "a".to_owned()), (SHARD_LIMIT - 1, "b".to_owned())];
    assert_eq!(registry.leases().await.unwrap(), expected);
    registry.recount(1).await.unwrap();
    for lease in [low, high] {
        assert_eq!(said(&registry).await.unwrap().current, SHARD_LIMIT);
        registry.release(&lease, None).await.unwrap();
    }
    assert_eq!(
        said(&registry).await,
        Some(count(1, None, Some(SHARD_LIMIT)))
    );
}

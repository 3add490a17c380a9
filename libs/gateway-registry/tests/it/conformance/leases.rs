use gateway_registry::{Claim, Lease, Renewal};

use super::{LONG, Registry, SHORT, begun, eventually, granted, granted_in_the_end, shard};

async fn held(registry: &Registry) -> Vec<(u32, String)> {
    registry.leases().await.unwrap()
}

fn listed<const N: usize>(leases: [(u32, &str); N]) -> Vec<(u32, String)> {
    leases.map(|(id, owner)| (id, owner.to_owned())).to_vec()
}

async fn renewal(registry: &Registry, lease: &Lease) -> Renewal {
    registry.renew(lease, LONG, None).await.unwrap()
}

const HELD: Renewal = Renewal::Held { recount: false };

pub(crate) async fn a_free_shard_is_granted_and_listed(registry: Registry) {
    for (id, owner) in [(2, "a"), (0, "b")] {
        let (lease, session) = granted(&registry, shard(id, 3), owner, LONG).await;
        assert_eq!(
            (lease.shard, lease.owner.as_str(), session),
            (shard(id, 3), owner, None)
        );
    }
    assert_eq!(held(&registry).await, listed([(0, "b"), (2, "a")]));
}

pub(crate) async fn a_held_shard_is_refused_to_everybody(registry: Registry) {
    granted(&registry, shard(0, 1), "a", LONG).await;
    for claimant in ["a", "b"] {
        let claim = registry.claim(shard(0, 1), claimant, LONG).await.unwrap();
        let Claim::Held { owner, expires_in } = claim else {
            panic!("{claimant}: {claim:?}");
        };
        assert_eq!(owner, "a");
        assert!(
            expires_in <= LONG && expires_in > LONG / 2,
            "{expires_in:?}"
        );
    }
}

pub(crate) async fn a_released_shard_is_free_at_once(registry: Registry) {
    let (first, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    registry.release(&first, None).await.unwrap();
    assert!(held(&registry).await.is_empty());
    assert_eq!(renewal(&registry, &first).await, Renewal::Lost);
    let (second, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    assert!(second.fence > first.fence);
}

pub(crate) async fn releasing_what_is_not_held_is_no_error_and_changes_nothing(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    let strange = [
        Lease {
            fence: lease.fence - 1,
            ..lease.clone()
        },
        Lease {
            owner: "b".to_owned(),
            ..lease.clone()
        },
        Lease {
            shard: shard(1, 2),
            ..lease.clone()
        },
        Lease {
            shard: shard(0, 3),
            ..lease.clone()
        },
    ];
    for stranger in strange {
        registry.release(&stranger, None).await.unwrap();
    }
    assert_eq!(held(&registry).await, listed([(0, "a")]));
    assert_eq!(renewal(&registry, &lease).await, HELD);
}

pub(crate) async fn an_expired_shard_goes_to_whoever_claims_it(registry: Registry) {
    let (old, _) = granted(&registry, shard(0, 1), "a", SHORT).await;
    let (new, _) = granted_in_the_end(&registry, shard(0, 1), "b").await;
    assert!(new.fence > old.fence);
    assert_eq!(renewal(&registry, &old).await, Renewal::Lost);
    registry.release(&old, None).await.unwrap();
    assert_eq!(held(&registry).await, listed([(0, "b")]));
    assert_eq!(renewal(&registry, &new).await, HELD);
}

pub(crate) async fn an_expired_lease_that_nobody_claimed_is_renewed(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 1), "a", SHORT).await;
    eventually(async || held(&registry).await.is_empty()).await;
    assert_eq!(renewal(&registry, &lease).await, HELD);
    assert_eq!(held(&registry).await, listed([(0, "a")]));
}

pub(crate) async fn a_renewed_lease_outlives_its_first_time(registry: Registry) {
    let (renewed, _) = granted(&registry, shard(0, 2), "a", SHORT).await;
    granted(&registry, shard(1, 2), "b", SHORT).await;
    assert_eq!(renewal(&registry, &renewed).await, HELD);
    eventually(async || held(&registry).await.len() < 2).await;
    assert_eq!(held(&registry).await, listed([(0, "a")]));
}

pub(crate) async fn only_owner_and_fence_together_renew(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    let mut strange = vec![lease.clone(); 4];
    strange[0].fence += 1;
    strange[1].owner.push('A');
    strange[2].shard.id = 1;
    strange[3].shard.count = 3;
    for stranger in strange {
        assert_eq!(
            renewal(&registry, &stranger).await,
            Renewal::Lost,
            "{stranger:?}"
        );
    }
    assert_eq!(renewal(&registry, &lease).await, HELD);
}

pub(crate) async fn every_fence_and_generation_is_higher_than_all_before(registry: Registry) {
    let mut highest = 0;
    for round in 0..20 {
        let (lease, _) = granted(&registry, shard(round % 4, 4), "a", LONG).await;
        assert!(lease.fence > highest, "{} after {highest}", lease.fence);
        let id = round.to_string();
        let session = registry.begin_session(&lease, begun(&id, "")).await;
        let session = session.unwrap().unwrap();
        assert!(session.generation > lease.fence);
        highest = session.generation;
        registry.release(&lease, None).await.unwrap();
    }
}

pub(crate) async fn any_text_may_be_an_owner(registry: Registry) {
    let odd = "pod \"7\"\n{}: * ünïcode \u{0}";
    let (lease, _) = granted(&registry, shard(0, 2), odd, LONG).await;
    assert_eq!(renewal(&registry, &lease).await, HELD);
    assert_eq!(held(&registry).await, listed([(0, odd)]));
    granted(&registry, shard(1, 2), "", LONG).await;
    assert_eq!(held(&registry).await, listed([(0, odd), (1, "")]));
}

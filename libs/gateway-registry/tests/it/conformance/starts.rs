use std::time::Duration;

use gateway_registry::{Budget, Permit};

use super::{LONG, Registry, SHORT, eventually};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

async fn told(registry: &Registry, total: u32, remaining: u32, resets_in: Duration) {
    let budget = Budget {
        total,
        remaining,
        resets_in,
    };
    registry.budget(budget).await.unwrap();
}

async fn permit(registry: &Registry, key: u32) -> Permit {
    registry.permit(key, LONG).await.unwrap()
}

fn is_exhausted(permit: Permit, at_most: Duration) -> bool {
    matches!(permit, Permit::Exhausted { resets_in } if resets_in <= at_most && resets_in > at_most / 2)
}

const fn granted(remaining: u32) -> Permit {
    Permit::Granted { remaining }
}

pub(crate) async fn a_budget_must_be_told_first(registry: Registry) {
    assert_eq!(permit(&registry, 0).await, Permit::Untold);
    told(&registry, 1_000, 990, HOUR).await;
    assert_eq!(permit(&registry, 0).await, granted(989));
}

pub(crate) async fn permits_count_down_to_the_reserve(registry: Registry) {
    told(&registry, 100, 8, HOUR).await;
    for (key, remaining) in [(0, 7), (1, 6), (2, 5)] {
        assert_eq!(permit(&registry, key).await, granted(remaining));
    }
    let refused = permit(&registry, 3).await;
    assert!(is_exhausted(refused, HOUR), "{refused:?}");
}

pub(crate) async fn a_small_budget_has_no_reserve(registry: Registry) {
    told(&registry, 19, 2, HOUR).await;
    assert_eq!(permit(&registry, 0).await, granted(1));
    assert_eq!(permit(&registry, 1).await, granted(0));
    let refused = permit(&registry, 2).await;
    assert!(is_exhausted(refused, HOUR), "{refused:?}");
}

pub(crate) async fn starts_of_one_key_keep_their_distance(registry: Registry) {
    told(&registry, 1_000, 1_000, HOUR).await;
    assert_eq!(permit(&registry, 0).await, granted(999));
    let refused = permit(&registry, 0).await;
    assert!(
        matches!(refused, Permit::Wait(left) if left <= LONG && left > LONG / 2),
        "{refused:?}"
    );
    assert_eq!(permit(&registry, u32::MAX).await, granted(998));

    let began = tokio::time::Instant::now();
    registry.permit(7, SHORT).await.unwrap();
    eventually(async || registry.permit(7, SHORT).await.unwrap() == granted(996)).await;
    // both clocks count whole ms
    assert!(began.elapsed() + Duration::from_millis(2) >= SHORT);
}

pub(crate) async fn a_used_up_budget_is_told_before_the_distance(registry: Registry) {
    told(&registry, 10, 1, HOUR).await;
    assert_eq!(permit(&registry, 0).await, granted(0));
    let refused = permit(&registry, 0).await;
    assert!(is_exhausted(refused, HOUR), "{refused:?}");
}

pub(crate) async fn the_lower_number_of_one_period_counts(registry: Registry) {
    told(&registry, 1_000, 500, HOUR).await;
    assert_eq!(permit(&registry, 0).await, granted(499));
    // an older answer, told late
    told(&registry, 1_000, 600, HOUR + LONG).await;
    assert_eq!(permit(&registry, 1).await, granted(498));
    // somebody else uses the token too
    told(&registry, 1_000, 300, HOUR).await;
    assert_eq!(permit(&registry, 2).await, granted(299));
    // the total is what was told last, the end what was told earliest
    told(&registry, 8_000, 8_000, HOUR + LONG).await;
    let refused = permit(&registry, 3).await;
    assert!(is_exhausted(refused, HOUR), "{refused:?}");
}

pub(crate) async fn a_new_period_replaces_the_old_one(registry: Registry) {
    told(&registry, 1_000, 51, HOUR).await;
    assert_eq!(permit(&registry, 0).await, granted(50));
    let refused = permit(&registry, 1).await;
    assert!(is_exhausted(refused, HOUR), "{refused:?}");
    told(&registry, 1_000, 1_000, DAY).await;
    assert_eq!(permit(&registry, 1).await, granted(999));
    told(&registry, 1_000, 50, DAY).await;
    let refused = permit(&registry, 2).await;
    assert!(is_exhausted(refused, DAY), "{refused:?}");
}

pub(crate) async fn a_period_that_ended_must_be_told_anew(registry: Registry) {
    told(&registry, 1_000, 0, SHORT).await;
    eventually(async || permit(&registry, 0).await == Permit::Untold).await;
    told(&registry, 1_000, 1_000, SHORT * 100).await;
    assert_eq!(permit(&registry, 0).await, granted(999));
}

pub(crate) async fn a_period_that_has_not_begun_lasts_a_day(registry: Registry) {
    told(&registry, 20, 20, Duration::ZERO).await;
    assert_eq!(permit(&registry, 0).await, granted(19));
    // asked again before Discord has seen the first start
    told(&registry, 20, 20, Duration::ZERO).await;
    assert_eq!(permit(&registry, 1).await, granted(18));
    told(&registry, 20, 1, Duration::ZERO).await;
    let refused = permit(&registry, 2).await;
    assert!(is_exhausted(refused, DAY), "{refused:?}");
}

//! What every adapter must do: one clause of the port's contract per function.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use limits::{Bucket, Limits, Verdict};
use tokio::task::JoinSet;

/// Longer than any test.
pub(crate) const LONG: Duration = Duration::from_mins(5);
/// Soon over; nothing may depend on its lasting for a while.
pub(crate) const SHORT: Duration = Duration::from_millis(200);
/// Until something that must happen has happened.
const DEADLINE: Duration = Duration::from_secs(10);

/// A bucket that does not fill again within a test.
const SLOW: Bucket = Bucket {
    name: "slow",
    burst: 10,
    rate: 1,
    per: LONG,
};

pub(crate) type Port = Arc<dyn Limits>;

/// Runs every clause.
///
/// - `holds!(fresh)` makes a test of each; `fresh().await` gives `(keep-alive, Port)`.
/// - `holds!(name on topology)` makes one test, for a topology that takes long to start; `topology().await` gives
///   `(keep-alive, Fn(&str) -> Port)`: limits of its own by the name of each clause.
macro_rules! holds {
    ($fresh:path) => {
        $crate::conformance::holds!(@clauses each $fresh);
    };
    ($name:ident on $topology:path) => {
        $crate::conformance::holds!(@clauses together $name $topology);
    };
    (@clauses $($how:tt)+) => {
        $crate::conformance::holds!(@$($how)+:
            a_bucket_gives_its_burst_and_then_its_rate,
            refused_calls_take_nothing,
            names_and_keys_have_buckets_of_their_own,
            many_at_once_get_no_more_than_the_burst,
            there_are_so_many_places_and_no_more,
            whoever_holds_a_place_goes_on_holding_it,
            a_place_whose_holder_died_runs_out,
            keys_have_places_of_their_own,
            many_at_once_hold_no_more_places_than_there_are,
        );
    };
    (@each $fresh:path: $($clause:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            let (_alive, limits) = $fresh().await;
            $crate::conformance::$clause(limits).await;
        }
    )+};
    (@together $name:ident $topology:path: $($clause:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (_alive, limits) = $topology().await;
            let mut clauses = tokio::task::JoinSet::new();
            $(
                let clause = $crate::conformance::$clause(limits(stringify!($clause)));
                clauses.spawn(async move {
                    let outcome = tokio::spawn(clause).await;
                    (stringify!($clause), outcome.is_ok())
                });
            )+
            let outcomes = clauses.join_all().await;
            let failed: Vec<_> = outcomes.iter().filter(|(_, held)| !held).collect();
            assert!(failed.is_empty(), "{failed:?}");
        }
    };
}
pub(crate) use holds;

/// Waits until the condition holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < DEADLINE, "it did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How long until the bucket gives again.
async fn refused(limits: &Port, bucket: &Bucket, key: &str) -> Duration {
    match limits.take(bucket, key).await.unwrap() {
        Verdict::Refused { retry_after } => retry_after,
        Verdict::Granted => panic!("it was granted"),
    }
}

async fn granted(limits: &Port, bucket: &Bucket, key: &str) -> bool {
    limits.take(bucket, key).await.unwrap() == Verdict::Granted
}

pub(crate) async fn a_bucket_gives_its_burst_and_then_its_rate(limits: Port) {
    let bucket = Bucket {
        name: "quick",
        burst: 3,
        rate: 2,
        per: Duration::from_secs(2),
    };
    let begun = Instant::now();
    for _ in 0..3 {
        assert!(granted(&limits, &bucket, "k").await);
    }
    let retry_after = refused(&limits, &bucket, "k").await;
    assert!(!retry_after.is_zero() && retry_after <= Duration::from_secs(1));
    eventually(|| granted(&limits, &bucket, "k")).await;
    let came = begun.elapsed();
    assert!(came >= Duration::from_millis(995), "{came:?}");
    assert!(!refused(&limits, &bucket, "k").await.is_zero());
}

pub(crate) async fn refused_calls_take_nothing(limits: Port) {
    let bucket = Bucket {
        name: "quick",
        burst: 1,
        rate: 1,
        per: SHORT * 5,
    };
    assert!(granted(&limits, &bucket, "k").await);
    let mut last = refused(&limits, &bucket, "k").await;
    for _ in 0..20 {
        match limits.take(&bucket, "k").await.unwrap() {
            Verdict::Refused { retry_after } => {
                assert!(retry_after <= last, "{retry_after:?} after {last:?}");
                last = retry_after;
            }
            Verdict::Granted => return,
        }
    }
}

pub(crate) async fn names_and_keys_have_buckets_of_their_own(limits: Port) {
    let one = Bucket { burst: 1, ..SLOW };
    let other = Bucket {
        name: "other",
        ..one
    };
    assert!(granted(&limits, &one, "k").await);
    assert!(granted(&limits, &one, "l").await);
    assert!(granted(&limits, &other, "k").await);
    let retry_after = refused(&limits, &one, "k").await;
    assert!(retry_after > LONG / 2 && retry_after <= LONG);
}

pub(crate) async fn many_at_once_get_no_more_than_the_burst(limits: Port) {
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let limits = Arc::clone(&limits);
        calls.spawn(async move { granted(&limits, &SLOW, "k").await });
    }
    let granted = calls
        .join_all()
        .await
        .into_iter()
        .filter(|granted| *granted);
    assert_eq!(granted.count(), 10);
}

pub(crate) async fn there_are_so_many_places_and_no_more(limits: Port) {
    for (holder, expected) in [("a", true), ("b", true), ("c", false)] {
        let held = limits.hold("k", holder, 2, LONG).await.unwrap();
        assert_eq!(held, expected, "{holder}");
    }
    limits.release("k", "nobody").await.unwrap();
    limits.release("nothing", "a").await.unwrap();
    assert!(!limits.hold("k", "c", 2, LONG).await.unwrap());
    limits.release("k", "a").await.unwrap();
    assert!(limits.hold("k", "c", 2, LONG).await.unwrap());
    assert!(!limits.hold("none", "a", 0, LONG).await.unwrap());
}

pub(crate) async fn whoever_holds_a_place_goes_on_holding_it(limits: Port) {
    assert!(limits.hold("k", "a", 1, SHORT).await.unwrap());
    assert!(limits.hold("k", "a", 1, LONG).await.unwrap());
    tokio::time::sleep(SHORT * 2).await;
    assert!(!limits.hold("k", "b", 1, LONG).await.unwrap());
    assert!(limits.hold("k", "a", 1, LONG).await.unwrap());
}

pub(crate) async fn a_place_whose_holder_died_runs_out(limits: Port) {
    let begun = Instant::now();
    assert!(limits.hold("k", "dead", 2, SHORT * 5).await.unwrap());
    assert!(limits.hold("k", "alive", 2, LONG).await.unwrap());
    eventually(|| async { limits.hold("k", "next", 2, LONG).await.unwrap() }).await;
    assert!(begun.elapsed() + Duration::from_millis(5) >= SHORT * 5);
    assert!(!limits.hold("k", "dead", 2, LONG).await.unwrap());
}

pub(crate) async fn keys_have_places_of_their_own(limits: Port) {
    assert!(limits.hold("k", "a", 1, LONG).await.unwrap());
    assert!(limits.hold("l", "b", 1, LONG).await.unwrap());
    limits.release("l", "a").await.unwrap();
    assert!(!limits.hold("l", "a", 1, LONG).await.unwrap());
}

pub(crate) async fn many_at_once_hold_no_more_places_than_there_are(limits: Port) {
    let mut calls = JoinSet::new();
    for holder in 0..40 {
        let limits = Arc::clone(&limits);
        calls.spawn(async move {
            let holder = holder.to_string();
            limits.hold("k", &holder, 10, LONG).await.unwrap()
        });
    }
    let held = calls.join_all().await.into_iter().filter(|held| *held);
    assert_eq!(held.count(), 10);
}

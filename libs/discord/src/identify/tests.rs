use std::sync::Arc;

use super::*;

fn limit(total: u32, remaining: u32, max_concurrency: u32) -> SessionStartLimit {
    SessionStartLimit {
        total,
        remaining,
        reset_after: 60_000,
        max_concurrency,
    }
}

fn shard(id: u32) -> ShardId {
    ShardId { id, count: 8 }
}

#[tokio::test(start_paused = true)]
async fn shards_of_one_key_identify_one_after_the_other() {
    let limiter = LocalIdentifyLimiter::new(&limit(1000, 1000, 1));
    let start = Instant::now();
    limiter.permit(shard(0)).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    limiter.permit(shard(1)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(5));
    limiter.permit(shard(2)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn shards_of_different_keys_do_not_wait_for_each_other() {
    let limiter = LocalIdentifyLimiter::new(&limit(1000, 1000, 2));
    let start = Instant::now();
    limiter.permit(shard(0)).await.unwrap();
    limiter.permit(shard(1)).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    limiter.permit(shard(2)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn the_reserve_is_never_touched_and_the_budget_is_renewed() {
    let limiter = LocalIdentifyLimiter::new(&limit(100, 7, 1)).with_interval(Duration::ZERO);
    limiter.permit(shard(0)).await.unwrap();
    limiter.permit(shard(0)).await.unwrap();
    let refused = limiter.permit(shard(0)).await.unwrap_err();
    assert_eq!(refused.resets_in, Duration::from_mins(1));
    tokio::time::advance(Duration::from_mins(1)).await;
    limiter.permit(shard(0)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_costs_nothing() {
    let limiter = Arc::new(LocalIdentifyLimiter::new(&limit(20, 3, 1)));
    limiter.permit(shard(0)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), limiter.permit(shard(1)))
        .await
        .unwrap_err();
    limiter.permit(shard(1)).await.unwrap();
    limiter.permit(shard(2)).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_never_started_a_session_has_a_day_ahead() {
    let fresh = SessionStartLimit {
        total: 10,
        remaining: 0,
        reset_after: 0,
        max_concurrency: 0,
    };
    let refused = LocalIdentifyLimiter::new(&fresh)
        .permit(shard(3))
        .await
        .unwrap_err();
    assert_eq!(refused.resets_in, Duration::from_hours(24));
}

#[tokio::test(start_paused = true)]
async fn a_newer_answer_of_discord_counts() {
    let limiter = LocalIdentifyLimiter::new(&limit(100, 0, 1));
    limiter.permit(shard(0)).await.unwrap_err();
    limiter.update(&limit(100, 100, 1));
    limiter.permit(shard(0)).await.unwrap();
}

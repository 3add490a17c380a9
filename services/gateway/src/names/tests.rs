use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Knows users with even ids, fails for 7, and never answers for 9.
#[derive(Default)]
struct Directory {
    asked: AtomicUsize,
}

#[async_trait]
impl Members for Directory {
    async fn member(&self, _: GuildId, user: UserId) -> Result<Option<Member>, String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match user.get() {
            7 => Err("503".to_owned()),
            9 => std::future::pending().await,
            even if even % 2 == 0 => Ok(Some(Member::default())),
            _ => Ok(None),
        }
    }
}

fn names(directory: &Arc<Directory>) -> Names {
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
    Names::new(Arc::clone(directory) as Arc<dyn Members>, Arc::new(metrics))
}

fn users(ids: impl IntoIterator<Item = u64>) -> BTreeSet<UserId> {
    ids.into_iter().map(UserId::new).collect()
}

#[tokio::test(start_paused = true)]
async fn who_can_not_be_had_in_time_is_left_out_and_not_asked_for_again_at_once() {
    let directory = Arc::new(Directory::default());
    let mut names = names(&directory);
    let guild = GuildId::new(1);
    let found = names.ask(guild, users([2, 5, 7, 9])).await;
    assert_eq!(found.keys().map(|user| user.get()).collect::<Vec<_>>(), [2]);
    assert_eq!(directory.asked.load(Ordering::Relaxed), 4);

    names.ask(guild, users([5, 7, 9])).await;
    assert_eq!(
        directory.asked.load(Ordering::Relaxed),
        4,
        "misses are remembered"
    );
    tokio::time::advance(MISS_TTL).await;
    names.ask(guild, users([5])).await;
    assert_eq!(
        directory.asked.load(Ordering::Relaxed),
        5,
        "but not for ever"
    );
}

#[tokio::test]
async fn one_dispatch_asks_for_a_bounded_number() {
    let directory = Arc::new(Directory::default());
    let found = names(&directory)
        .ask(GuildId::new(1), users((1..200).map(|n| n * 2)))
        .await;
    assert_eq!(found.len(), LOOKUPS_PER_DISPATCH);
    assert_eq!(
        directory.asked.load(Ordering::Relaxed),
        LOOKUPS_PER_DISPATCH
    );
}

//! Two instances that believe to hold one shard.

use contracts::ShardId;

use super::{Author, Factory, entries, event};
use crate::{Batch, BusError, Change, EventBus, Fence, Outcome, Retention};

const SHARD: ShardId = ShardId { id: 1, count: 2 };

fn fence(token: u64) -> Fence {
    Fence {
        shard: SHARD,
        token,
    }
}

async fn publish(
    bus: &dyn EventBus,
    fence: Fence,
    changes: Vec<Change>,
) -> Result<Vec<Outcome>, BusError> {
    let fence = Some(fence);
    bus.publish(&Batch { fence, changes }).await
}

/// Whole, however large it is; and so is an attempt to lower the fence.
pub async fn a_batch_with_a_lower_token_is_refused_whole(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (old, new) = (deployment.bus(), deployment.bus());
    let mut author = Author::seeded(&old, 1).await;
    let guild = author.guild;
    old.fence(fence(9)).await.expect("answers");
    let change = author.change(vec![event(guild, "a")]);
    let applied = publish(&*old, fence(9), vec![change]).await;
    assert!(matches!(
        applied.expect("its own token")[..],
        [Outcome::Applied(_)]
    ));
    // a higher number with more digits, so that nobody compares text
    new.fence(fence(10)).await.expect("answers");
    let clock = new.clock().await.expect("answers");
    let late: Vec<_> = (0..Batch::LIMIT + 10)
        .map(|_| author.change(vec![event(guild, "late")]))
        .collect();
    for changes in [late.clone(), late[..1].to_vec(), vec![]] {
        let refused = publish(&*old, fence(9), changes).await;
        assert!(matches!(refused, Err(BusError::Fenced)), "{refused:?}");
    }
    let refused = old.fence(fence(9)).await;
    assert!(matches!(refused, Err(BusError::Fenced)), "{refused:?}");
    assert_eq!(entries(&*new, guild).await.len(), 2);
    assert_eq!(new.clock().await.expect("answers"), clock);
    // what was refused is not lost for the one who may
    new.fence(fence(10)).await.expect("the same again");
    let applied = publish(&*new, fence(10), late).await.expect("may publish");
    assert!(
        applied
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Applied(_)))
    );
}

/// Without a call of `fence`.
pub async fn a_batch_with_a_higher_token_raises_the_fence(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (old, new) = (deployment.bus(), deployment.bus());
    let mut author = Author::seeded(&old, 1).await;
    let token = u64::MAX - 1;
    let change = author.change(vec![event(author.guild, "a")]);
    let batch = vec![change];
    publish(&*old, fence(token), batch.clone())
        .await
        .expect("the first");
    // also by a batch of which everything is known
    let known = publish(&*new, fence(token + 1), batch.clone()).await;
    assert_eq!(known.expect("higher"), [Outcome::Duplicate]);
    let refused = publish(&*old, fence(token), batch).await;
    assert!(matches!(refused, Err(BusError::Fenced)), "{refused:?}");
}

/// Neither other shards nor those who publish without one.
pub async fn a_fence_concerns_its_shard_alone(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    bus.fence(fence(10)).await.expect("answers");
    for shard in [
        ShardId { id: 0, count: 2 },
        ShardId { id: 1, count: 3 },
        ShardId { id: 1, count: 22 },
    ] {
        let change = author.change(vec![event(author.guild, "a")]);
        let lower = Fence { shard, token: 1 };
        let applied = publish(&*bus, lower, vec![change]).await;
        assert!(applied.is_ok(), "{applied:?}");
        bus.fence(lower).await.expect("answers");
    }
    author.publish(vec![event(author.guild, "b")]).await;
    let change = author.change(vec![]);
    let refused = publish(&*bus, fence(9), vec![change]).await;
    assert!(matches!(refused, Err(BusError::Fenced)), "{refused:?}");
}

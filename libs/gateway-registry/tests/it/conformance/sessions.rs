use gateway_registry::{Lease, Progress, Renewal, StoredSession};

use super::{LONG, Registry, SHORT, granted, granted_in_the_end, later_than, shard};

const URL: &str = "wss://gateway-us-east1-b.discord.gg";

async fn begun(registry: &Registry, lease: &Lease, id: &str) -> StoredSession {
    let session = registry
        .begin_session(lease, super::begun(id, URL))
        .await
        .unwrap();
    session.unwrap_or_else(|| panic!("{lease:?} is lost"))
}

fn progress(session: &StoredSession, seq: u64) -> Progress {
    Progress {
        generation: session.generation,
        seq,
        mended: false,
    }
}

/// What is stored, after this progress.
async fn stored(registry: &Registry, lease: &Lease, told: Option<Progress>) -> StoredSession {
    let renewal = registry.renew(lease, LONG, told).await.unwrap();
    assert_eq!(renewal, Renewal::Held { recount: false });
    registry.release(lease, None).await.unwrap();
    let (_, session) = granted(registry, lease.shard, "reader", LONG).await;
    session.unwrap()
}

pub(crate) async fn a_session_is_handed_over_by_a_release(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let session = begun(&registry, &lease, "secret").await;
    assert_eq!(
        (session.id.as_str(), session.resume_url.as_str()),
        ("secret", URL)
    );
    assert_eq!(session.terms, "intents 3713");
    assert_eq!((session.seq, session.unmended_since), (1, None));
    assert!(!format!("{session:?}").contains("secret"), "{session:?}");

    let told = Some(progress(&session, 77));
    registry.release(&lease, told).await.unwrap();
    let (next, handed) = granted(&registry, shard(0, 1), "b", LONG).await;
    let handed = handed.unwrap();
    assert!(handed.at >= session.at);
    assert_eq!(
        handed,
        StoredSession {
            seq: 77,
            at: handed.at,
            ..session
        }
    );
    // a resumed session goes on under its generation
    assert_eq!(
        stored(&registry, &next, Some(progress(&handed, 78)))
            .await
            .seq,
        78
    );
}

pub(crate) async fn a_session_is_handed_over_by_an_expiry(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let session = begun(&registry, &lease, "s").await;
    let told = Some(progress(&session, 5));
    registry.renew(&lease, SHORT, told).await.unwrap();
    let (_, handed) = granted_in_the_end(&registry, shard(0, 1), "b").await;
    let handed = handed.unwrap();
    assert_eq!(
        (handed.id.as_str(), handed.generation, handed.seq),
        ("s", session.generation, 5)
    );
    // too late: the session is somebody else's
    registry
        .release(&lease, Some(progress(&session, 9)))
        .await
        .unwrap();
    let told = Some(progress(&session, 9));
    let renewal = registry.renew(&lease, LONG, told).await.unwrap();
    assert_eq!(renewal, Renewal::Lost);
    let again = registry
        .begin_session(&lease, super::begun("late", URL))
        .await;
    assert_eq!(again.unwrap(), None);
}

pub(crate) async fn a_watermark_never_falls_and_is_of_its_session(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let session = begun(&registry, &lease, "s").await;
    let other = Progress {
        generation: session.generation - 1,
        seq: 100,
        mended: false,
    };
    for (told, expected) in [
        (9, 9),
        (10, 10),
        (3, 10),
        (1_000_000_000_000, 1_000_000_000_000),
    ] {
        let told = Some(progress(&session, told));
        registry.renew(&lease, LONG, told).await.unwrap();
        registry.renew(&lease, LONG, Some(other)).await.unwrap();
        let now = begun(&registry, &lease, "s").await;
        assert_eq!(now.seq, expected);
    }
}

pub(crate) async fn the_time_of_the_watermark_is_that_of_the_progress(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let session = begun(&registry, &lease, "s").await;
    let told = Some(progress(&session, 5));
    registry.renew(&lease, LONG, told).await.unwrap();
    let at = begun(&registry, &lease, "s").await.at;
    assert!(at >= session.at && session.at > 1_700_000_000_000, "{at}");

    later_than(&registry, at).await;
    let other = Progress {
        generation: session.generation + 1,
        ..progress(&session, 6)
    };
    for silent in [None, Some(other), Some(progress(&session, 4))] {
        registry.renew(&lease, LONG, silent).await.unwrap();
        assert_eq!(begun(&registry, &lease, "s").await.at, at, "{silent:?}");
    }
    // nothing happened in the guilds: what is known is known up to now
    let told = Some(progress(&session, 5));
    assert!(stored(&registry, &lease, told).await.at > at);
}

pub(crate) async fn a_session_stored_twice_is_one_session(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let first = begun(&registry, &lease, "s").await;
    later_than(&registry, first.at).await;
    assert_eq!(begun(&registry, &lease, "s").await, first);
    let second = begun(&registry, &lease, "t").await;
    assert!(second.generation > first.generation);
    assert_eq!(second.unmended_since, Some(first.at));
    assert_eq!(begun(&registry, &lease, "t").await, second);
}

pub(crate) async fn what_a_lost_session_missed_is_to_be_mended_until_it_is(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 1), "a", LONG).await;
    let first = begun(&registry, &lease, "1").await;
    let second = begun(&registry, &lease, "2").await;
    assert_eq!(second.unmended_since, Some(first.at));
    later_than(&registry, second.at).await;
    let told = Some(progress(&second, 8));
    registry.renew(&lease, LONG, told).await.unwrap();
    let third = begun(&registry, &lease, "3").await;
    assert_eq!(third.unmended_since, Some(first.at), "still to be mended");

    // what the session before has mended is not this one's
    let mended = |session| {
        Some(Progress {
            mended: true,
            ..progress(session, 0)
        })
    };
    registry.renew(&lease, LONG, mended(&second)).await.unwrap();
    let unmended = begun(&registry, &lease, "3").await.unmended_since;
    assert_eq!(unmended, Some(first.at));
    registry.renew(&lease, LONG, mended(&third)).await.unwrap();
    let now = begun(&registry, &lease, "3").await;
    assert_eq!((now.unmended_since, now.seq), (None, 1));
    let fourth = begun(&registry, &lease, "4").await;
    assert_eq!(fourth.unmended_since, Some(now.at));
}

pub(crate) async fn a_lost_lease_begins_no_session(registry: Registry) {
    let (lease, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    let mut strange = vec![lease.clone(); 3];
    strange[0].fence -= 1;
    strange[1].owner.push('b');
    strange[2].shard.id = 1;
    for stranger in strange {
        let session = registry
            .begin_session(&stranger, super::begun("s", URL))
            .await;
        assert_eq!(session.unwrap(), None);
    }
    registry.release(&lease, None).await.unwrap();
    let session = registry.begin_session(&lease, super::begun("s", URL)).await;
    assert_eq!(session.unwrap(), None);
    for id in [0, 1] {
        let (_, session) = granted(&registry, shard(id, 2), "c", LONG).await;
        assert_eq!(session, None);
    }
}

pub(crate) async fn a_recount_forgets_sessions_but_not_what_they_missed(registry: Registry) {
    let (early, _) = granted(&registry, shard(0, 2), "a", LONG).await;
    let (late, _) = granted(&registry, shard(1, 2), "a", LONG).await;
    let first = begun(&registry, &early, "1").await;
    later_than(&registry, first.at).await;
    begun(&registry, &late, "2").await;
    registry.recount(4).await.unwrap();
    registry.release(&late, None).await.unwrap();
    registry.release(&early, None).await.unwrap();

    let (lease, session) = granted(&registry, shard(0, 4), "b", LONG).await;
    assert_eq!(session, None);
    let session = begun(&registry, &lease, "3").await;
    assert_eq!(session.unmended_since, Some(first.at));
    let mended = Progress {
        mended: true,
        ..progress(&session, 2)
    };
    registry.recount(3).await.unwrap();
    registry.release(&lease, Some(mended)).await.unwrap();

    // three shards of four never heard of what the first count had missed
    let (lease, _) = granted(&registry, shard(2, 3), "b", LONG).await;
    let session = begun(&registry, &lease, "4").await;
    assert_eq!(session.unmended_since, Some(first.at));
}

use std::time::Duration;

use async_trait::async_trait;
use limits::{Bucket, LimitsError, MemoryLimits, Verdict};
use prometheus::Registry;
use session_store::MemorySessions;
use time::OffsetDateTime;
use tower_sessions::{Session, SessionStore as _, session::Record};

use super::*;
use crate::session::User;

/// Limits that write down what is asked of them.
#[derive(Default)]
struct Noting {
    places: MemoryLimits,
    held: Mutex<Vec<String>>,
    away: Mutex<bool>,
    /// Leases run out so many times sooner; 0 = as they are.
    hurry: u32,
}

#[async_trait]
impl Limits for Noting {
    async fn take(&self, bucket: &Bucket, key: &str) -> Result<Verdict, LimitsError> {
        self.places.take(bucket, key).await
    }

    async fn hold(
        &self,
        key: &str,
        holder: &str,
        most: usize,
        ttl: Duration,
    ) -> Result<bool, LimitsError> {
        if *self.away.lock() {
            return Err(LimitsError("away".to_owned()));
        }
        self.held.lock().push(holder.to_owned());
        let ttl = ttl / self.hurry.max(1);
        self.places.hold(key, holder, most, ttl).await
    }

    async fn release(&self, key: &str, holder: &str) -> Result<(), LimitsError> {
        self.places.release(key, holder).await
    }
}

/// The streams of one replica with its task running.
fn replica(limits: &Arc<Noting>, per_user: usize) -> Streams {
    let metrics = Arc::new(Metrics::register(&Registry::new()).unwrap());
    let limits: Arc<dyn Limits> = Arc::clone(limits) as _;
    let (streams, keep) = Streams::new(per_user, limits, metrics, CancellationToken::new());
    tokio::spawn(keep);
    streams
}

async fn open(streams: &Streams, user: u64, session: i128) -> Result<Slot, NoPlace> {
    open_in(streams, user, session, MemorySessions::new().into()).await
}

async fn open_in(
    streams: &Streams,
    user: u64,
    session: i128,
    sessions: Sessions,
) -> Result<Slot, NoPlace> {
    let id = Id(session);
    let user = User {
        id: UserId::new(user),
        username: "nelly".to_owned(),
        display_name: "Nelly".to_owned(),
        avatar_url: String::new(),
    };
    let signed_in = SignedIn {
        user,
        id,
        session: Session::new(Some(id), Arc::new(sessions.clone()), None),
        sessions,
    };
    streams
        .open(&signed_in, Transport::Sse, Patience::default())
        .await
}

/// Lets the tasks run.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_streams_on_all_replicas_and_no_more_until_one_ends() {
    let limits = Arc::default();
    let (one, two) = (replica(&limits, 2), replica(&limits, 2));
    let first = open(&one, 1, 1).await.unwrap();
    let _second = open(&two, 1, 1).await.unwrap();
    for streams in [&one, &two] {
        assert_eq!(open(streams, 1, 1).await.unwrap_err(), NoPlace::TooMany);
        assert!(open(streams, 2, 1).await.is_ok());
    }
    assert_eq!((one.count(), two.count()), (1, 1));
    drop(first);
    settle().await;
    assert!(open(&two, 1, 1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn leases_are_renewed_as_long_as_streams_are_open() {
    let limits: Arc<Noting> = Arc::default();
    let streams = replica(&limits, 2);
    let (first, second) = (open(&streams, 1, 1).await, open(&streams, 2, 1).await);
    let second = second.unwrap();
    let renewed = |limits: &Noting| std::mem::take(&mut *limits.held.lock()).len();
    assert_eq!(renewed(&limits), 2);
    tokio::time::sleep(leases::LEASE / 3 * 2).await;
    assert!((2..=4).contains(&renewed(&limits)));
    drop(second);
    settle().await;
    renewed(&limits);
    *limits.away.lock() = true;
    tokio::time::sleep(leases::LEASE).await;
    // Whoever is there stays, whoever comes is not let in.
    assert_eq!(open(&streams, 3, 1).await.unwrap_err(), NoPlace::Unknown);
    assert_eq!(streams.count(), 1);
    *limits.away.lock() = false;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(renewed(&limits), 1);
    drop(first);
}

#[tokio::test]
async fn the_places_of_a_replica_that_was_killed_are_free_once_its_leases_ran_out() {
    let limits = Arc::new(Noting {
        hurry: 100,
        ..Noting::default()
    });
    let lease = leases::LEASE / limits.hurry;
    let metrics = Arc::new(Metrics::register(&Registry::new()).unwrap());
    let stop = CancellationToken::new();
    let (killed, keep) = Streams::new(2, Arc::clone(&limits) as _, metrics, stop);
    // Nothing of it runs any more: no lease is renewed, none is given back.
    drop(keep);
    let places = [open(&killed, 1, 1).await, open(&killed, 1, 1).await];
    assert!(places.iter().all(Result::is_ok));
    let survivor = replica(&limits, 2);
    assert_eq!(open(&survivor, 1, 1).await.unwrap_err(), NoPlace::TooMany);
    let begun = Instant::now();
    while open(&survivor, 1, 1).await.is_err() {
        assert!(begun.elapsed() < lease * 10, "they do not come back");
        tokio::time::sleep(lease / 20).await;
    }
    drop(places);
}

#[tokio::test]
async fn a_signal_ends_the_streams_that_it_concerns_and_no_others() {
    let streams = replica(&Arc::default(), 20);
    let mut slots = Vec::new();
    for (user, session) in [(1, 1), (1, 2), (2, 3), (3, 4)] {
        slots.push(open(&streams, user, session).await.unwrap());
    }
    let ending = || [0, 1, 2, 3].map(|n: usize| slots[n].alarm.ending().is_some());
    streams.hear(&Signal::SessionEnded {
        session: tag(&Id(2)),
    });
    assert_eq!(ending(), [false, true, false, false]);
    let user_id = UserId::new(1);
    streams.hear(&Signal::UserSignedOut { user_id });
    assert_eq!(ending(), [true, true, false, false]);
    let session = tag(&Id(4));
    streams.hear(&Signal::SessionEnded { session });
    assert_eq!(ending(), [true, true, false, true]);
    assert_eq!(slots[3].alarm.ending(), Some(End::SignedOut));
}

#[tokio::test(start_paused = true)]
async fn streams_end_with_their_session_though_nobody_says_so() {
    let streams = replica(&Arc::default(), 20);
    let (store, stop) = (
        Sessions::from(MemorySessions::new()),
        CancellationToken::new(),
    );
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut record = Record {
            id: Id::default(),
            data: HashMap::new(),
            expiry_date: OffsetDateTime::now_utc() + Duration::from_secs(600),
        };
        store.create(&mut record).await.unwrap();
        ids.push(record.id);
    }
    let ended = open_in(&streams, 1, ids[0].0, store.clone()).await.unwrap();
    let stays = open_in(&streams, 1, ids[1].0, store.clone()).await.unwrap();
    let watch = tokio::spawn(streams.clone().watch(stop.clone()));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(ended.alarm.ending(), None);
    store.delete(&ids[0]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(ended.alarm.ending(), Some(End::SignedOut));
    assert_eq!(stays.alarm.ending(), None);
    stop.cancel();
    watch.await.unwrap().unwrap();
}

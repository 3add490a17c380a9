//! One clause of the store's contract per function; `holds!` makes a test of each for an adapter.

use std::{collections::HashMap, time::Duration};

use serde_json::json;
use session_store::{OWNER, Owner, Sessions};
use time::OffsetDateTime;
use tower_sessions::{
    Session, SessionStore,
    session::{Id, Record},
};

/// Until something that must happen has happened.
const DEADLINE: Duration = Duration::from_secs(10);

/// Runs every clause.
///
/// - `holds!(fresh)` makes a test of each; `fresh().await` gives `(keep-alive, Sessions)`.
/// - `holds!(name on topology)` makes one test, for a topology that takes long to start; `topology().await` gives the same,
///   and all clauses share the store: each has sessions of its own.
macro_rules! holds {
    ($fresh:path) => {
        $crate::conformance::holds!(@clauses each $fresh);
    };
    ($name:ident on $topology:path) => {
        $crate::conformance::holds!(@clauses together $name $topology);
    };
    (@clauses $($how:tt)+) => {
        $crate::conformance::holds!(@$($how)+:
            a_created_session_is_loaded_as_it_was,
            an_unknown_session_is_none,
            a_save_replaces_the_whole_record,
            a_deleted_session_is_gone,
            deleting_a_stranger_is_no_error,
            a_save_after_a_delete_does_not_resurrect,
            a_save_of_a_session_that_never_was_writes_nothing,
            a_taken_id_is_not_written_over,
            an_expired_session_is_none,
            an_expired_session_can_not_be_saved,
            a_save_moves_the_expiry,
            concurrent_saves_leave_one_of_them_whole,
            a_delete_wins_against_concurrent_saves,
            liveness_follows_the_session,
            a_logout_elsewhere_ends_a_session_in_use,
            a_new_id_at_login_leaves_nothing_under_the_old_one,
            a_save_brings_no_older_version_of_a_value_back,
            all_sessions_of_a_user_end_at_once_and_those_begun_later_live,
        );
    };
    (@each $fresh:path: $($clause:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            let (_alive, sessions) = $fresh().await;
            $crate::conformance::$clause(sessions).await;
        }
    )+};
    (@together $name:ident $topology:path: $($clause:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (_alive, sessions) = $topology().await;
            let mut clauses = tokio::task::JoinSet::new();
            $(
                let clause = $crate::conformance::$clause(sessions.clone());
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

/// A record that lives for this many seconds.
pub(crate) fn record(seconds: i64) -> Record {
    let second = OffsetDateTime::now_utc().unix_timestamp() + seconds;
    let data = [
        (
            "user".to_owned(),
            json!({"id": "80351110224678912", "name": "Nelly ünï"}),
        ),
        ("seen".to_owned(), json!(1_763_836_800_123_u64)),
        ("none".to_owned(), json!(null)),
    ];
    Record {
        id: Id::default(),
        data: HashMap::from(data),
        expiry_date: OffsetDateTime::from_unix_timestamp(second).unwrap(),
    }
}

async fn created(sessions: &Sessions, seconds: i64) -> Record {
    let mut record = record(seconds);
    sessions.create(&mut record).await.unwrap();
    record
}

pub(crate) async fn a_created_session_is_loaded_as_it_was(sessions: Sessions) {
    let record = created(&sessions, 60).await;
    let other = created(&sessions, 60).await;
    assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record));
    assert_eq!(sessions.load(&other.id).await.unwrap(), Some(other));
}

pub(crate) async fn an_unknown_session_is_none(sessions: Sessions) {
    assert_eq!(sessions.load(&Id::default()).await.unwrap(), None);
}

pub(crate) async fn a_save_replaces_the_whole_record(sessions: Sessions) {
    let mut record = created(&sessions, 60).await;
    record.data = HashMap::from([("other".to_owned(), json!([1, 2, 3]))]);
    sessions.save(&record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record));
}

pub(crate) async fn a_deleted_session_is_gone(sessions: Sessions) {
    let record = created(&sessions, 60).await;
    let other = created(&sessions, 60).await;
    sessions.delete(&record.id).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
    assert!(sessions.load(&other.id).await.unwrap().is_some());
}

pub(crate) async fn deleting_a_stranger_is_no_error(sessions: Sessions) {
    sessions.delete(&Id::default()).await.unwrap();
}

pub(crate) async fn a_save_after_a_delete_does_not_resurrect(sessions: Sessions) {
    let record = created(&sessions, 60).await;
    sessions.delete(&record.id).await.unwrap();
    sessions.save(&record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
}

pub(crate) async fn a_save_of_a_session_that_never_was_writes_nothing(sessions: Sessions) {
    let record = record(60);
    sessions.save(&record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
}

pub(crate) async fn a_taken_id_is_not_written_over(sessions: Sessions) {
    let first = created(&sessions, 60).await;
    let mut second = Record {
        id: first.id,
        data: HashMap::new(),
        ..record(60)
    };
    sessions.create(&mut second).await.unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(sessions.load(&first.id).await.unwrap(), Some(first));
    assert_eq!(sessions.load(&second.id).await.unwrap(), Some(second));
}

pub(crate) async fn an_expired_session_is_none(sessions: Sessions) {
    let past = created(&sessions, -5).await;
    assert_eq!(sessions.load(&past.id).await.unwrap(), None);
    let short = created(&sessions, 2).await;
    assert!(sessions.load(&short.id).await.unwrap().is_some());
    let begun = tokio::time::Instant::now();
    while sessions.load(&short.id).await.unwrap().is_some() {
        assert!(begun.elapsed() < DEADLINE, "it does not expire");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn an_expired_session_can_not_be_saved(sessions: Sessions) {
    let mut past = created(&sessions, -5).await;
    past.expiry_date = record(60).expiry_date;
    sessions.save(&past).await.unwrap();
    assert_eq!(sessions.load(&past.id).await.unwrap(), None);
}

pub(crate) async fn a_save_moves_the_expiry(sessions: Sessions) {
    let mut moved = created(&sessions, 60).await;
    moved.expiry_date = record(3600).expiry_date;
    sessions.save(&moved).await.unwrap();
    assert_eq!(sessions.load(&moved.id).await.unwrap(), Some(moved.clone()));
    moved.expiry_date = record(-1).expiry_date;
    sessions.save(&moved).await.unwrap();
    assert_eq!(sessions.load(&moved.id).await.unwrap(), None);
}

pub(crate) async fn concurrent_saves_leave_one_of_them_whole(sessions: Sessions) {
    let record = created(&sessions, 60).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (sessions, mut record) = (sessions.clone(), record.clone());
        record.data = HashMap::from([
            ("a".to_owned(), json!(n)),
            ("b".to_owned(), json!("x".repeat(n))),
        ]);
        tasks.spawn(async move { sessions.save(&record).await });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap().unwrap();
    }
    let data = sessions.load(&record.id).await.unwrap().unwrap().data;
    let n = data["a"].as_u64().unwrap() as usize;
    assert_eq!(data["b"], json!("x".repeat(n)));
}

pub(crate) async fn a_delete_wins_against_concurrent_saves(sessions: Sessions) {
    for _ in 0..20 {
        let record = created(&sessions, 60).await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..10 {
            let (sessions, record) = (sessions.clone(), record.clone());
            tasks.spawn(async move {
                if n == 5 {
                    sessions.delete(&record.id).await
                } else {
                    sessions.save(&record).await
                }
            });
        }
        while let Some(outcome) = tasks.join_next().await {
            outcome.unwrap().unwrap();
        }
        assert_eq!(sessions.load(&record.id).await.unwrap(), None);
    }
}

pub(crate) async fn liveness_follows_the_session(sessions: Sessions) {
    let record = created(&sessions, 60).await;
    assert!(sessions.is_live(&record.id).await.unwrap());
    sessions.delete(&record.id).await.unwrap();
    assert!(!sessions.is_live(&record.id).await.unwrap());
}

pub(crate) async fn a_logout_elsewhere_ends_a_session_in_use(sessions: Sessions) {
    let store = std::sync::Arc::new(sessions.clone());
    let id = created(&sessions, 60).await.id;
    let here = Session::new(Some(id), store.clone(), None);
    here.insert("seen", 1).await.unwrap();
    let elsewhere = Session::new(Some(id), store.clone(), None);
    elsewhere.load().await.unwrap();
    elsewhere.flush().await.unwrap();
    here.save().await.unwrap();
    let next = Session::new(Some(id), store, None);
    assert_eq!(next.get::<u64>("seen").await.unwrap(), None);
}

pub(crate) async fn a_new_id_at_login_leaves_nothing_under_the_old_one(sessions: Sessions) {
    let store = std::sync::Arc::new(sessions.clone());
    let before = created(&sessions, 60).await.id;
    let session = Session::new(Some(before), store, None);
    session.cycle_id().await.unwrap();
    session.insert("user", "1").await.unwrap();
    session.save().await.unwrap();
    let after = session.id().unwrap();
    assert_ne!(before, after);
    assert!(!sessions.is_live(&before).await.unwrap());
    assert!(sessions.is_live(&after).await.unwrap());
}

pub(crate) async fn a_save_brings_no_older_version_of_a_value_back(sessions: Sessions) {
    let mut first = record(60);
    let tokens = |version: u64| json!({"version": version, "sealed": format!("v{version}")});
    first.data.insert("tokens".to_owned(), tokens(1));
    sessions.create(&mut first).await.unwrap();
    let mut late = sessions.load(&first.id).await.unwrap().unwrap();
    first.data.insert("tokens".to_owned(), tokens(2));
    sessions.save(&first).await.unwrap();
    late.data.insert("seen".to_owned(), json!(7));
    sessions.save(&late).await.unwrap();
    let stored = sessions.load(&first.id).await.unwrap().unwrap();
    assert_eq!(stored.data["tokens"], tokens(2));
    assert_eq!(stored.data["seen"], json!(7));
    first.data.insert("tokens".to_owned(), tokens(3));
    sessions.save(&first).await.unwrap();
    let stored = sessions.load(&first.id).await.unwrap().unwrap();
    assert_eq!(stored.data["tokens"], tokens(3));
}

/// A session of a user, begun now.
async fn begun(sessions: &Sessions, user: &str) -> Record {
    let mut begun = record(60);
    let round = sessions.round(user).await.unwrap();
    let user = user.to_owned();
    let owner = json!(Owner { user, round });
    begun.data.insert(OWNER.to_owned(), owner);
    sessions.create(&mut begun).await.unwrap();
    begun
}

pub(crate) async fn all_sessions_of_a_user_end_at_once_and_those_begun_later_live(
    sessions: Sessions,
) {
    // Clauses may share a store.
    let [user, other] = [(); 2].map(|()| Id::default().0.to_string());
    let ended = [begun(&sessions, &user).await, begun(&sessions, &user).await];
    let others = begun(&sessions, &other).await;
    let anonymous = {
        let mut anonymous = record(60);
        sessions.create(&mut anonymous).await.unwrap();
        anonymous
    };
    let ttl = Duration::from_secs(60);
    for _ in 0..2 {
        let before = begun(&sessions, &user).await;
        sessions.end_all(&user, ttl).await.unwrap();
        for over in ended.iter().chain([&before]) {
            assert!(!sessions.is_live(&over.id).await.unwrap());
            sessions.save(over).await.unwrap();
            assert!(!sessions.is_live(&over.id).await.unwrap());
        }
        let after = begun(&sessions, &user).await;
        assert_eq!(sessions.load(&after.id).await.unwrap(), Some(after));
    }
    assert!(sessions.is_live(&others.id).await.unwrap());
    assert!(sessions.is_live(&anonymous.id).await.unwrap());
}

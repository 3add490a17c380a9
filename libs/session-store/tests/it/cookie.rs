//! Sessions in cookies, against the suite by way of a browser that keeps the cookies, at two replicas in turn.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use redis_link::testing::RedisServer;
use serde_json::json;
use session_store::{
    CookieSessions, LONGEST_VALUE, Marks, MemoryMarks, RedisSessions, Sealing, Sessions,
};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::conformance::{self, record};

/// A browser that keeps a cookie for each session, and each request is of one.
struct Browser {
    replicas: Vec<Sessions>,
    requests: AtomicUsize,
    cookies: Mutex<HashMap<Id, String>>,
    marks: Arc<dyn Marks>,
}

impl Browser {
    fn new(replicas: Vec<Sessions>, marks: Arc<dyn Marks>) -> Self {
        Self {
            replicas,
            requests: AtomicUsize::new(0),
            cookies: Mutex::default(),
            marks,
        }
    }

    fn replica(&self) -> &Sessions {
        let turn = self.requests.fetch_add(1, Ordering::Relaxed);
        &self.replicas[turn % self.replicas.len()]
    }

    /// What a replica knows of a session when the request is there.
    fn request(&self, id: Id) -> Sessions {
        let cookie = self.cookies.lock().get(&id).cloned();
        self.replica().with_cookie(cookie.as_deref()).0
    }

    /// The answer is there.
    fn keep(&self, id: Id, request: &Sessions) {
        if let Some(cookie) = request.cookie() {
            self.cookies.lock().insert(id, cookie);
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Browser")
    }
}

#[async_trait]
impl SessionStore for Browser {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let request = self.request(record.id);
        request.create(record).await?;
        self.keep(record.id, &request);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let request = self.request(record.id);
        request.save(record).await?;
        self.keep(record.id, &request);
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.request(*id).load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        // The cookie stays: whoever stole it has it still.
        self.request(*id).delete(id).await
    }
}

#[async_trait]
impl Marks for Browser {
    async fn mark(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        self.marks.mark(key, value, ttl).await
    }

    async fn marked(&self, key: &str) -> Result<Option<String>> {
        self.marks.marked(key).await
    }
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn sessions(secrets: &[&str], marks: &Arc<dyn Marks>) -> Sessions {
    let secrets = secrets.iter().map(|secret| (*secret).to_owned().into());
    let sealing = Sealing {
        secrets: secrets.collect(),
        ttl: Duration::from_secs(60),
    };
    CookieSessions::new(&sealing, Arc::clone(marks)).into()
}

fn in_memory() -> Sessions {
    let marks: Arc<dyn Marks> = Arc::new(MemoryMarks::default());
    sessions(&[SECRET], &marks)
}

#[expect(clippy::unused_async, reason = "the shape of every adapter's factory")]
async fn alone() -> ((), Sessions) {
    let marks: Arc<dyn Marks> = Arc::new(MemoryMarks::default());
    let replicas = vec![sessions(&[SECRET], &marks)];
    ((), Sessions::new(Browser::new(replicas, marks)))
}

async fn two_replicas() -> (RedisServer, Sessions) {
    let server = RedisServer::start(&[]).await;
    let marks: [Arc<dyn Marks>; 2] =
        [(); 2].map(|()| Arc::new(RedisSessions::connect(&server.config("test"))) as _);
    let replicas = marks.iter().map(|marks| sessions(&[SECRET], marks));
    let replicas = replicas.collect();
    let [marks, _] = marks;
    (server, Sessions::new(Browser::new(replicas, marks)))
}

mod one_replica {
    crate::conformance::holds!(super::alone);
}

conformance::holds!(every_clause_holds_for_cookies_at_two_replicas on two_replicas);

/// A request that begins a session, and the cookie of its answer.
async fn begun(sessions: &Sessions, record: &mut Record) -> String {
    let (request, none) = sessions.with_cookie(None);
    assert_eq!(none, None);
    request.create(record).await.unwrap();
    request.cookie().unwrap()
}

#[tokio::test]
async fn a_cookie_of_before_is_worth_nothing_once_the_session_is_over() {
    let sessions = in_memory();
    let mut first = record(60);
    let early = begun(&sessions, &mut first).await;
    let (request, id) = sessions.with_cookie(Some(&early));
    assert_eq!(id, Some(first.id));
    first.expiry_date = record(600).expiry_date;
    request.save(&first).await.unwrap();
    let late = request.cookie().unwrap();
    assert_ne!(early, late);
    let ended = sessions.with_cookie(Some(&early)).0;
    ended.delete(&first.id).await.unwrap();
    assert_eq!(ended.cookie(), None);
    for cookie in [&early, &late] {
        let thief = sessions.with_cookie(Some(cookie)).0;
        assert_eq!(thief.load(&first.id).await.unwrap(), None);
        assert!(!thief.is_live(&first.id).await.unwrap());
    }
}

#[tokio::test]
async fn an_old_cookie_lives_no_longer_than_it_was_sealed_for() {
    let sessions = in_memory();
    let mut short = record(2);
    let early = begun(&sessions, &mut short).await;
    let request = sessions.with_cookie(Some(&early)).0;
    short.expiry_date = record(600).expiry_date;
    request.save(&short).await.unwrap();
    let late = request.cookie().unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let old = sessions.with_cookie(Some(&early)).0;
    while old.is_live(&short.id).await.unwrap() {
        assert!(tokio::time::Instant::now() < deadline, "it lives on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // And can't be prolonged any more.
    old.save(&short).await.unwrap();
    assert!(!old.is_live(&short.id).await.unwrap());
    let new = sessions.with_cookie(Some(&late)).0;
    assert!(new.is_live(&short.id).await.unwrap());
}

#[tokio::test]
async fn what_a_stream_renews_reaches_the_cookies_that_it_can_not_set() {
    let sessions = in_memory();
    let tokens = |version: u64| json!({"version": version, "sealed": format!("v{version}")});
    let mut first = record(60);
    first.data.insert("tokens".to_owned(), tokens(0));
    let cookie = begun(&sessions, &mut first).await;
    let stream = sessions.with_cookie(Some(&cookie)).0;
    let mut renewed = stream.load(&first.id).await.unwrap().unwrap();
    renewed.data.insert("tokens".to_owned(), tokens(1));
    stream.save(&renewed).await.unwrap();

    let request = sessions.with_cookie(Some(&cookie)).0;
    let known = request.load(&first.id).await.unwrap().unwrap();
    assert_eq!(known.data["tokens"], tokens(1));
    // The next cookie holds it itself.
    request.save(&known).await.unwrap();
    let alone = in_memory();
    let later = alone.with_cookie(request.cookie().as_deref()).0;
    let known = later.load(&first.id).await.unwrap().unwrap();
    assert_eq!(known.data["tokens"], tokens(1));
}

#[tokio::test]
async fn a_cookie_of_another_deployment_or_a_changed_one_is_no_session() {
    let marks: Arc<dyn Marks> = Arc::new(MemoryMarks::default());
    let other = "f".repeat(32);
    let (before, during, after) = (
        sessions(&[SECRET], &marks),
        sessions(&[&other, SECRET], &marks),
        sessions(&[&other], &marks),
    );
    let mut first = record(60);
    let cookie = begun(&before, &mut first).await;
    let request = during.with_cookie(Some(&cookie)).0;
    assert!(request.is_live(&first.id).await.unwrap());
    request.save(&first).await.unwrap();
    let resealed = request.cookie().unwrap();
    assert_eq!(after.with_cookie(Some(&cookie)).1, None);
    assert_eq!(after.with_cookie(Some(&resealed)).1, Some(first.id));
    assert_eq!(before.with_cookie(Some(&resealed[1..])).1, None);
    // Somebody else's id opens nothing.
    let mine = during.with_cookie(Some(&resealed)).0;
    assert_eq!(mine.load(&Id::default()).await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_fit_is_an_error_and_leaves_what_was() {
    let sessions = in_memory();
    let mut kept = record(60);
    let cookie = begun(&sessions, &mut kept).await;
    let request = sessions.with_cookie(Some(&cookie)).0;
    let mut long = kept.clone();
    let words = json!("w".repeat(LONGEST_VALUE));
    long.data.insert("words".to_owned(), words);
    let refused = request.save(&long).await;
    assert!(matches!(refused, Err(Error::Encode(_))), "{refused:?}");
    assert_eq!(request.load(&kept.id).await.unwrap(), Some(kept));
    let refused = request.create(&mut long).await;
    assert!(matches!(refused, Err(Error::Encode(_))), "{refused:?}");
}

#[tokio::test]
async fn nothing_can_be_kept_without_a_request() {
    let sessions = in_memory();
    assert!(sessions.create(&mut record(60)).await.is_err());
    sessions.ping().await.unwrap();
}

#[tokio::test]
async fn a_redis_that_is_away_is_an_error_and_signs_nobody_out() {
    let server = RedisServer::start(&[]).await;
    let marks: Arc<dyn Marks> = Arc::new(RedisSessions::connect(&server.config("test")));
    let sessions = sessions(&[SECRET], &marks);
    let mut kept = record(600);
    let cookie = begun(&sessions, &mut kept).await;
    server.pause();
    let request = sessions.with_cookie(Some(&cookie)).0;
    assert!(request.load(&kept.id).await.is_err());
    assert!(request.save(&kept).await.is_err());
    assert!(request.delete(&kept.id).await.is_err());
    assert!(sessions.ping().await.is_err());
    server.resume();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while request.load(&kept.id).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "it stays away");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(request.load(&kept.id).await.unwrap(), Some(kept));
}

mod topologies;

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fred::{
    prelude::{ClientLike, KeysInterface},
    types::Value,
};
use redis_link::{COMMAND_TIMEOUT, RedisLink, Role, testing::RedisServer};
use session_store::{RedisSessions, Sessions};
use tower_sessions::{SessionStore, session::Id};

use crate::conformance::{self, record};

async fn fresh() -> (RedisServer, Sessions) {
    let server = RedisServer::start(&[]).await;
    let sessions = RedisSessions::connect(&server.config("test"));
    (server, sessions.into())
}

conformance::holds!(fresh);

async fn everything(link: &RedisLink) -> Vec<(String, Vec<u8>)> {
    let keys: Vec<String> = link
        .client()
        .custom(fred::cmd!("KEYS"), vec!["*"])
        .await
        .unwrap();
    let mut dump = Vec::new();
    for key in keys {
        let value: Value = link.client().get(key.as_str()).await.unwrap();
        dump.push((key, value.as_bytes().unwrap_or_default().to_vec()));
    }
    dump
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}

#[tokio::test]
async fn a_dump_of_redis_holds_no_id_that_a_cookie_carries() {
    let (server, sessions) = fresh().await;
    let mut record = record(60);
    sessions.create(&mut record).await.unwrap();
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    let dump = everything(&link).await;
    assert_eq!(dump.len(), 1);
    let (key, value) = &dump[0];
    let id = record.id;
    let mut needles = vec![
        id.to_string().into_bytes(),
        id.0.to_string().into_bytes(),
        format!("{:x}", id.0).into_bytes(),
        id.0.to_be_bytes().to_vec(),
        id.0.to_le_bytes().to_vec(),
    ];
    needles.push(URL_SAFE_NO_PAD.encode(id.0.to_be_bytes()).into_bytes());
    for needle in needles {
        assert!(!contains(key.as_bytes(), &needle), "the key holds the id");
        assert!(!contains(value, &needle), "the value holds the id");
    }
    assert_ne!(key.parse::<Id>().unwrap(), id);
    let stolen: Id = key.parse().unwrap();
    assert_eq!(sessions.load(&stolen).await.unwrap(), None);
}

#[tokio::test]
async fn redis_itself_expires_a_session() {
    let (server, sessions) = fresh().await;
    sessions.create(&mut record(60)).await.unwrap();
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    let (key, _) = everything(&link).await.remove(0);
    let left: i64 = link.client().ttl(key).await.unwrap();
    assert!((50..=60).contains(&left), "{left}");
}

#[tokio::test]
async fn two_deployments_on_one_redis_do_not_share_sessions() {
    let (server, sessions) = fresh().await;
    let other: Sessions = RedisSessions::connect(&server.config("other")).into();
    let same: Sessions = RedisSessions::connect(&server.config("test")).into();
    let mut record = record(60);
    sessions.create(&mut record).await.unwrap();
    assert_eq!(other.load(&record.id).await.unwrap(), None);
    other.delete(&record.id).await.unwrap();
    assert_eq!(same.load(&record.id).await.unwrap(), Some(record));
}

#[tokio::test]
async fn an_unreadable_record_is_no_session_and_is_not_written_over() {
    let (server, sessions) = fresh().await;
    let mut record = record(60);
    sessions.create(&mut record).await.unwrap();
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    let (key, _) = everything(&link).await.remove(0);
    let _: () = link
        .client()
        .set(key.as_str(), "not a record", None, None, false)
        .await
        .unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
    assert!(!sessions.is_live(&record.id).await.unwrap());
    let before = record.id;
    sessions.create(&mut record).await.unwrap();
    assert_ne!(record.id, before);
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_an_error_and_never_no_session() {
    let (server, sessions) = fresh().await;
    let mut kept = record(60);
    sessions.create(&mut kept).await.unwrap();
    server.pause();
    let mut new = record(60);
    let answers = async {
        [
            sessions.load(&kept.id).await.is_err(),
            sessions.is_live(&kept.id).await.is_err(),
            sessions.save(&kept).await.is_err(),
            sessions.delete(&Id::default()).await.is_err(),
            sessions.create(&mut new).await.is_err(),
        ]
    };
    let failed = tokio::time::timeout(COMMAND_TIMEOUT * 20, answers).await;
    assert_eq!(failed, Ok([true; 5]));
    server.resume();
    let begun = tokio::time::Instant::now();
    while sessions.load(&kept.id).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it stays away");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sessions.load(&kept.id).await.unwrap(), Some(kept));
}

#[tokio::test]
async fn a_save_that_fails_for_another_reason_stays_an_error() {
    let (server, sessions) = fresh().await;
    let mut record = record(60);
    sessions.create(&mut record).await.unwrap();
    let link = RedisLink::connect(&server.config("test"), Role::Commands);
    // a Redis that is full refuses every write but still reads
    for setting in [
        ["SET", "maxmemory", "1"],
        ["SET", "maxmemory-policy", "noeviction"],
    ] {
        let _: () = link
            .client()
            .custom(fred::cmd!("CONFIG"), setting.to_vec())
            .await
            .unwrap();
    }
    assert!(sessions.save(&record).await.is_err());
    let mut another = crate::conformance::record(60);
    another.data = HashMap::new();
    assert!(sessions.create(&mut another).await.is_err());
    assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record));
}

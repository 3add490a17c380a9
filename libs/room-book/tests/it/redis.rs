use std::{sync::Arc, time::Duration};

use contracts::invite::InviteToken;
use redis_link::{
    RedisConfig,
    testing::{RedisCluster, RedisServer, SentinelTrio},
};
use room_book::{NewInvite, RedisBook, RoomBook as _};

use crate::conformance::{self, Book, GUILD, OWNER, ROOM, entered};

async fn fresh() -> (RedisServer, Book) {
    let server = RedisServer::start(&[]).await;
    let book = RedisBook::connect(&server.config("test"));
    (server, Arc::new(book))
}

conformance::holds!(fresh);

/// Nobody is to take over, however busy this machine is.
const PATIENT: Duration = Duration::from_mins(1);

/// Books of one Redis, by prefix.
fn by_prefix(redis: RedisConfig) -> impl Fn(&str) -> Book {
    move |prefix| {
        let mut config = redis.clone();
        prefix.clone_into(&mut config.prefix);
        Arc::new(RedisBook::connect(&config))
    }
}

async fn sentinels() -> (SentinelTrio, impl Fn(&str) -> Book) {
    let trio = SentinelTrio::start(PATIENT, &[]).await;
    let books = by_prefix(trio.config("any"));
    (trio, books)
}

conformance::holds!(every_clause_holds_behind_sentinels on sentinels);

async fn cluster() -> (RedisCluster, impl Fn(&str) -> Book) {
    let cluster = RedisCluster::start(PATIENT, &[]).await;
    let books = by_prefix(cluster.config("any"));
    (cluster, books)
}

conformance::holds!(every_clause_holds_on_a_cluster on cluster);

async fn shared() -> (RedisServer, impl Fn(&str) -> Book) {
    let server = RedisServer::start(&[]).await;
    let books = by_prefix(server.config("any"));
    (server, books)
}

conformance::holds!(deployments_on_one_server_do_not_meet on shared);

#[tokio::test]
async fn a_token_is_nowhere_in_redis_and_nothing_is_left_of_a_room() {
    let server = RedisServer::start(&[]).await;
    let book = RedisBook::connect(&server.config("test"));
    let shared: Book = Arc::new(book.clone());
    entered(&shared, ROOM, OWNER).await;
    let token = InviteToken::new(GUILD, [0xab; 24]);
    let new = NewInvite {
        token: &token,
        channel: ROOM,
        maker: OWNER,
        expires_in: None,
        max_uses: Some(2),
    };
    book.add_invite(&new).await.unwrap();
    book.use_invite(&token, OWNER).await.unwrap().unwrap();
    let dump = server.ask("KEYS *book*").await.unwrap();
    assert!(dump.contains(&room_book::invite_id(&token).to_string()));
    assert!(!dump.contains("abababab"), "{dump}");
    let id = room_book::invite_id(&token);
    let kept = server
        .ask(&format!("HGETALL {{test}}:book:invite:{id}"))
        .await;
    assert!(!kept.unwrap().contains("abababab"));
    book.forget(GUILD, ROOM).await.unwrap();
    assert_eq!(server.ask("KEYS *book*").await.unwrap().trim(), "*0");
}

#[tokio::test]
async fn what_was_written_survives_a_restart_of_redis() {
    let mut server = RedisServer::start(&["--appendonly", "yes"]).await;
    let book: Book = Arc::new(RedisBook::connect(&server.config("test")));
    entered(&book, ROOM, OWNER).await;
    server.restart().await;
    conformance::eventually(async || matches!(book.room(GUILD, ROOM).await, Ok(Some(_)))).await;
}

#[tokio::test]
async fn a_redis_that_is_away_is_an_error_in_time() {
    let mut server = RedisServer::start(&[]).await;
    let book = RedisBook::connect(&server.config("test"));
    book.rooms(GUILD).await.unwrap();
    server.kill();
    let asked = tokio::time::timeout(redis_link::COMMAND_TIMEOUT * 10, book.rooms(GUILD)).await;
    assert!(asked.unwrap().is_err());
}

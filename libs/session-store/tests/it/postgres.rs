use std::time::Duration;

use session_store::{PostgresSessions, Sessions, testing::PostgresServer};
use sqlx::Row as _;
use tower_sessions::SessionStore;

use crate::conformance::{self, record};

async fn fresh() -> (PostgresServer, Sessions) {
    let server = PostgresServer::start().await;
    let sessions = PostgresSessions::connect(&server.config());
    (server, sessions.into())
}

conformance::holds!(every_clause_holds_on_postgres on fresh);

#[tokio::test]
async fn replicas_that_start_together_make_the_tables_once() {
    let server = PostgresServer::start().await;
    let replicas: Vec<Sessions> = (0..8)
        .map(|_| PostgresSessions::connect(&server.config()).into())
        .collect();
    let answers = replicas.iter().map(Sessions::ping);
    for answer in futures_util::future::join_all(answers).await {
        answer.unwrap();
    }
    let mut first = record(60);
    replicas[0].create(&mut first).await.unwrap();
    assert_eq!(replicas[7].load(&first.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_postgres_that_is_away_is_an_error_and_signs_nobody_out() {
    let (mut server, sessions) = fresh().await;
    let mut kept = record(600);
    sessions.create(&mut kept).await.unwrap();
    server.kill();
    assert!(sessions.load(&kept.id).await.is_err());
    assert!(sessions.save(&kept).await.is_err());
    assert!(sessions.create(&mut record(60)).await.is_err());
    assert!(sessions.delete(&kept.id).await.is_err());
    assert!(sessions.round("7").await.is_err());
    assert!(
        sessions
            .end_all("7", Duration::from_secs(60))
            .await
            .is_err()
    );
    server.restart().await;
    assert_eq!(sessions.load(&kept.id).await.unwrap(), Some(kept));
}

#[tokio::test]
async fn a_dump_holds_no_id_and_what_expired_is_swept() {
    let (server, sessions) = fresh().await;
    let mut live = record(600);
    sessions.create(&mut live).await.unwrap();
    for _ in 0..20 {
        sessions.create(&mut record(-1)).await.unwrap();
    }
    let mut connection = server.connection().await;
    let rows = sqlx::query("SELECT id, record FROM fanfare.sessions WHERE expires_at > now()")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let id: Vec<u8> = rows[0].get(0);
    let stored = String::from_utf8(rows[0].get(1)).unwrap();
    assert_ne!(id, live.id.0.to_be_bytes());
    assert!(!stored.contains(&live.id.to_string()) && !stored.contains(&live.id.0.to_string()));
    // Another replica sweeps when it starts.
    let _sweeps = PostgresSessions::connect(&server.config());
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let row = sqlx::query("SELECT count(*) FROM fanfare.sessions")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        if row.get::<i64, _>(0) == 1 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "not swept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(sessions.is_live(&live.id).await.unwrap());
}

use sqlx::{PgPool, Row};

/// The steps by which the tables came about, by name; new ones are added at the end.
const STEPS: &[(&str, &str)] = &[("0001-sessions", include_str!("0001-sessions.sql"))];

/// Held while the tables are made, so that replicas that start together do it one after the other.
const LOCK: i64 = 0x6661_6e66_6172_6501;

/// Makes the tables, or what is new since an older release. All of it or nothing.
pub(super) async fn make(pool: &PgPool) -> sqlx::Result<()> {
    if missing(pool).await?.is_empty() {
        return Ok(());
    }
    let mut transaction = pool.begin().await?;
    // Of the transaction: a pooler may give the next one another connection.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await?;
    sqlx::raw_sql(
        "CREATE SCHEMA IF NOT EXISTS fanfare; \
         CREATE TABLE IF NOT EXISTS fanfare.migrations (name text PRIMARY KEY)",
    )
    .execute(&mut *transaction)
    .await?;
    for (name, step) in STEPS {
        let done = sqlx::query("INSERT INTO fanfare.migrations VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(*name)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 1 {
            sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await
}

/// The steps that this database has not seen. A user that may not create anything can still use what is there.
async fn missing(pool: &PgPool) -> sqlx::Result<Vec<&'static str>> {
    let known = sqlx::query("SELECT to_regclass('fanfare.migrations') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    let mut done: Vec<String> = Vec::new();
    if known.try_get(0)? {
        let rows = sqlx::query("SELECT name FROM fanfare.migrations")
            .fetch_all(pool)
            .await?;
        for row in &rows {
            done.push(row.try_get(0)?);
        }
    }
    let steps = STEPS.iter().map(|(name, _)| *name);
    Ok(steps
        .filter(|step| !done.iter().any(|name| name == step))
        .collect())
}

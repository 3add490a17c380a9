//! Signing in, going on and signing out at two replicas, wherever sign-ins are kept.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use redis_link::testing::RedisServer;
use reqwest::header;
use serde_json::json;
use session_store::{
    CookieSessions, MemorySessions, PostgresSessions, RedisSessions, Sealing, Sessions,
    testing::PostgresServer,
};

use crate::{
    browser::{Browser, Stream, client},
    replica::{Deployment, PATIENCE, Replica},
    socket::{Heard, Socket, token},
};

/// How soon streams end everywhere, at ten times what is promised.
const SOON: Duration = Duration::from_secs(10);

/// The membership is believed for long, so that only a signal ends a stream.
const LONG: [(&str, &str); 1] = [("MEMBERSHIP_TTL_SECONDS", "600")];

/// Where sign-ins are kept, as each replica of a deployment connects to it.
enum Store {
    Memory(Sessions),
    Redis,
    Postgres(PostgresServer),
    Cookie,
}

impl Store {
    fn connect(&self, redis: &RedisServer) -> Sessions {
        let on_redis = || RedisSessions::connect(&redis.config("web-it"));
        match self {
            Self::Memory(sessions) => sessions.clone(),
            Self::Redis => on_redis().into(),
            Self::Postgres(server) => PostgresSessions::connect(&server.config()).into(),
            Self::Cookie => {
                let sealing = Sealing {
                    secrets: vec!["0123456789abcdef0123456789abcdef".to_owned().into()],
                    ttl: Duration::from_secs(604_800),
                };
                CookieSessions::new(&sealing, Arc::new(on_redis())).into()
            }
        }
    }

    /// Two replicas, each with a connection of its own.
    async fn replicas(&self, more: &[(&str, &str)]) -> (Deployment, [Replica; 2]) {
        let mut deployment = Deployment::on_redis().await;
        let mut replicas = Vec::new();
        for _ in 0..2 {
            let redis = deployment.redis.as_ref().unwrap();
            deployment.sessions = self.connect(redis);
            replicas.push(deployment.replica(more).await);
        }
        let Ok(replicas) = replicas.try_into() else {
            panic!("there are two");
        };
        (deployment, replicas)
    }

    async fn each_clause(self) {
        one_signs_in_goes_on_elsewhere_and_signs_out(&self).await;
        signing_out_everywhere_ends_what_other_browsers_hold(&self).await;
        tokens_are_renewed_once_and_a_stream_s_renewal_reaches_the_browser(&self).await;
    }
}

#[tokio::test]
async fn sign_ins_in_memory() {
    Store::Memory(MemorySessions::new().into())
        .each_clause()
        .await;
}

#[tokio::test]
async fn sign_ins_in_redis() {
    Store::Redis.each_clause().await;
}

#[tokio::test]
async fn sign_ins_in_postgres() {
    Store::Postgres(PostgresServer::start().await)
        .each_clause()
        .await;
}

#[tokio::test]
async fn sign_ins_in_cookies() {
    Store::Cookie.each_clause().await;
}

#[tokio::test]
async fn what_does_not_fit_into_a_cookie_is_said_and_older_sign_ins_make_room() {
    let (deployment, [web, _other]) = Store::Cookie.replicas(&LONG).await;
    let browser = Browser::new(&web);
    let long = format!("/auth/login?returnTo=/{}", "x".repeat(250));
    for _ in 0..8 {
        assert_eq!(browser.get(&long).await.status(), 303);
        assert!(browser.cookie().len() < 4_000, "{}", browser.cookie().len());
    }
    assert_eq!(browser.sign_in().await.status(), 303);
    assert_eq!(browser.get("/api/me").await.status(), 200);
    deployment.discord.next_name(&"n".repeat(4_000));
    let refused = Browser::new(&web).sign_in().await;
    assert_eq!(refused.status(), 500);
    let words = refused.text().await.unwrap();
    assert!(words.contains("does not fit") && words.contains("SESSION_STORE"));
    let again = browser.sign_in().await;
    assert_eq!(again.status(), 500);
    assert_eq!(browser.get("/api/me").await.status(), 401, "nobody by half");
}

/// What a thief gets with a cookie.
async fn status_with(web: &Replica, cookie: &str) -> u16 {
    let asked = client()
        .get(format!("{}/api/me", web.url))
        .header(header::COOKIE, cookie);
    asked.send().await.unwrap().status().as_u16()
}

async fn opened(browser: &Browser) -> Stream {
    let stream = browser.stream("").await;
    stream
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    stream
}

async fn one_signs_in_goes_on_elsewhere_and_signs_out(store: &Store) {
    let (_deployment, [one, two]) = store.replicas(&LONG).await;
    let browser = Browser::new(&one);
    browser.get("/auth/login").await;
    let before = browser.cookie();
    assert_eq!(browser.at(&two).sign_in().await.status(), 303);
    assert_eq!(status_with(&one, &before).await, 401, "a new id at login");
    let cookie = browser.cookie();
    assert!(cookie.len() < 4_096, "{}", cookie.len());
    assert_eq!(status_with(&two, &cookie).await, 200);
    let changed = format!("{}A{}", &cookie[..40], &cookie[41..]);
    assert!(changed == cookie || status_with(&two, &changed).await == 401);

    let at_two = browser.at(&two);
    let stream = opened(&at_two).await;
    let mut socket = Socket::stream(&two, &at_two, json!({})).await;
    let unused = token(&browser).await;
    // A token opens streams, and nothing else.
    assert_eq!(status_with(&one, &format!("fanfare={unused}")).await, 401);
    let asked = Instant::now();
    let out = browser.request("POST", "/auth/logout").send().await;
    assert_eq!(out.unwrap().status(), 204);
    stream.wait_for_end().await;
    let (_, end) = socket.end().await;
    assert!(matches!(end, Heard::Closed(..)), "{end:?}");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    for web in [&one, &two] {
        assert_eq!(status_with(web, &cookie).await, 401, "the cookie is over");
    }
    let mut late = Socket::open(&one).await;
    late.auth(&unused, json!({})).await;
    let (_, end) = late.end().await;
    assert!(matches!(end, Heard::Closed(4401, _)), "{end:?}");
}

async fn signing_out_everywhere_ends_what_other_browsers_hold(store: &Store) {
    let (deployment, [one, two]) = store.replicas(&LONG).await;
    let (browser, other) = (
        Browser::signed_in(&one).await,
        Browser::signed_in(&two).await,
    );
    deployment.discord.next_user(5);
    let stranger = Browser::signed_in(&two).await;
    deployment.discord.next_user(80_351_110_224_678_912);
    let (stream, strangers) = (opened(&other).await, opened(&stranger).await);
    let asked = Instant::now();
    let out = browser.request("POST", "/auth/logout?all=1").send().await;
    assert_eq!(out.unwrap().status(), 204);
    tokio::time::timeout(PATIENCE, stream.wait_for_end())
        .await
        .unwrap();
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    for web in [&one, &two] {
        for browser in [&browser, &other] {
            assert_eq!(status_with(web, &browser.cookie()).await, 401);
        }
        assert_eq!(status_with(web, &stranger.cookie()).await, 200);
    }
    assert!(!strangers.has_ended());
    let again = Browser::signed_in(&one).await;
    assert_eq!(status_with(&two, &again.cookie()).await, 200);
}

async fn tokens_are_renewed_once_and_a_stream_s_renewal_reaches_the_browser(store: &Store) {
    let ttl = [("MEMBERSHIP_TTL_SECONDS", "1")];
    let (deployment, webs) = store.replicas(&ttl).await;
    deployment.discord.set_lifetime(1);
    let browser = Browser::signed_in(&webs[0]).await;
    deployment
        .discord
        .slow_refreshes(Duration::from_millis(200));
    // All with the cookie of before the renewal, and the answers' cookies are lost.
    let asked = webs.each_ref().map(|web| {
        let guilds = browser.at(web).request("GET", "/api/guilds");
        async move { guilds.send().await.unwrap().status() }
    });
    let answers = join_all(asked).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!(deployment.discord.refreshed(), (1, 0));
    // A stream renews them time and again and can't set a cookie.
    let stream = opened(&browser).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while deployment.discord.refreshed().0 < 3 {
        assert!(tokio::time::Instant::now() < deadline, "nothing is renewed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!stream.has_ended());
    for web in &webs {
        assert_eq!(browser.at(web).get("/api/guilds").await.status(), 200);
    }
    let (_, refused) = deployment.discord.refreshed();
    assert_eq!(refused, 0, "a renewed token is never used again");
}

//! Signing out, on all replicas.

use std::time::{Duration, Instant};

use crate::{
    browser::Browser,
    replica::{Deployment, PATIENCE},
};

/// How soon streams end everywhere, at ten times what is promised.
const SOON: Duration = Duration::from_secs(10);

/// The membership is believed for long, so that only a signal ends a stream.
const LONG: [(&str, &str); 1] = [("MEMBERSHIP_TTL_SECONDS", "600")];

async fn sign_out(browser: &Browser, query: &str) {
    let path = format!("/auth/logout{query}");
    let out = browser.request("POST", &path).send().await.unwrap();
    assert_eq!(out.status(), 204);
}

#[tokio::test]
async fn signing_out_ends_the_streams_of_the_session_on_all_replicas_and_no_others() {
    let deployment = Deployment::on_redis().await;
    let webs = [
        deployment.replica(&LONG).await,
        deployment.replica(&LONG).await,
    ];
    let browser = Browser::signed_in(&webs[0]).await;
    let other = Browser::signed_in(&webs[0]).await;
    let stream = browser.at(&webs[1]).stream("").await;
    let others = other.at(&webs[1]).stream("").await;
    for stream in [&stream, &others] {
        stream
            .wait_until(|stream| !stream.last_event_id().is_empty())
            .await;
    }
    let asked = Instant::now();
    sign_out(&browser, "").await;
    tokio::time::timeout(PATIENCE, stream.wait_for_end())
        .await
        .unwrap();
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert!(!others.has_ended(), "another session of the same user");
    assert_eq!(other.get("/api/me").await.status(), 200);
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_the_user() {
    let deployment = Deployment::on_redis().await;
    let webs = [
        deployment.replica(&LONG).await,
        deployment.replica(&LONG).await,
    ];
    let browser = Browser::signed_in(&webs[0]).await;
    let other = Browser::signed_in(&webs[1]).await;
    deployment.discord.next_user(5);
    let stranger = Browser::signed_in(&webs[1]).await;
    deployment.discord.next_user(80_351_110_224_678_912);
    let stream = other.stream("").await;
    let strangers = stranger.stream("").await;
    for stream in [&stream, &strangers] {
        stream
            .wait_until(|stream| !stream.last_event_id().is_empty())
            .await;
    }
    let refused = browser.request("POST", "/auth/logout?all=maybe").send();
    assert_eq!(refused.await.unwrap().status(), 400);
    let asked = Instant::now();
    sign_out(&browser, "?all=1").await;
    tokio::time::timeout(PATIENCE, stream.wait_for_end())
        .await
        .unwrap();
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    for browser in [&browser, &other] {
        assert_eq!(browser.get("/api/me").await.status(), 401);
    }
    assert!(!strangers.has_ended());
    assert_eq!(stranger.get("/api/me").await.status(), 200);
    // And one may come back.
    let again = Browser::signed_in(&webs[0]).await;
    assert_eq!(again.at(&webs[1]).get("/api/me").await.status(), 200);
}

#[tokio::test]
async fn a_lost_membership_ends_the_streams_on_all_replicas_as_soon_as_one_knows() {
    let deployment = Deployment::on_redis().await;
    let curious = [("MEMBERSHIP_TTL_SECONDS", "1")];
    let webs = [
        deployment.replica(&curious).await,
        deployment.replica(&LONG).await,
    ];
    let browser = Browser::signed_in(&webs[0]).await;
    deployment.discord.next_user(5);
    let stranger = Browser::signed_in(&webs[1]).await;
    let streams = [
        browser.stream("").await,
        browser.at(&webs[1]).stream("").await,
        stranger.stream("").await,
    ];
    for stream in &streams {
        stream
            .wait_until(|stream| !stream.last_event_id().is_empty())
            .await;
    }
    deployment.discord.set_guilds(&[5]);
    streams[0].wait_for_end().await;
    let known = Instant::now();
    streams[1].wait_for_end().await;
    assert!(known.elapsed() < SOON, "{:?}", known.elapsed());
    assert!(!streams[2].has_ended(), "nobody spoke of this user");
}

#[tokio::test]
async fn a_session_lasts_as_long_as_it_is_used_and_not_longer() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[("SESSION_TTL", "3")]).await;
    let browser = Browser::signed_in(&web).await;
    let mut prolonged = 0;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        let answer = browser.get("/api/me").await;
        assert_eq!(answer.status(), 200, "after {:?}", begun.elapsed());
        prolonged += answer.headers().get_all("set-cookie").iter().count();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(prolonged >= 2, "the cookie lasts as long as the session");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(browser.get("/api/me").await.status(), 401);
}

#[tokio::test]
async fn sign_ins_are_counted_by_the_address_of_the_client() {
    let deployment = Deployment::in_memory().await;
    let proxied = [("TRUSTED_PROXIES", "127.0.0.0/8")];
    let webs = [
        deployment.replica(&proxied).await,
        deployment.replica(&proxied).await,
    ];
    let begin = async |n: usize, address: &str| {
        let request = Browser::new(&webs[n % 2]).request("GET", "/auth/login?returnTo=/evil-words");
        request
            .header("x-forwarded-for", address)
            .send()
            .await
            .unwrap()
    };
    let mut refused = None;
    for n in 0..40 {
        let answer = begin(n, "203.0.113.5").await;
        if answer.status() != 303 {
            refused = Some((n, answer));
            break;
        }
    }
    let (n, refused) = refused.expect("40 are too many");
    assert!(n >= 20, "{n}");
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(!refused.text().await.unwrap().contains("evil-words"));
    assert_eq!(begin(0, "203.0.113.6").await.status(), 303, "somebody else");
}

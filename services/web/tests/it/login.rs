use axum::{Router, response::Redirect};
use reqwest::header;
use serde_json::Value;

use crate::{
    browser::{Browser, client, location},
    replica::{Deployment, GUILD},
};

#[tokio::test]
async fn somebody_signs_in_and_finds_oneself_the_guilds_and_the_rooms() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::new(&web);
    let to_discord = browser.get("/auth/login?returnTo=//evil.example").await;
    let cookie = to_discord.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        cookie.starts_with("fanfare=")
            && cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let before = browser.cookie();
    let back = client().get(location(&to_discord)).send().await.unwrap();
    let home = browser.get_url(&location(&back)).await;
    assert_eq!(location(&home), "/", "nobody is sent to another host");
    assert_ne!(browser.cookie(), before, "a sign-in gets a new session");

    let me: Value = browser.get("/api/me").await.json().await.unwrap();
    assert_eq!(
        (&me["username"], &me["displayName"]),
        (&"nelly".into(), &"Nelly".into())
    );
    let guilds: Value = browser.get("/api/guilds").await.json().await.unwrap();
    assert_eq!(
        guilds.as_array().unwrap().len(),
        1,
        "only what the bot shares: {guilds}"
    );
    assert_eq!(guilds[0]["guildId"], GUILD.to_string());
    let rooms: Value = browser
        .get(&format!("/api/guilds/{GUILD}/rooms"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 1, "{rooms}");
    assert_eq!(browser.get("/api/guilds/5/rooms").await.status(), 403);
    assert_eq!(browser.get("/api/guilds/x/rooms").await.status(), 400);
    assert_eq!(deployment.discord.asked(), 1, "asked once, then believed");

    // The cookie of before the sign-in is worth nothing.
    let old = client()
        .get(format!("{}/api/me", web.url))
        .header("cookie", before)
        .send()
        .await
        .unwrap();
    assert_eq!(old.status(), 401);
}

#[tokio::test]
async fn a_return_from_discord_is_good_once_and_for_the_browser_that_began() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::new(&web);
    let to_discord = browser.get("/auth/login").await;
    let back = location(&client().get(location(&to_discord)).send().await.unwrap());
    // Somebody else follows the link (login CSRF).
    let other = client().get(&back).send().await.unwrap();
    assert_eq!(other.status(), 400);
    assert!(!other.text().await.unwrap().contains("code-"));
    // A state that was not given out.
    let forged = back.replace("state=", "state=x");
    assert_eq!(browser.get_url(&forged).await.status(), 400);
    assert_eq!(browser.get_url(&back).await.status(), 303);
    assert_eq!(browser.get_url(&back).await.status(), 400, "used up");
    // Not agreed.
    let again = browser.get("/auth/login").await;
    let state = location(&again)
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let denied = browser
        .get(&format!("/auth/callback?error=access_denied&state={state}"))
        .await;
    assert_eq!(denied.status(), 403);
    // A code that Discord does not know.
    let again = browser.get("/auth/login").await;
    let state = location(&again)
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let refused = browser
        .get(&format!("/auth/callback?code=made-up&state={state}"))
        .await;
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn signing_out_ends_the_streams_and_gives_the_tokens_back() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let stream = browser.stream("").await;
    stream
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    let foreign = browser
        .request("POST", "/auth/logout")
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
    let old = browser.cookie();
    let out = browser
        .request("POST", "/auth/logout")
        .header("origin", &web.url)
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), 204);
    let removal = out.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(
        removal.contains("Max-Age=0") && removal.contains("HttpOnly"),
        "{removal}"
    );
    stream.wait_for_end().await;
    assert_eq!(deployment.discord.live_tokens(), 0);
    let after = client()
        .get(format!("{}/api/me", web.url))
        .header("cookie", old)
        .send()
        .await
        .unwrap();
    assert_eq!(after.status(), 401);
}

#[tokio::test]
async fn losing_the_guild_ends_the_stream_and_losing_the_session_elsewhere_too() {
    let deployment = Deployment::in_memory().await;
    let ttl = [("MEMBERSHIP_TTL_SECONDS", "1")];
    let webs = [
        deployment.replica(&ttl).await,
        deployment.replica(&ttl).await,
    ];
    let browser = Browser::signed_in(&webs[0]).await;
    let stream = browser.at(&webs[1]).stream("").await;
    stream
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    browser
        .request("POST", "/auth/logout")
        .send()
        .await
        .unwrap();
    stream.wait_for_end().await;

    let browser = Browser::signed_in(&webs[0]).await;
    let stream = browser.stream("").await;
    stream
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    deployment.discord.set_guilds(&[5]);
    stream.wait_for_end().await;
}

#[tokio::test]
async fn expired_tokens_are_renewed_once_and_stored() {
    let deployment = Deployment::in_memory().await;
    deployment.discord.set_lifetime(1);
    let web = deployment.replica(&[("MEMBERSHIP_TTL_SECONDS", "1")]).await;
    let browser = Browser::signed_in(&web).await;
    for _ in 0..3 {
        assert_eq!(browser.get("/api/guilds").await.status(), 200);
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    }
    // Discord away: the last known guilds hold.
    deployment.discord.set_down(true);
    assert_eq!(browser.get("/api/guilds").await.status(), 200);
    let stranger = Browser::new(&web);
    let failed = stranger.sign_in().await;
    assert_eq!(failed.status(), 502);
}

#[tokio::test]
async fn a_redirect_of_discord_is_not_followed() {
    let deployment = Deployment::in_memory().await;
    let elsewhere = deployment.discord.url.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}/api/v10", listener.local_addr().unwrap());
    let moved = async move |uri: http::Uri| Redirect::temporary(&format!("{elsewhere}{uri}"));
    let router = Router::new().fallback(moved);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let web = deployment.replica(&[("DISCORD_API_URL", &api)]).await;
    let answer = Browser::new(&web).sign_in().await;
    assert!(answer.status().as_u16() >= 400, "{}", answer.status());
    assert_eq!(deployment.discord.live_tokens(), 0, "nobody was asked");
}

#[tokio::test]
async fn sign_ins_of_one_address_are_limited() {
    let deployment = Deployment::in_memory().await;
    let trusting = [("TRUSTED_PROXIES", "127.0.0.1")];
    let web = deployment.replica(&trusting).await;
    let begin = async |from: &str| {
        let begun = client()
            .get(format!("{}/auth/login", web.url))
            .header("x-forwarded-for", from);
        begun.send().await.unwrap()
    };
    let mut begun = 0;
    let refused = loop {
        // What stands before the proxy's own word anybody may have written.
        let answer = begin(&format!("198.51.100.{begun}, 203.0.113.5")).await;
        if answer.status() != 303 {
            break answer;
        }
        begun += 1;
        assert!(begun < 200, "nobody stops it");
    };
    assert!(begun >= 20, "{begun}");
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(begin("203.0.113.6").await.status(), 303);
}

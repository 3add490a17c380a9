//! Discord's tokens, renewed.

use std::time::Duration;

use crate::{
    browser::Browser,
    replica::{Deployment, PATIENCE},
};

#[tokio::test]
async fn replicas_that_renew_at_once_ask_discord_once() {
    let deployment = Deployment::in_memory().await;
    deployment.discord.set_lifetime(1);
    let webs = [
        deployment.replica(&[]).await,
        deployment.replica(&[]).await,
        deployment.replica(&[]).await,
    ];
    for round in 1..=5 {
        let browser = Browser::signed_in(&webs[0]).await;
        deployment
            .discord
            .slow_refreshes(Duration::from_millis(200));
        let asked = webs.each_ref().map(|web| {
            let browser = browser.at(web);
            async move { browser.get("/api/guilds").await.status() }
        });
        let answers = futures_util::future::join_all(asked).await;
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
        assert_eq!(
            deployment.discord.refreshed(),
            (round, 0),
            "one each round, none refused"
        );
    }
}

#[tokio::test]
async fn who_took_the_authorization_back_is_signed_out_on_every_replica() {
    let deployment = Deployment::in_memory().await;
    deployment.discord.set_lifetime(1);
    let webs = [deployment.replica(&[]).await, deployment.replica(&[]).await];
    let browser = Browser::signed_in(&webs[0]).await;
    let stream = browser.stream("").await;
    stream
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    deployment.discord.take_back();
    assert_eq!(browser.at(&webs[1]).get("/api/guilds").await.status(), 401);
    tokio::time::timeout(PATIENCE, stream.wait_for_end())
        .await
        .unwrap();
    assert_eq!(browser.get("/api/me").await.status(), 401);
}

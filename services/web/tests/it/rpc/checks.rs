use std::sync::Arc;

use limits::{Bucket, Limits, LimitsError, Verdict};
use serde_json::json;

use super::{call, request, told, wrong};
use crate::{
    browser::{Browser, client},
    replica::Deployment,
};

#[tokio::test]
async fn what_is_refused_is_refused_in_one_order() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let stranger = Browser::new(&web);
    let evil = "https://evil.example";
    let big = "x".repeat(70_000);
    // Everything is wrong with it; each step puts the first thing right.
    let wish = |browser: &Browser, function: &str| {
        browser.request("POST", &format!("/api/rpc/{function}"))
    };
    let steps = [
        (
            wish(&stranger, "createRoom")
                .header("origin", evil)
                .body(big.clone()),
            401,
            "unauthorized",
        ),
        (
            wish(&browser, "createRoom")
                .header("origin", evil)
                .body(big.clone()),
            403,
            "forbidden",
        ),
        (
            wish(&browser, "createRoom").header("sec-fetch-site", "cross-site"),
            403,
            "forbidden",
        ),
        (
            wish(&browser, "nothing").body(big.clone()),
            404,
            "not-found",
        ),
        (
            wish(&browser, "createRoom").body(big.clone()),
            415,
            "unsupported-media-type",
        ),
        (
            wish(&browser, "createRoom")
                .header("content-type", "text/plain")
                .body("{}"),
            415,
            "unsupported-media-type",
        ),
        (
            wish(&browser, "createRoom")
                .header("content-type", "application/json")
                .body(big),
            413,
            "too-large",
        ),
        (
            wish(&browser, "createRoom")
                .header("content-type", "application/json")
                .body("{\"name\": \"the secret"),
            400,
            "bad-json",
        ),
        (
            wish(&browser, "createRoom").json(&json!(["Lounge"])),
            400,
            "bad-json",
        ),
        (
            wish(&browser, "createRoom").json(&json!({})),
            400,
            "validation",
        ),
        (
            wish(&browser, "createRoom").json(&json!({"name": "x", "guildId": "5"})),
            403,
            "guild-not-shared",
        ),
        (
            wish(&browser, "createRoom").json(&json!({"name": "x"})),
            503,
            "gateway-away",
        ),
    ];
    for (request, status, code) in steps {
        let (got, problem) = told(request.send().await.unwrap()).await;
        assert_eq!((got, &problem["code"]), (status, &code.into()), "{problem}");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    let wrong_method = browser.get("/api/rpc/createRoom").await;
    assert_eq!(wrong_method.status(), 405);
}

#[tokio::test]
async fn all_fields_that_are_wrong_are_named_at_once_and_nobody_is_asked() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let input = json!({"name": "x".repeat(101), "userLimit": 100, "guildId": "me"});
    let answer = request(&browser, "createRoom", &input)
        .header("idempotency-key", "a b")
        .send()
        .await
        .unwrap();
    let (status, problem) = told(answer).await;
    assert_eq!((status, &problem["code"]), (400, &"validation".into()));
    assert_eq!(
        wrong(&problem),
        [
            ("Idempotency-Key", "invalid"),
            ("name", "too-long"),
            ("userLimit", "out-of-range"),
            ("guildId", "invalid")
        ]
    );
    assert!(deployment.gateway.asked().is_empty());
}

#[tokio::test]
async fn eleven_quick_calls_are_one_too_many_and_refused_ones_count() {
    let deployment = Deployment::in_memory().await;
    let webs = [deployment.replica(&[]).await, deployment.replica(&[]).await];
    let browser = Browser::signed_in(&webs[0]).await;
    let mut statuses = Vec::new();
    for number in 0..30 {
        let browser = browser.at(&webs[number % 2]);
        let answer = request(&browser, "createRoom", &json!({})).send().await;
        let answer = answer.unwrap();
        statuses.push(answer.status().as_u16());
        if answer.status() == 429 {
            let pause = answer.headers()["retry-after"].to_str().unwrap();
            assert_eq!(pause, "1", "one call comes back every second");
            let (_, problem) = told(answer).await;
            assert_eq!(problem["code"], "rate-limited");
            break;
        }
    }
    assert!(statuses.len() >= 11, "ten at once: {statuses:?}");
    assert_eq!(statuses.pop(), Some(429));
    assert!(statuses.iter().all(|status| *status == 400), "{statuses:?}");
    // Somebody else is not concerned, and who reads is not either.
    deployment.discord.next_user(77);
    let other = Browser::signed_in(&webs[0]).await;
    assert_eq!(call(&other, "createRoom", json!({})).await.0, 400);
    assert_eq!(browser.get("/api/me").await.status(), 200);
}

#[tokio::test]
async fn what_cannot_be_counted_is_not_done() {
    struct Away;
    #[async_trait::async_trait]
    impl Limits for Away {
        async fn take(&self, _: &Bucket, _: &str) -> Result<Verdict, LimitsError> {
            Err(LimitsError("Redis is away".into()))
        }
        async fn hold(
            &self,
            _: &str,
            _: &str,
            _: usize,
            _: std::time::Duration,
        ) -> Result<bool, LimitsError> {
            Ok(true)
        }
        async fn release(&self, _: &str, _: &str) -> Result<(), LimitsError> {
            Ok(())
        }
    }
    let mut deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    deployment.limits = Arc::new(Away);
    let web = deployment.replica(&[]).await;
    let (status, problem) = call(&browser.at(&web), "createRoom", json!({"name": "x"})).await;
    assert_eq!((status, &problem["code"]), (503, &"limits-away".into()));
    assert!(!problem.to_string().contains("Redis"), "{problem}");
    assert!(deployment.gateway.asked().is_empty());
}

#[tokio::test]
async fn a_foreign_form_changes_nothing_anywhere() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let form = browser
            .request("POST", "/auth/logout")
            .header("content-type", kind)
            .body("a=b");
        assert_eq!(form.send().await.unwrap().status(), 415);
    }
    let foreign = browser
        .request("POST", "/auth/logout")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(browser.get("/api/me").await.status(), 200);
    let allowed = client()
        .request(reqwest::Method::OPTIONS, format!("{}/api/me", web.url))
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert!(
        !allowed
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

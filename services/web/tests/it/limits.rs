use std::fmt::Write as _;

use reqwest::header;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    browser::{Browser, client},
    replica::{Deployment, GUILD, PATIENCE, Replica},
};

async fn raw(web: &Replica, request: &str) -> String {
    let mut socket = TcpStream::connect(web.addr).await.unwrap();
    // The server may answer and close before it has read all.
    let _cut_off = socket.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _reset = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn every_failure_is_a_problem_document() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let big = "x".repeat(70_000);
    let requests = [
        (browser.request("GET", "/api/nothing"), 404, "not-found"),
        (browser.request("GET", "/nothing.js"), 404, "not-found"),
        (
            browser.request("POST", "/api/me"),
            405,
            "method-not-allowed",
        ),
        (
            browser.request("DELETE", "/api/stream"),
            405,
            "method-not-allowed",
        ),
        (
            browser.request("GET", &format!("/api/me?{}", "x".repeat(9_000))),
            414,
            "uri-too-long",
        ),
        (
            browser.request("POST", "/auth/logout").body(big),
            413,
            "too-large",
        ),
        (
            browser.request("GET", "/auth/callback?a=%FF"),
            400,
            "bad-request",
        ),
    ];
    for (request, status, code) in requests {
        let answer = request.send().await.unwrap();
        let what = format!("{} {}", answer.url(), answer.status());
        if answer.url().path() == "/auth/callback" {
            assert_eq!(answer.status(), status, "{what}");
            continue;
        }
        assert_eq!(answer.status(), status, "{what}");
        assert_eq!(
            answer.headers()[header::CONTENT_TYPE],
            "application/problem+json",
            "{what}"
        );
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(
            (&problem["code"], &problem["type"]),
            (&code.into(), &"about:blank".into()),
            "{what}"
        );
    }
}

#[tokio::test]
async fn oversized_heads_are_refused() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let long = format!(
        "GET /api/health HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n",
        "a".repeat(100_000)
    );
    assert!(raw(&web, &long).await.starts_with("HTTP/1.1 431"));
    let mut many = "GET /api/health HTTP/1.1\r\nHost: x\r\n".to_owned();
    for number in 0..200 {
        let _ = write!(many, "X-{number}: a\r\n");
    }
    assert!(
        raw(&web, &format!("{many}\r\n"))
            .await
            .starts_with("HTTP/1.1 431")
    );
    assert!(
        raw(&web, "NONSENSE\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let deployment = Deployment::in_memory().await;
    let web = deployment
        .replica(&[("DISCORD_CDN_URL", "https://cdn.example/x")])
        .await;
    for path in [
        "/",
        "/join/abc",
        "/api/health",
        "/api/me",
        "/nothing",
        "/favicon.ico",
    ] {
        let answer = client()
            .get(format!("{}{path}", web.url))
            .send()
            .await
            .unwrap();
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "img-src 'self' https://cdn.example;",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert!(headers.contains_key("referrer-policy"));
        assert!(
            !headers.contains_key("strict-transport-security"),
            "plain http has no HSTS"
        );
    }
}

#[tokio::test]
async fn behind_tls_the_cookie_is_bound_to_the_host() {
    let deployment = Deployment::in_memory().await;
    let web = deployment
        .replica(&[("BASE_URL", "https://fanfare.example")])
        .await;
    let answer = client()
        .get(format!("{}/auth/login", web.url))
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.headers()["strict-transport-security"],
        "max-age=31536000; includeSubDomains"
    );
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    for part in [
        "__Host-fanfare=",
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let pair = cookie.split(';').next().unwrap().to_owned();
    let out = client()
        .post(format!("{}/auth/logout", web.url))
        .header("cookie", pair)
        .send()
        .await
        .unwrap();
    let removal = out.headers()[header::SET_COOKIE].to_str().unwrap();
    for part in [
        "__Host-fanfare=;",
        "Max-Age=0",
        "Secure",
        "HttpOnly",
        "Path=/",
    ] {
        assert!(removal.contains(part), "{removal}");
    }
}

#[tokio::test]
async fn foreign_origins_are_refused_and_allowed_ones_may_read() {
    let deployment = Deployment::in_memory().await;
    let web = deployment
        .replica(&[("ALLOWED_ORIGINS", "https://app.example")])
        .await;
    let browser = Browser::signed_in(&web).await;
    let foreign = browser
        .request("GET", "/api/stream")
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
    // An image of a sibling host's page: the cookie comes along, an Origin does not.
    let embedded = browser
        .request("GET", "/api/stream")
        .header("sec-fetch-site", "same-site");
    assert_eq!(embedded.send().await.unwrap().status(), 403);
    let allowed = browser
        .request("GET", "/api/stream")
        .header("origin", "https://app.example")
        .send()
        .await
        .unwrap();
    assert_eq!(allowed.status(), 200);
    assert_eq!(
        allowed.headers()["access-control-allow-origin"],
        "https://app.example"
    );
    assert_eq!(
        allowed.headers()["access-control-allow-credentials"],
        "true"
    );
    let preflight = browser
        .request("OPTIONS", "/api/me")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET");
    assert_eq!(preflight.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn health_and_readiness_say_what_they_mean() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let health: Value = client()
        .get(format!("{}/api/health", web.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(health["status"], "ok");
    let text = web
        .registry
        .gather()
        .iter()
        .map(|family| family.name().to_owned())
        .collect::<Vec<_>>();
    for name in [
        "fanfare_streams_active",
        "fanfare_event_latency_seconds",
        "fanfare_deliveries_total",
        "fanfare_build_info",
    ] {
        assert!(text.iter().any(|known| known == name), "{name} is missing");
    }
}

#[tokio::test]
async fn metrics_are_not_on_the_public_port() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    for path in ["/metrics", "/api/metrics"] {
        let answer = client().get(format!("{}{path}", web.url)).send().await;
        assert_eq!(answer.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn personal_answers_are_not_stored() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    for path in [
        "/api/me",
        "/api/guilds",
        &format!("/api/guilds/{GUILD}/rooms"),
        &format!("/api/guilds/{GUILD}/events"),
        "/api/nothing",
        "/auth/login",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(
            answer.headers()[header::CACHE_CONTROL],
            "no-store",
            "{path}"
        );
    }
}

#[tokio::test]
async fn who_looks_too_often_waits() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let path = format!("/api/guilds/{GUILD}/rooms");
    let mut looks = 0;
    let refused = loop {
        let answer = browser.get(&path).await;
        if answer.status() != 200 {
            break answer;
        }
        looks += 1;
        assert!(looks < 1_000, "nobody stops it");
    };
    assert!(looks >= 60, "{looks}");
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    let history = browser.get(&format!("/api/guilds/{GUILD}/events")).await;
    assert_eq!(history.status(), 429, "they count together");
    assert_eq!(browser.get("/api/me").await.status(), 200);
}

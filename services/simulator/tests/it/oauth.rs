//! Logging in.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::stage::{Stage, answer};

const BACK: &str = "http://127.0.0.1:3000/auth/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const SCOPES: &str = "identify guilds guilds.members.read";

fn wish() -> Vec<(&'static str, String)> {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    vec![
        ("response_type", "code".into()),
        ("client_id", "77".into()),
        ("redirect_uri", BACK.into()),
        ("scope", SCOPES.into()),
        ("state", "s&t=a te".into()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".into()),
    ]
}

/// The query of where a form's answer leads back to.
async fn pressed(stage: &Stage, button: (&'static str, &str)) -> Vec<(String, String)> {
    let mut form = wish();
    form.push((button.0, button.1.to_owned()));
    let response = stage
        .http
        .post(stage.url("/oauth2/authorize"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 302);
    let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    assert!(back.as_str().starts_with(BACK));
    back.query_pairs().into_owned().collect()
}

fn field(query: &[(String, String)], name: &str) -> String {
    query
        .iter()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
        .clone()
}

async fn exchange(stage: &Stage, form: &[(&str, &str)]) -> (u16, Value) {
    let url = stage.url("/api/oauth2/token");
    answer(
        stage
            .http
            .post(url)
            .basic_auth("77", Some("secret"))
            .form(form),
    )
    .await
}

async fn redeem(stage: &Stage, code: &str, verifier: &str, back: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", back),
        ("code_verifier", verifier),
    ];
    exchange(stage, &form).await
}

async fn bearer(stage: &Stage, path: &str, token: &Value) -> (u16, Value) {
    let url = stage.url(&format!("/api/v10{path}"));
    answer(
        stage
            .http
            .request(Method::GET, url)
            .bearer_auth(token.as_str().unwrap()),
    )
    .await
}

#[tokio::test]
async fn a_person_logs_in_and_reads_own_guilds_and_roles() {
    let stage = Stage::start().await;
    let page = stage
        .http
        .get(stage.url("/oauth2/authorize"))
        .query(&wish())
        .send()
        .await
        .unwrap();
    let html = page.text().await.unwrap();
    assert!(
        html.contains(r#"data-user="nelly""#) && html.contains("s&amp;t=a te"),
        "{html}"
    );
    let back = pressed(&stage, ("user", "nelly")).await;
    assert_eq!(field(&back, "state"), "s&t=a te");
    let (status, token) = redeem(&stage, &field(&back, "code"), VERIFIER, BACK).await;
    assert_eq!(
        (status, &token["token_type"], &token["scope"]),
        (200, &json!("Bearer"), &json!(SCOPES))
    );
    let access = &token["access_token"];
    let (_, me) = bearer(&stage, "/users/@me", access).await;
    assert_eq!((&me["username"], me.get("email")), (&json!("nelly"), None));
    let (_, guilds) = bearer(&stage, "/users/@me/guilds", access).await;
    let names: Vec<&Value> = guilds
        .as_array()
        .unwrap()
        .iter()
        .map(|guild| &guild["name"])
        .collect();
    assert_eq!(names, ["Fanfare Café", "Night Owls", "Quiet Garden"]);
    assert!(
        guilds[0]["permissions"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            > 0
    );
    let (_, member) = bearer(
        &stage,
        &format!("/users/@me/guilds/{}/member", stage.home()),
        access,
    )
    .await;
    assert_eq!(member["roles"], json!([stage.id("roles", "barista")]));
    assert_eq!(
        bearer(&stage, "/oauth2/@me", access).await.1["user"]["username"],
        "nelly"
    );
    assert_eq!(
        bearer(&stage, &format!("/guilds/{}", stage.home()), access)
            .await
            .0,
        401,
        "for bots only"
    );
}

#[tokio::test]
async fn a_code_is_good_once_with_its_verifier_and_its_redirect_uri() {
    let stage = Stage::start().await;
    let code = async || field(&pressed(&stage, ("user", "mason")).await, "code");
    let good = code().await;
    assert_eq!(redeem(&stage, &good, VERIFIER, BACK).await.0, 200);
    for (code, verifier, back) in [
        (good.clone(), VERIFIER, BACK),
        (code().await, &VERIFIER.replace('d', "x"), BACK),
        (code().await, VERIFIER, "http://127.0.0.1:3000/other"),
    ] {
        let (status, body) = redeem(&stage, &code, verifier, back).await;
        assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    }
    let url = stage.url("/api/oauth2/token");
    let as_json = stage
        .http
        .post(url)
        .basic_auth("77", Some("secret"))
        .json(&json!({ "code": "x" }));
    assert_eq!(answer(as_json).await.1["error"], "invalid_request");
}

#[tokio::test]
async fn refreshing_rotates_and_revoking_ends_everything() {
    let stage = Stage::start().await;
    let code = field(&pressed(&stage, ("user", "nelly")).await, "code");
    let (_, first) = redeem(&stage, &code, VERIFIER, BACK).await;
    let old = first["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", old)];
    let (status, second) = exchange(&stage, &form).await;
    assert_eq!(status, 200);
    assert_eq!(exchange(&stage, &form).await.1["error"], "invalid_grant");
    assert_eq!(
        bearer(&stage, "/users/@me", &first["access_token"]).await.0,
        401
    );
    assert_eq!(
        bearer(&stage, "/users/@me", &second["access_token"])
            .await
            .0,
        200
    );
    let form = [
        ("token", second["refresh_token"].as_str().unwrap()),
        ("client_id", "77"),
        ("client_secret", "secret"),
    ];
    let url = stage.url("/api/v10/oauth2/token/revoke");
    assert_eq!(
        stage
            .http
            .post(url)
            .form(&form)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        bearer(&stage, "/users/@me", &second["access_token"])
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn whoever_cancels_is_sent_back_with_access_denied() {
    let stage = Stage::start().await;
    let back = pressed(&stage, ("deny", "1")).await;
    assert_eq!(field(&back, "error"), "access_denied");
    assert_eq!(field(&back, "state"), "s&t=a te");
}

#[tokio::test]
async fn auto_approve_needs_no_click_and_the_client_is_checked() {
    let stage = Stage::with(|config| {
        config.auto_approve = Some("amara".into());
        config.client_id = Some("77".into());
        config.client_secret = Some("other".into());
    })
    .await;
    let authorize = stage.url("/oauth2/authorize");
    let response = stage
        .http
        .get(&authorize)
        .query(&wish())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 302);
    let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let query: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let (status, body) = redeem(&stage, &field(&query, "code"), VERIFIER, BACK).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    let mut wrong = wish();
    wrong[1].1 = "78".into();
    let refused = stage
        .http
        .get(&authorize)
        .query(&wrong)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
}

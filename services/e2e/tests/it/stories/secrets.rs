use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use reqwest::{Response, header};
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Stream},
    process::PATIENCE,
    stack::{LINK_TOKEN, SESSION_SECRET, Stack, client, wait_until_ready},
};

const WRITTEN: &str = "a message that is nobody else's business";
const SENT: &str = "another one that was written in a browser";
const LATER: &str = "a third one, written while the gateway was away";
const FAILED: &str = "a fourth one, which Discord does not take";
const CODE: &str = "a-code-that-nobody-gave-out";
const WRONG: &str = "a-link-token-that-is-not-the-right-one-0123";

/// The pause between two looks at what Redis has written.
const AGAIN: Duration = Duration::from_millis(50);

/// Calls a function.
async fn ask(browser: &Browser, function: &str, input: &Value) -> Response {
    let request = client()
        .post(format!("{}/api/rpc/{function}", browser.base))
        .header(header::COOKIE, browser.cookie());
    request.json(input).send().await.expect("web answers")
}

/// Calls a function, which has to succeed.
async fn call(browser: &Browser, function: &str, input: Value) -> Value {
    let reply = ask(browser, function, &input).await;
    let status = reply.status();
    let answer: Value = reply.json().await.expect("the answer is JSON");
    assert!(status.is_success(), "{function} {input}: {status} {answer}");
    answer
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is text").to_owned()
}

/// Everything that was ever written to a Redis that appends to a file.
fn written(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder)
        .expect("the folder can be listed")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            all += &written(&path);
        } else {
            all += &String::from_utf8_lossy(&fs::read(path).expect("the file can be read"));
        }
    }
    all
}

/// Redis appends to its file when it comes to it, and what it had not yet appended is lost with it.
async fn until_kept(folder: &Path, text: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !written(folder).contains(text) {
        assert!(Instant::now() < deadline, "Redis keeps what was written");
        tokio::time::sleep(AGAIN).await;
    }
}

/// Whatever goes wrong while people write: Discord's connection, its session, its answers, a stranger on LINK, Redis.
async fn trouble(stack: &mut Stack, browser: &Browser, stream: &Stream) {
    let control = stack.control.clone();
    control.fault(json!({"kind": "expire-sessions"})).await;
    control.fault(json!({"kind": "drop"})).await;
    let post = json!({"user": "mason", "channel": "general", "content": LATER});
    control.act("message", post).await;
    stream
        .wait_for("what was written meanwhile", |event| {
            event.data["content"] == LATER
        })
        .await;

    let general = control.channel("general").await;
    control
        .fault(json!({"kind": "rest-down", "ms": 2_000}))
        .await;
    let message = json!({"channelId": general, "content": FAILED});
    let answer = ask(browser, "sendMessage", &message).await;
    assert!(!answer.status().is_success(), "{}", answer.status());

    let link = format!("http://127.0.0.1:{}/link", stack.gateway_port);
    let refused = client().get(link).bearer_auth(WRONG).send().await;
    assert_eq!(refused.expect("the gateway answers").status(), 401);

    stack.redis.kill();
    let answer = browser.get("/api/me").await;
    assert!(!answer.status().is_success(), "{}", answer.status());
    stack.redis.restart().await;
    wait_until_ready(&format!("{}/api/ready", browser.base)).await;
    wait_until_ready(&format!("http://127.0.0.1:{}/ready", stack.gateway_port)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged_at_any_level() {
    let mut stack = Stack::logging("trace", 1).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("events=message.*,room.*", None).await;
    let post = json!({"user": "mason", "channel": "general", "content": WRITTEN});
    stack.control.act("message", post).await;
    stream
        .wait_for("the message", |event| event.data["content"] == WRITTEN)
        .await;

    let lounge = json!({"name": "Lounge", "guildId": stack.control.guild().await});
    let room = call(&browser, "createRoom", lounge).await;
    let (channel, token) = (&room["channelId"], text(&room["inviteToken"]));
    assert_eq!(browser.get(&format!("/join/{token}")).await.status(), 200);
    let login = format!("/auth/login?returnTo=/join/{token}");
    assert_eq!(browser.get(&login).await.status(), 303);
    call(&browser, "joinRoom", json!({"token": token})).await;
    let invite = call(&browser, "createInvite", json!({"channelId": channel})).await;
    let general = stack.control.channel("general").await;
    let message = json!({"channelId": general, "content": SENT});
    call(&browser, "sendMessage", message).await;
    stream
        .wait_for("what was sent", |event| event.data["content"] == SENT)
        .await;
    let opening = call(&browser, "issueStreamToken", json!({})).await;
    let callback = format!("/auth/callback?code={CODE}&state=x");
    assert_eq!(browser.get(&callback).await.status(), 400);
    until_kept(stack.redis.directory(), WRITTEN).await;
    trouble(&mut stack, &browser, &stream).await;
    let web = &stack.webs[0];
    web.process.wait_for_output("a sign-in failed");
    stack.gateway.wait_for_output("A command was answered");

    let cookie = browser.cookie();
    let cookie = cookie.split_once('=').expect("a cookie has a value").1;
    let invite = text(&invite["inviteToken"]);
    let opening = text(&opening["token"]);
    let secrets = [
        "simulated-bot-token",
        "simulated-client-secret",
        LINK_TOKEN,
        SESSION_SECRET,
        cookie,
        &token,
        &invite,
        &opening,
        CODE,
        WRONG,
    ];
    let logs = [web.process.output(), stack.gateway.output()];
    for log in &logs {
        for secret in secrets.iter().chain([&WRITTEN, &SENT, &LATER, &FAILED]) {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "it holds `{secret}`");
        }
    }
    let kept = written(stack.redis.directory());
    for secret in secrets {
        assert!(!kept.contains(secret), "Redis was told `{secret}`");
    }
}

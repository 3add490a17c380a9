use std::{fs, path::Path};

use reqwest::header;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    stack::{LINK_TOKEN, SESSION_SECRET, Stack, client},
};

const WRITTEN: &str = "a message that is nobody else's business";
const SENT: &str = "another one that was written in a browser";
const CODE: &str = "a-code-that-nobody-gave-out";

/// Calls a function, which has to succeed.
async fn call(browser: &Browser, function: &str, input: Value) -> Value {
    let reply = client()
        .post(format!("{}/api/rpc/{function}", browser.base))
        .header(header::COOKIE, browser.cookie())
        .json(&input)
        .send()
        .await
        .expect("web answers");
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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged_at_any_level() {
    let stack = Stack::logging("trace", 1).await;
    let web = &stack.webs[0];
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
    ];
    let logs = [web.process.output(), stack.gateway.output()];
    for log in &logs {
        for secret in secrets.iter().chain([&WRITTEN, &SENT]) {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "it holds `{secret}`");
        }
    }
    let kept = written(stack.redis.directory());
    assert!(kept.contains(WRITTEN), "this is what was written");
    for secret in secrets {
        assert!(!kept.contains(secret), "Redis was told `{secret}`");
    }
}

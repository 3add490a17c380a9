use serde_json::json;

use crate::{
    browser::Browser,
    process::free_port,
    stack::{gateway_without_redis, simulator, wait_until_ready, web_without_redis},
};

#[tokio::test(flavor = "multi_thread")]
async fn gateway_and_web_do_without_redis_and_a_restart_of_the_gateway_is_a_reset() {
    let (_simulator, control) = simulator(&[]).await;
    let port = free_port();
    let ready = format!("http://127.0.0.1:{port}/ready");
    let mut gateway = gateway_without_redis(&control, port);
    let web = web_without_redis(&control, port);
    wait_until_ready(&ready).await;
    wait_until_ready(&format!("{}/api/ready", web.url)).await;
    control.empty_rooms().await;
    let (_, name) = control.room(0).await;
    let browser = Browser::sign_in(&web.url).await;
    let stream = browser.stream("snapshot=1", None).await;
    stream
        .wait_for("a snapshot", |event| event.event == "snapshot")
        .await;
    control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    let joined = stream
        .wait_for("mason's join", |event| event.data["username"] == "mason")
        .await;

    gateway.signal("KILL");
    gateway.wait();
    let gateway = gateway_without_redis(&control, port);
    wait_until_ready(&ready).await;
    let reset = stream
        .wait_for("a reset", |event| event.event == "reset")
        .await;
    assert!(!reset.data["reason"].is_null(), "{reset:?}");
    control
        .act("join", json!({"user": "amara", "channel": name}))
        .await;
    stream
        .wait_for("amara's join", |event| {
            event.event == "voice.joined" && event.data["username"] == "amara"
        })
        .await;
    assert!(!stream.ended(), "the browser stayed connected");

    // A cursor of before is told the same.
    let again = browser.stream("", Some(&joined.id)).await;
    again
        .wait_for("a reset", |event| event.event == "reset")
        .await;
    gateway.signal("TERM");
    let mut gateway = gateway;
    let status = tokio::task::spawn_blocking(move || (gateway.wait(), gateway.output()))
        .await
        .unwrap();
    assert!(status.0.success(), "{}", status.1);
}

use serde_json::json;

use crate::{browser::Browser, process::Process, stack::wait_until_ready};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_prints_its_address_and_shows_rooms_that_move() {
    let env =
        ["PORT", "SIM_PORT", "GATEWAY_WS_PORT", "METRICS_PORT"].map(|name| (name, "0".to_owned()));
    let env: Vec<_> = env
        .into_iter()
        .chain([("SIM_AUTO_APPROVE", "nelly".to_owned())])
        .collect();
    let mut demo = Process::start("fanfare", &["demo"], &env);
    let output = demo.wait_for_output("Open http://");
    let url = output
        .split("Open ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .expect("an address");
    let url = url.trim_end_matches('/').to_owned();
    wait_until_ready(&format!("{url}/api/ready")).await;
    let browser = Browser::sign_in(&url).await;
    let stream = browser.stream("snapshot=1", None).await;
    let snapshot = stream
        .wait_for("a snapshot", |event| event.event == "snapshot")
        .await;
    assert_ne!(snapshot.data["guilds"], json!([]), "{}", snapshot.data);
    stream
        .wait_for("something moves", |event| event.event.starts_with("voice."))
        .await;

    demo.signal("TERM");
    let (status, output) = tokio::task::spawn_blocking(move || (demo.wait(), demo.output()))
        .await
        .unwrap();
    assert!(status.success(), "{output}");
}

//! discord.js, unmodified.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::stage::Stage;

/// `npm ci` may have to download.
const INSTALL: Duration = Duration::from_secs(180);
const RUN: Duration = Duration::from_secs(60);

async fn run(command: &mut Command, limit: Duration) -> String {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(limit, output)
        .await
        .expect("it took too long")
        .expect("it can't be run");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    told
}

#[tokio::test]
async fn discord_js_signs_in_sees_voice_and_resumes() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    if !home.join("node_modules/discord.js").exists() {
        run(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&home),
            INSTALL,
        )
        .await;
    }
    let stage = Stage::start().await;
    let port = stage.addr.port().to_string();
    let told = run(
        Command::new("node")
            .args(["client.mjs", &port])
            .current_dir(&home),
        RUN,
    )
    .await;
    let seen: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = [
        json!({ "what": "ready", "user": "fanfare", "guilds": 2, "people": ["priya", "tomas"] }),
        json!({ "what": "joined", "user": "nelly" }),
        json!({ "what": "resumed", "shard": 0, "replayed": 2, "author": "mason" }),
        json!({ "what": "left", "user": "nelly" }),
        json!({ "what": "rest", "content": "from discord.js", "member": "mason" }),
        json!({ "what": "refused", "code": 40032 }),
    ];
    assert_eq!(seen, expected);
    let budget = &stage.control.state()["budget"];
    assert_eq!(
        budget["total"].as_u64().unwrap() - budget["remaining"].as_u64().unwrap(),
        1,
        "one IDENTIFY"
    );
}

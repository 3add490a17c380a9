//! The command line of every binary, as its users meet it.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, process::ExitStatus};

use serde_json::Value;

use crate::{
    process::{Process, free_port},
    stack::Stack,
};

const BINARIES: [&str; 4] = ["gateway", "web", "simulator", "fanfare"];

/// Runs a command of a binary to its end: how it ended and what it said.
pub(super) async fn told(
    binary: &'static str,
    args: &[&str],
    env: &[(&str, String)],
) -> (ExitStatus, String) {
    let mut process = Process::start(binary, args, env);
    tokio::task::spawn_blocking(move || (process.wait(), process.output()))
        .await
        .expect("the wait does not panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn health_asks_the_running_process_and_needs_no_secret() {
    let stack = Stack::start(1).await;
    let web_port = stack.webs[0].url.rsplit(':').next().unwrap_or_default();
    let sim_port = stack.control.url.rsplit(':').next().unwrap_or_default();
    let running = [
        ("gateway", "GATEWAY_WS_PORT", stack.gateway_port.to_string()),
        ("web", "PORT", web_port.to_owned()),
        ("simulator", "SIM_PORT", sim_port.to_owned()),
    ];
    for (binary, variable, port) in &running {
        let (status, output) = told(binary, &["health"], &[(variable, port.clone())]).await;
        assert!(status.success(), "{binary}: {output}");
        assert_eq!(output.lines().count(), 1, "{output}");
        assert!(output.contains("lives"), "{output}");

        let nobody = free_port().to_string();
        let (status, output) = told(binary, &["health"], &[(variable, nobody)]).await;
        assert_eq!(status.code(), Some(1), "{binary}: {output}");
        assert_eq!(output.lines().count(), 1, "{output}");

        let (status, output) = told(binary, &["health"], &[(variable, "many".to_owned())]).await;
        assert_eq!(status.code(), Some(78), "{binary}: {output}");
        assert!(output.contains(variable), "{output}");
    }
    // Somebody answers, but not with a 200 there.
    let (status, output) = told(
        "gateway",
        &["health"],
        &[("GATEWAY_WS_PORT", web_port.to_owned())],
    )
    .await;
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains("404"), "{output}");
    // All in one: both parts have to live.
    let both = [
        ("GATEWAY_WS_PORT", stack.gateway_port.to_string()),
        ("PORT", web_port.to_owned()),
    ];
    let (status, output) = told("fanfare", &["health"], &both).await;
    assert!(status.success(), "{output}");
    let one = [both[0].clone(), ("PORT", free_port().to_string())];
    let (status, output) = told("fanfare", &["health"], &one).await;
    assert_eq!(status.code(), Some(1), "{output}");
}

/// What `config --json` says: name → setting.
async fn config(binary: &'static str, env: &[(&str, String)]) -> BTreeMap<String, Value> {
    let (_, output) = told(binary, &["config", "--json"], env).await;
    let end = output.rfind("\n]").expect("it prints a list") + 2;
    let list: Vec<Value> = serde_json::from_str(&output[..end]).expect("it is JSON");
    let named = list.into_iter().map(|setting| {
        let name = setting["name"].as_str().expect("a setting has a name");
        (name.to_owned(), setting.clone())
    });
    named.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn config_masks_every_secret_and_says_where_each_value_comes_from() {
    for binary in BINARIES {
        let known = config(binary, &[]).await;
        let secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
        let mut env: Vec<(&str, String)> = Vec::new();
        for (name, setting) in &known {
            if setting["secret"] == true {
                let value = match name.as_str() {
                    "REDIS_URL" => format!("redis://user:{secret}@127.0.0.1:1/0"),
                    "DATABASE_URL" => format!("postgres://user:{secret}@127.0.0.1:1/d"),
                    _ => secret.to_owned(),
                };
                env.push((name, value));
            }
        }
        assert!(binary == "simulator" || env.len() > 3, "{binary}: {env:?}");
        env.push(("LOG_FORMAT", "pretty".to_owned()));
        for arguments in [["config", "--json"].as_slice(), &["config"]] {
            let (_, output) = told(binary, arguments, &env).await;
            assert!(!output.contains("hunter2"), "{binary}: {output}");
            assert!(output.contains("********"), "{binary}: {output}");
        }
        let settings = config(binary, &env).await;
        assert_eq!(settings["LOG_FORMAT"]["value"], "pretty");
        assert_eq!(settings["LOG_FORMAT"]["origin"], "environment");
        if settings.contains_key("REDIS_URL") {
            let shown = "redis://********@127.0.0.1:1/0";
            assert_eq!(settings["REDIS_URL"]["value"], shown, "{binary}");
        }
    }
    // A wrong configuration is shown all the same, and told.
    let (status, output) = told("gateway", &["config"], &[("GATEWAY_WS_PORT", "x".into())]).await;
    assert_eq!(status.code(), Some(78), "{output}");
    assert!(output.contains("GATEWAY_WS_PORT=x"), "{output}");
    assert!(output.contains("DISCORD_BOT_TOKEN: is not set"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variable_of_a_program_is_read_by_it_and_known_to_all() {
    for binary in BINARIES {
        let listed = config(binary, &[]).await;
        // What is listed is read: a value that can't be right is a fault, or is taken; nobody calls it unread.
        let near: Vec<(&str, String)> = listed.keys().map(|name| (&**name, "1".into())).collect();
        let (_, output) = told(binary, &["config"], &near).await;
        assert!(!output.contains("nobody reads it"), "{binary}: {output}");
        // What looks like ours is in the list of what is nobody's mistake.
        let prefixes = [
            "DISCORD_", "FANFARE_", "GATEWAY_", "LINK_", "REDIS_", "ROOM_", "SIM_",
        ];
        for name in listed.keys() {
            let ours = prefixes.iter().any(|prefix| name.starts_with(prefix));
            assert!(
                !ours || environment::FAMILY.contains(&name.as_str()),
                "{binary}: {name} is not in environment::FAMILY"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_understands_is_an_error_with_a_hint() {
    for (binary, arguments) in [
        ("gateway", ["chekc"].as_slice()),
        ("web", &["--port", "1"]),
        ("fanfare", &[]),
        ("fanfare", &["demos"]),
        ("simulator", &["--seed", "many"]),
        ("gateway", &["log", "info", "--reset"]),
    ] {
        let (status, output) = told(binary, arguments, &[]).await;
        assert_eq!(status.code(), Some(2), "{binary} {arguments:?}: {output}");
        assert!(
            output.contains("--help"),
            "{binary} {arguments:?}: {output}"
        );
    }
    let (_, output) = told("gateway", &["chekc"], &[]).await;
    assert!(output.contains("'check'"), "{output}");
    for binary in BINARIES {
        let (status, output) = told(binary, &["--help"], &[]).await;
        assert!(status.success());
        for told in ["Exit codes:", "78 ", "health", "config", "check"] {
            assert!(
                output.contains(told),
                "{binary}: {told} is not in\n{output}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_made_and_never_written_over() {
    let (status, output) = told("fanfare", &["gen-secrets"], &[]).await;
    assert!(status.success(), "{output}");
    let secrets: BTreeMap<&str, &str> = output.lines().filter_map(|l| l.split_once('=')).collect();
    assert_eq!(secrets.len(), 2, "{output}");
    assert!(
        secrets.values().all(|secret| secret.len() == 64),
        "{output}"
    );
    assert_ne!(secrets["SESSION_SECRET"], secrets["LINK_TOKEN"]);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secrets");
    let path = path.to_str().expect("a path is text");
    let arguments = ["gen-secrets", "--dir", path, "LINK_TOKEN", "SESSION_SECRET"];
    let (status, output) = told("fanfare", &arguments, &[]).await;
    assert!(status.success(), "{output}");
    let files: BTreeMap<&str, &str> = output.lines().filter_map(|l| l.split_once('=')).collect();
    let file = fs::metadata(files["LINK_TOKEN_FILE"]).expect("the file is there");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let written = fs::read_to_string(files["LINK_TOKEN_FILE"]).expect("the file is text");
    assert!(!output.contains(written.trim()), "{output}");
    // What was written is what the programs read.
    let env: Vec<(&str, String)> = files
        .iter()
        .map(|(name, path)| (*name, (*path).into()))
        .collect();
    let settings = config("web", &env).await;
    assert_eq!(
        settings["LINK_TOKEN"]["origin"],
        format!("file {path}/LINK_TOKEN")
    );

    let (status, output) = told("fanfare", &arguments, &[]).await;
    assert_eq!(status.code(), Some(1), "{output}");
    assert_eq!(
        fs::read_to_string(files["LINK_TOKEN_FILE"]).expect("the file is text"),
        written
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port();
    let elsewhere = |name: &'static str| (name, "0".to_owned());
    let (status, output) = told("simulator", &[], &[("SIM_PORT", port.to_string())]).await;
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains(&format!("127.0.0.1:{port}")), "{output}");
    let metrics = [
        elsewhere("SIM_PORT"),
        ("BIND", "127.0.0.1".to_owned()),
        ("METRICS_PORT", port.to_string()),
    ];
    let (status, output) = told("fanfare", &["demo"], &metrics).await;
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains(&format!("127.0.0.1:{port}")), "{output}");
}

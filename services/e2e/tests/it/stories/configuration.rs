use crate::{
    process::{Process, free_port},
    stack::simulator,
};

#[test]
fn every_missing_variable_is_named_at_once_and_the_exit_code_is_78() {
    for (binary, names) in [
        (
            "gateway",
            ["DISCORD_BOT_TOKEN", "REDIS_URL", "LINK_TOKEN"].as_slice(),
        ),
        (
            "web",
            &[
                "SESSION_SECRET",
                "DISCORD_CLIENT_ID",
                "DISCORD_CLIENT_SECRET",
                "REDIS_URL",
                "GATEWAY_WS_URL",
            ],
        ),
    ] {
        let mut process = Process::start(binary, &[], &[("METRICS_PORT", "many".to_owned())]);
        assert_eq!(process.wait().code(), Some(78), "{}", process.output());
        for name in names.iter().chain(&["METRICS_PORT"]) {
            assert!(
                process.output().contains(name),
                "{binary} does not name {name}:\n{}",
                process.output()
            );
        }
    }
}

#[test]
fn every_binary_explains_itself() {
    for binary in ["gateway", "web", "simulator", "fanfare", "loadtest"] {
        let mut help = Process::start(binary, &["--help"], &[]);
        assert!(help.wait().success());
        let mut version = Process::start(binary, &["--version"], &[]);
        assert!(version.wait().success());
        assert!(version.output().starts_with(binary), "{}", version.output());
    }
    let mut help = Process::start("gateway", &["--help"], &[]);
    help.wait();
    assert!(
        help.output().contains("DISCORD_INTENTS"),
        "{}",
        help.output()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_stops_the_gateway_with_the_cause() {
    let port = free_port();
    let env = [
        ("SIM_PORT", port.to_string()),
        ("DISCORD_BOT_TOKEN", "the-right-one".to_owned()),
    ];
    let simulated = Process::start("simulator", &[], &env);
    simulated.wait_for_output(&port.to_string());
    let redis = redis_link::testing::RedisServer::start(&[]).await;
    let env = [
        ("DISCORD_BOT_TOKEN", "not-the-right-one".to_owned()),
        (
            "DISCORD_API_URL",
            format!("http://127.0.0.1:{port}/api/v10"),
        ),
        ("GATEWAY_WS_PORT", free_port().to_string()),
        ("METRICS_PORT", free_port().to_string()),
        (
            "LINK_TOKEN",
            "a-link-token-of-the-stories-0123456789".to_owned(),
        ),
        ("REDIS_URL", redis.url()),
        ("BIND", "127.0.0.1".to_owned()),
    ];
    let mut gateway = Process::start("gateway", &[], &env);
    let status = tokio::task::spawn_blocking(move || (gateway.wait(), gateway.output()))
        .await
        .unwrap();
    assert!(!status.0.success(), "{}", status.1);
    assert!(status.1.contains("DISCORD_BOT_TOKEN"), "{}", status.1);
    assert!(
        !status.1.contains("not-the-right-one"),
        "the token is never shown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_is_right_and_what_to_do() {
    let (_simulator, control) = simulator(&[]).await;
    let redis = redis_link::testing::RedisServer::start(&[]).await;
    let env = [
        ("DISCORD_BOT_TOKEN", "any".to_owned()),
        ("DISCORD_CLIENT_ID", "1000000000000000001".to_owned()),
        ("DISCORD_CLIENT_SECRET", "any-secret".to_owned()),
        ("DISCORD_API_URL", format!("{}/api/v10", control.url)),
        (
            "LINK_TOKEN",
            "a-link-token-of-the-stories-0123456789".to_owned(),
        ),
        (
            "SESSION_SECRET",
            "a-session-secret-of-the-stories-0123456789".to_owned(),
        ),
        ("REDIS_URL", redis.url()),
        ("DISCORD_API_URLL", "1".to_owned()),
    ];
    for binary in ["gateway", "web", "fanfare"] {
        let mut check = Process::start(binary, &["check"], &env);
        let (status, output) = tokio::task::spawn_blocking(move || (check.wait(), check.output()))
            .await
            .unwrap();
        assert!(status.success(), "{binary}: {output}");
        assert!(
            output.contains("ok") && output.contains("Redis"),
            "{binary}: {output}"
        );
        assert!(
            output.contains("maybe DISCORD_API_URL is meant"),
            "{binary}: {output}"
        );
    }
    for binary in ["simulator", "loadtest"] {
        let mut check = Process::start(binary, &["check"], &[("PATH", "/usr/bin:/bin".to_owned())]);
        assert!(check.wait().success(), "{binary}: {}", check.output());
    }
}

#[test]
fn the_readme_lists_every_variable_of_every_binary() {
    let readme = include_str!("../../../../../README.md");
    for binary in ["gateway", "web", "simulator", "fanfare"] {
        let mut help = Process::start(binary, &["--help"], &[]);
        help.wait();
        let output = help.output();
        let variables = output
            .split("Environment variables:")
            .nth(1)
            .expect("variables are listed");
        let variables = variables.split("Exit codes:").next().unwrap_or_default();
        for name in variables
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        {
            assert!(
                readme.contains(&format!("| `{name}` |")),
                "{binary}: {name} is not in README.md"
            );
        }
    }
}

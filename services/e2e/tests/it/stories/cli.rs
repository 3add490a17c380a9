//! The command line of every binary, as its users meet it.

use std::process::ExitStatus;

use crate::{
    process::{Process, free_port},
    stack::Stack,
};

/// Runs a command of a binary to its end: how it ended and what it said.
async fn told(binary: &'static str, args: &[&str], env: &[(&str, String)]) -> (ExitStatus, String) {
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
    let (status, output) = told("fanfare", &["health"], &both[..1]).await;
    assert_eq!(status.code(), Some(1), "{output}");
}

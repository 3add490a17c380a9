//! The program itself: exit codes, signals, `check`.

use std::{
    process::{Output, Stdio},
    sync::Arc,
};

use event_bus::{MemoryBus, Retention};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    time::timeout,
};

use crate::stage::{PATIENCE, Stage, discord, get, until};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.env_clear().kill_on_drop(true);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn against(stage: &Stage) -> Command {
    let mut command = program();
    command
        .env("DISCORD_BOT_TOKEN", "s3cret-token-of-the-tests")
        .env(
            "DISCORD_API_URL",
            format!("http://{}/api/v10", stage.discord),
        )
        .env("EVENT_BUS", "memory")
        .env("BIND", "127.0.0.1")
        .env("METRICS_PORT", "0");
    command
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

async fn output(child: Child) -> Output {
    timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("it ends")
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn sigterm_ends_the_program_well() {
    let stage = Stage::new().await;
    let port = free_port().await;
    let child = against(&stage)
        .env("GATEWAY_WS_PORT", port.to_string())
        .spawn()
        .unwrap();
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    until("the program is ready", async || {
        get(addr, "/ready").await.0 == 200
    })
    .await;
    let pid = child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    let output = output(child).await;
    let log = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{log}");
    for message in [
        "Discord Gateway initialized successfully",
        "Connected (session: ",
        "Heartbeat started (interval: 41250ms)",
    ] {
        assert!(log.contains(message), "{message}: {log}");
    }
    assert!(!log.contains("s3cret-token"), "no secret in the log");
}

#[tokio::test]
async fn a_wrong_configuration_ends_with_78_and_names_everything() {
    let child = program()
        .env("GATEWAY_WS_PORT", "none")
        .env("SHARD_COUNT", "many")
        .spawn();
    let output = output(child.unwrap()).await;
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{told}");
    for name in [
        "DISCORD_BOT_TOKEN",
        "GATEWAY_WS_PORT",
        "SHARD_COUNT",
        "REDIS_URL",
    ] {
        assert!(told.contains(name), "{name}: {told}");
    }
}

#[tokio::test]
async fn help_names_the_variables() {
    let output = output(program().arg("--help").spawn().unwrap()).await;
    let help = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for name in [
        "DISCORD_BOT_TOKEN",
        "REDIS_URL",
        "EVENT_BUS",
        "GATEWAY_REGISTRY",
        "check",
    ] {
        assert!(help.contains(name), "{name}: {help}");
    }
}

#[tokio::test]
async fn check_says_ok_or_what_to_do() {
    let stage = Stage::new().await;
    let guild = stage.guild.to_string();
    let fine = against(&stage)
        .arg("check")
        .env("DISCORD_GUILD_ID", &guild)
        .spawn()
        .unwrap();
    let fine = output(fine).await;
    let told = text(&fine.stdout);
    assert_eq!(fine.status.code(), Some(0), "{told}{}", text(&fine.stderr));
    assert!(
        told.contains("ok    the token is valid") && told.contains(&guild),
        "{told}"
    );

    let strange = against(&stage)
        .arg("check")
        .env("DISCORD_GUILD_ID", "81384788765712384")
        .spawn()
        .unwrap();
    let strange = output(strange).await;
    let told = text(&strange.stdout);
    assert_eq!(strange.status.code(), Some(1), "{told}");
    assert!(
        told.contains("not a member of guild 81384788765712384"),
        "{told}"
    );

    let config = simulator::Config {
        bot_token: Some("another".into()),
        ..discord()
    };
    let stage = Stage::with(config, Arc::new(MemoryBus::new(Retention::default()))).await;
    let refused = output(against(&stage).arg("check").spawn().unwrap()).await;
    let told = text(&refused.stdout);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(
        told.contains("Reset Token") && !told.contains("s3cret-token"),
        "{told}"
    );

    let lonely = program()
        .arg("check")
        .env("DISCORD_BOT_TOKEN", "t")
        .spawn()
        .unwrap();
    assert_eq!(output(lonely).await.status.code(), Some(78));
}

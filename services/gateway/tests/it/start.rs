//! Starting badly: what the gateway says and does when Discord is away or says no.

use std::sync::Arc;

use event_bus::{MemoryBus, Retention};
use gateway_registry::SingleRegistry;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::stage::{Stage, config, discord, get, start, until};

async fn ready(addr: std::net::SocketAddr) -> (u16, Value) {
    let (status, body) = get(addr, "/ready").await;
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn a_discord_that_is_away_at_the_start_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let bus = Arc::new(MemoryBus::new(Retention::default()));
    let gateway = start(
        config(addr, &[]),
        bus.clone(),
        Arc::new(SingleRegistry::new()),
    )
    .await;
    until("the trouble is told", async || {
        let (status, body) = ready(gateway.addr).await;
        status == 503
            && body["trouble"]
                .as_str()
                .is_some_and(|why| why.contains("Discord"))
    })
    .await;
    assert_eq!(get(gateway.addr, "/health").await.0, 200);

    let stage = Stage::with(
        simulator::Config {
            port: addr.port(),
            ..discord()
        },
        bus,
    )
    .await;
    gateway.ready().await;
    assert!(gateway.stop().await);
    drop(stage);
}

#[tokio::test]
async fn a_wrong_token_stops_the_gateway() {
    let accepted = simulator::Config {
        bot_token: Some("another-token".into()),
        ..discord()
    };
    let stage = Stage::with(accepted, Arc::new(MemoryBus::new(Retention::default()))).await;
    let gateway = stage.start(stage.config(&[])).await;
    assert!(!gateway.ends().await, "it fails");
}

#[tokio::test]
async fn an_intent_that_is_not_switched_on_stops_the_gateway() {
    let without = simulator::Config {
        privileged_intents: 0,
        ..discord()
    };
    let stage = Stage::with(without, Arc::new(MemoryBus::new(Retention::default()))).await;
    let gateway = stage.start(stage.config(&[])).await;
    assert!(!gateway.ends().await, "it fails");

    let mut findings = program::Findings::default();
    gateway::check::run(&stage.config(&[]), &mut findings).await;
    let lines = findings.lines().join("\n");
    assert!(
        !findings.passed() && lines.contains("FAIL  Message Content Intent is off"),
        "{lines}"
    );

    let modest = stage.config(&[("DISCORD_INTENTS", "3713")]);
    let gateway = stage.start(modest).await;
    gateway.ready().await;
    let (_, body) = ready(gateway.addr).await;
    assert_eq!(body["featuresOff"].as_array().unwrap().len(), 3);
    assert!(gateway.stop().await);
}

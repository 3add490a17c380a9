//! From the simulated Discord to the bus.

use std::{collections::BTreeSet, sync::Arc};

use contracts::{EventId, EventKind};
use event_bus::{Body, Delivery};
use gateway_registry::GatewayRegistry as _;
use serde_json::json;

use crate::stage::{FlakyBus, Stage, discord, get, until};

#[tokio::test]
async fn a_join_in_discord_is_an_event_on_the_bus() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let mut subscription = stage.bus.subscribe().await.unwrap();
    subscription.watcher().watch(stage.guild).await.unwrap();

    stage.act("join", json!({"user": "nelly", "channel": "Lounge"}));
    let event = loop {
        match subscription.next().await.unwrap() {
            Delivery::Entry(entry) => match entry.body {
                Body::Event(event) => break event,
                Body::Audience(_) | Body::Reseed => {}
            },
            Delivery::Tick(_) | Delivery::Signal(_) => {}
            Delivery::Interrupted => panic!("nothing interrupts a bus in memory here"),
        }
    };
    assert_eq!(event.event, EventKind::VoiceJoined);
    let payload: serde_json::Value = serde_json::from_str(event.payload.get()).unwrap();
    assert_eq!(payload["userId"], stage.user("nelly"));
    assert_eq!(payload["channelId"], stage.channel("Lounge"));
    assert_eq!(
        (&payload["username"], &payload["displayName"]),
        (&json!("nelly"), &json!("Nelly"))
    );
    assert!(
        payload["avatarUrl"]
            .as_str()
            .unwrap()
            .starts_with(&format!("http://{}/cdn/", stage.discord))
    );
    assert_eq!(
        event.channel_id.unwrap().to_string(),
        stage.channel("Lounge")
    );
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn the_gateway_says_how_it_is_and_registers() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    assert_eq!(get(gateway.addr, "/health").await.0, 200);
    let (status, ready) = get(gateway.addr, "/ready").await;
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(status, 200);
    assert_eq!(ready["shards"][0]["state"], "CONNECTED");
    assert_eq!(
        (&ready["bus"], &ready["featuresOff"]),
        (&json!("ok"), &json!([]))
    );
    assert_eq!(get(gateway.addr, "/link").await.0, 404);
    assert_eq!(
        get(gateway.addr, "/metrics").await.0,
        404,
        "never on this port"
    );

    stage.act("join", json!({"user": "nelly", "channel": "Lounge"}));
    until("the metrics tell of it", async || {
        let (_, metrics) = get(gateway.metrics, "/metrics").await;
        metrics.contains(r#"fanfare_events_broadcast_total{event="voice.joined"} 1"#)
            && metrics.contains(r#"fanfare_events_received_total{type="VOICE_STATE_UPDATE"} 1"#)
            && metrics.contains(r#"fanfare_gateway_state{shard="0",state="CONNECTED"} 1"#)
            && metrics.contains("fanfare_build_info")
    })
    .await;

    until("the registry knows the shard", async || {
        let alive = stage.registry.alive().await.unwrap();
        alive.first().is_some_and(|record| record.shards.len() == 1)
    })
    .await;
    assert!(gateway.stop().await);
    assert!(
        stage.registry.alive().await.unwrap().is_empty(),
        "withdrawn"
    );
}

#[tokio::test]
async fn what_happened_while_no_gateway_ran_comes_out_as_differences() {
    let stage = Stage::new().await;
    assert!(stage.gateway().await.stop().await);
    let (priya, nelly, kofi) = (stage.user("priya"), stage.user("nelly"), stage.user("kofi"));
    let nook = stage.channel("Study Nook");
    stage.act("leave", json!({"user": "priya"}));
    stage.act("join", json!({"user": "nelly", "channel": "Music Corner"}));
    stage.act("delete-channel", json!({"channel": "Study Nook"}));
    stage.act(
        "create-channel",
        json!({"name": "Kitchen", "type": "voice"}),
    );
    stage.act(
        "update-channel",
        json!({"channel": "Lounge", "name": "Salon"}),
    );

    let since = stage.now().await;
    let gateway = stage.gateway().await;
    let told = stage.told(since, 6).await;
    let of = |kind: EventKind| {
        told.iter()
            .filter(|(name, _)| *name == kind)
            .map(|(_, payload)| payload)
            .collect::<Vec<_>>()
    };
    assert_eq!(told.len(), 6, "{told:?}");
    let left: BTreeSet<_> = of(EventKind::VoiceLeft)
        .iter()
        .map(|left| left["userId"].to_string())
        .collect();
    assert_eq!(
        left,
        BTreeSet::from([json!(priya).to_string(), json!(kofi).to_string()])
    );
    assert_eq!(of(EventKind::VoiceJoined)[0]["userId"], nelly);
    assert_eq!(of(EventKind::RoomDeleted)[0]["channelId"], nook);
    assert_eq!(of(EventKind::RoomCreated)[0]["name"], "Kitchen");
    assert_eq!(of(EventKind::RoomUpdated)[0]["name"], "Salon");
    assert!(gateway.stop().await);

    // And a third one finds nothing to tell.
    let since = stage.now().await;
    assert!(stage.gateway().await.stop().await);
    assert_eq!(stage.events(since).await, []);
}

#[tokio::test]
async fn a_dropped_socket_is_resumed_and_nothing_is_lost_or_doubled() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (since, budget) = (stage.now().await, stage.budget());
    let mut sent = Vec::new();
    for round in 0..6 {
        for n in 0..20 {
            let message =
                json!({"user": "nelly", "channel": "general", "content": format!("{round}.{n}")});
            sent.push(
                stage.act("message", message)["message"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
            if n == 10 {
                let kind = ["drop", "reconnect", "malformed-frame"][round % 3];
                stage.control.fault(json!({"kind": kind})).unwrap();
            }
        }
        if round == 2 {
            stage
                .control
                .fault(json!({"kind": "replay-duplicates", "count": 3}))
                .unwrap();
        }
        // The next fault shall hit a connection.
        gateway.ready().await;
    }
    let told: Vec<String> = stage
        .told(since, sent.len())
        .await
        .into_iter()
        .filter(|(kind, _)| *kind == EventKind::MessageCreated)
        .map(|(_, payload)| payload["messageId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, sent);
    assert_eq!(stage.budget(), budget, "resumed, never identified anew");
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_session_that_can_not_be_resumed_comes_out_as_differences() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (since, budget) = (stage.now().await, stage.budget());
    stage
        .control
        .fault(json!({"kind": "expire-sessions"}))
        .unwrap();
    stage.act("join", json!({"user": "nelly", "channel": "Lounge"}));
    stage.act("leave", json!({"user": "priya"}));
    let told = stage.told(since, 3).await;
    assert_eq!(told[0].0, EventKind::Gap, "what may be missing comes first");
    let mut kinds: Vec<_> = told[1..].iter().map(|(kind, _)| kind.name()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["voice.joined", "voice.left"]);
    assert_eq!(stage.budget(), budget - 1);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn an_outage_of_discord_tells_browsers_nothing() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let since = stage.now().await;
    let unavailable = async || {
        let guilds = stage.bus.guilds(&[stage.guild]).await.unwrap();
        guilds[0].unavailable
    };
    stage.act("outage", json!({}));
    until("the guild is marked as stale", unavailable).await;
    stage.act("outage", json!({"over": true}));
    until("the mark is gone", async || !unavailable().await).await;
    assert_eq!(stage.events(since).await, []);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_guild_that_removes_the_bot_is_emptied_and_forgotten() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let since = stage.now().await;
    stage.act("remove-guild", json!({}));
    until("the guild is gone", async || {
        !stage.bus.all_guilds().await.unwrap().contains(&stage.guild)
    })
    .await;
    let told = stage.events(since).await;
    let count = |kind: EventKind| told.iter().filter(|(name, _)| *name == kind).count();
    assert_eq!(count(EventKind::VoiceLeft), 5, "{told:?}");
    assert_eq!(
        count(EventKind::RoomDeleted),
        6,
        "all but the vault, which the bot does not see"
    );

    stage.act("add-guild", json!({"guild": stage.guild}));
    until("the guild is back", async || {
        stage.bus.all_guilds().await.unwrap().contains(&stage.guild)
    })
    .await;
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_guild_lost_while_no_gateway_ran_is_emptied_at_the_start() {
    let stage = Stage::new().await;
    assert!(stage.gateway().await.stop().await);
    stage.act("remove-guild", json!({}));
    let since = stage.now().await;
    let gateway = stage.gateway().await;
    until("the guild is gone", async || {
        !stage.bus.all_guilds().await.unwrap().contains(&stage.guild)
    })
    .await;
    let told = stage.events(since).await;
    assert!(
        told.iter().any(|(kind, _)| *kind == EventKind::RoomDeleted),
        "{told:?}"
    );
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_guild_that_is_no_longer_served_is_given_up() {
    let stage = Stage::new().await;
    assert!(stage.gateway().await.stop().await);
    let other = *stage
        .guilds_of_bot()
        .iter()
        .find(|guild| **guild != stage.guild)
        .unwrap();
    let other = other.to_string();
    let gateway = stage
        .start(stage.config(&[("DISCORD_GUILDS", &other)]))
        .await;
    gateway.ready().await;
    until("only the other is stored", async || {
        let stored = stage.bus.all_guilds().await.unwrap();
        stored.iter().map(ToString::to_string).eq([other.clone()])
    })
    .await;
    stage.act("join", json!({"user": "nelly", "channel": "Lounge"}));
    assert!(gateway.stop().await);
    assert!(!stage.bus.all_guilds().await.unwrap().contains(&stage.guild));
}

#[tokio::test]
async fn a_bus_that_fails_now_and_then_loses_nothing() {
    let bus = Arc::new(FlakyBus::default());
    let stage = Stage::with(discord(), bus.clone()).await;
    let gateway = stage.gateway().await;
    let since = stage.now().await;
    let mut sent = Vec::new();
    for n in 0..60 {
        if n % 10 == 0 {
            bus.fail(3);
        }
        let message = json!({"user": "mason", "channel": "general", "content": n.to_string()});
        sent.push(
            stage.act("message", message)["message"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let told: Vec<String> = stage
        .told(since, sent.len())
        .await
        .into_iter()
        .map(|(_, payload)| payload["messageId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, sent);

    bus.away(true);
    assert_eq!(get(gateway.addr, "/ready").await.0, 503);
    assert_eq!(
        get(gateway.addr, "/health").await.0,
        200,
        "alive all the same"
    );
    stage.act("join", json!({"user": "nelly", "channel": "Lounge"}));
    bus.away(false);
    gateway.ready().await;
    stage.told(since, sent.len() + 1).await;
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn two_shards_share_the_guilds() {
    let config = simulator::Config {
        shards: 2,
        ..discord()
    };
    let stage = Stage::with(config, Arc::new(FlakyBus::default())).await;
    let gateway = stage.gateway().await;
    let (_, ready) = get(gateway.addr, "/ready").await;
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["shards"].as_array().unwrap().len(), 2);
    let expected = stage.guilds_of_bot();
    assert!(expected.len() >= 2);
    until("all guilds are stored", async || {
        let stored = stage.bus.all_guilds().await.unwrap();
        stored.into_iter().collect::<BTreeSet<_>>() == expected
    })
    .await;
    stage.act("join", json!({"user": "nelly", "channel": "Lounge"}));
    stage.told(EventId::ZERO, 1).await;
    assert!(gateway.stop().await);
}

//! What operators are shown, and everybody else not.

use std::time::Duration;

use contracts::ShardId;
use gateway_registry::{Claim, GatewayRecord, ShardRecord};
use serde_json::Value;

use crate::{
    browser::Browser,
    replica::{Deployment, PATIENCE},
};

const TTL: Duration = Duration::from_secs(600);

async fn announce(deployment: &Deployment, instance: &str, shards: &[u32]) {
    let shard = |id: &u32| ShardRecord {
        id: *id,
        count: 3,
        state: "CONNECTED".to_owned(),
    };
    let record = GatewayRecord {
        instance: instance.to_owned(),
        shards: shards.iter().map(shard).collect(),
        link_url: Some("ws://somewhere:9101".to_owned()),
        version: "1.2.3".to_owned(),
        started_at: 7,
        heartbeat_at: 0,
    };
    deployment.registry.announce(&record, TTL).await.unwrap();
    for id in shards {
        let shard = ShardId { id: *id, count: 3 };
        let claim = deployment.registry.claim(shard, instance, TTL).await;
        assert!(matches!(claim.unwrap(), Claim::Granted { .. }));
    }
}

#[tokio::test]
async fn operators_see_gateways_shards_and_the_replica() {
    let deployment = Deployment::in_memory().await;
    deployment.registry.recount(3).await.unwrap();
    announce(&deployment, "a", &[0, 2]).await;
    announce(&deployment, "b", &[]).await;
    let operators = [("OPERATORS", "5, 80351110224678912")];
    let web = deployment.replica(&operators).await;
    let operator = Browser::signed_in(&web).await;
    let stream = operator.stream("").await;
    tokio::time::timeout(
        PATIENCE,
        stream.wait_until(|stream| !stream.last_event_id().is_empty()),
    )
    .await
    .unwrap();
    let me: Value = operator.get("/api/me").await.json().await.unwrap();
    assert_eq!(me["operator"], true);
    let shown = operator.get("/api/operations").await;
    assert_eq!(shown.status(), 200);
    let shown: Value = shown.json().await.unwrap();
    let replica = &shown["replica"];
    assert_eq!(
        (&replica["hub"], &replica["streams"], &replica["guilds"]),
        (&"ready".into(), &1.into(), &1.into())
    );
    assert_eq!(replica["draining"], false);
    assert_eq!(
        (&shown["registry"], &shown["shardCount"]),
        (&"known".into(), &3.into())
    );
    let owners: Vec<_> = shown["shards"].as_array().unwrap().iter().collect();
    assert_eq!(owners.len(), 3);
    assert_eq!(
        (&owners[0]["owner"], &owners[0]["connection"]),
        (&"a".into(), &"CONNECTED".into())
    );
    assert_eq!(
        (&owners[1]["owner"], &owners[1]["connection"]),
        (&Value::Null, &Value::Null)
    );
    let gateways = shown["gateways"].as_array().unwrap();
    assert_eq!(gateways.len(), 2);
    assert_eq!(
        (&gateways[0]["instance"], &gateways[0]["version"]),
        (&"a".into(), &"1.2.3".into())
    );
    assert_eq!(gateways[0]["shards"], serde_json::json!([0, 2]));
    assert!(gateways[0]["heartbeatAt"].as_u64().unwrap() > 0);
    assert!(
        !shown.to_string().contains("somewhere"),
        "nobody needs the address"
    );
}

#[tokio::test]
async fn for_everybody_else_there_is_nothing() {
    let deployment = Deployment::in_memory().await;
    let named = deployment.replica(&[("OPERATORS", "5")]).await;
    let unnamed = deployment.replica(&[]).await;
    let operator_of_nothing = Browser::signed_in(&named).await;
    let me: Value = operator_of_nothing
        .get("/api/me")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(me["operator"], false);
    for browser in [
        &Browser::new(&named),
        &operator_of_nothing,
        &operator_of_nothing.at(&unnamed),
    ] {
        let nothing = browser.get("/api/nothing-of-the-kind").await;
        let hidden = browser.get("/api/operations").await;
        assert_eq!(
            (hidden.status(), nothing.status()),
            (404.try_into().unwrap(), 404.try_into().unwrap())
        );
        let problem = async |answer: reqwest::Response| {
            let mut problem: Value = answer.json().await.unwrap();
            problem.as_object_mut().unwrap().remove("requestId");
            problem
        };
        assert_eq!(problem(hidden).await, problem(nothing).await);
    }
}

//! The limits over LINK: counted once for all replicas.

use ::limits::{Bucket, LinkLimits, Verdict};

use super::*;

const BUCKET: Bucket = Bucket {
    name: "rpc",
    burst: 3,
    rate: 1,
    per: Duration::from_secs(60),
};

const TTL: Duration = Duration::from_secs(60);

fn web(stage: &Stage) -> LinkLimits {
    let endpoint = Endpoint::new(&format!("ws://{}", stage.addr), TOKEN.into());
    let timing = Timing {
        reach: Duration::from_millis(500),
        ..Timing::default()
    };
    LinkLimits::connect(&endpoint.unwrap(), timing)
}

async fn stage() -> Stage {
    let bus = ::event_bus::MemoryBus::new(::event_bus::Retention::default());
    Stage::serving(Some(Arc::new(bus)), None).await
}

#[tokio::test]
async fn replicas_share_a_bucket() {
    let stage = stage().await;
    let (one, two) = (web(&stage), web(&stage));
    for replica in [&one, &two, &one] {
        let verdict = replica.take(&BUCKET, "nelly").await.unwrap();
        assert_eq!(verdict, Verdict::Granted);
    }
    let Verdict::Refused { retry_after } = two.take(&BUCKET, "nelly").await.unwrap() else {
        panic!("refused");
    };
    assert!(
        retry_after > Duration::from_secs(30) && retry_after <= BUCKET.per,
        "{retry_after:?}"
    );
    assert_eq!(two.take(&BUCKET, "mason").await.unwrap(), Verdict::Granted);
    let login = Bucket {
        name: "login",
        ..BUCKET
    };
    assert_eq!(two.take(&login, "nelly").await.unwrap(), Verdict::Granted);
}

#[tokio::test]
async fn replicas_share_places() {
    let stage = stage().await;
    let (one, two) = (web(&stage), web(&stage));
    assert!(one.hold("nelly", "a", 2, TTL).await.unwrap());
    assert!(two.hold("nelly", "b", 2, TTL).await.unwrap());
    assert!(!two.hold("nelly", "c", 2, TTL).await.unwrap());
    assert!(
        two.hold("nelly", "a", 2, TTL).await.unwrap(),
        "it holds it already"
    );
    two.release("nelly", "a").await.unwrap();
    assert!(one.hold("nelly", "c", 2, TTL).await.unwrap());
}

#[tokio::test]
async fn a_gateway_that_is_away_grants_nothing() {
    let mut stage = stage().await;
    let limits = web(&stage);
    assert!(limits.hold("nelly", "a", 2, TTL).await.is_ok());
    stage.die().await;
    assert!(limits.take(&BUCKET, "nelly").await.is_err());
    assert!(limits.hold("nelly", "b", 2, TTL).await.is_err());
}

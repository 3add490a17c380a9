use std::time::{Duration, Instant};

use contracts::StreamMessage;
use serde_json::json;

use crate::{
    browser::Browser,
    publisher::ROOM,
    replica::{Deployment, GUILD, Replica},
    socket::{Heard, Socket},
};

/// Events that are published before somebody has to have read them.
const BATCH: u64 = 100;

/// Events of which far more than a megabyte waits for a reader that has stopped, whatever the sockets hold.
const ENOUGH: u64 = 30_000;

/// Ten times the 5 s for which such a reader may take nothing.
const NOTICED_WITHIN: Duration = Duration::from_secs(50);

/// How often it is looked whether somebody was noticed.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Publishes, at the pace of a quick reader, until a metric shows that somebody else is slow; the last user.
async fn publish_until_slow(
    deployment: &Deployment,
    web: &Replica,
    quick: &mut Socket,
    shows: &str,
) -> u64 {
    let (mut last, began) = (0, Instant::now());
    while web.metric(shows) < 1.0 {
        assert!(began.elapsed() < NOTICED_WITHIN, "nobody notices");
        if last >= ENOUGH {
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        for user in last + 1..=last + BATCH {
            deployment.publisher.join(GUILD, ROOM, user).await;
        }
        quick.events(BATCH as usize).await;
        last += BATCH;
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_has_stopped_is_closed_alone_and_goes_on_by_its_cursor() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let mut stopped = Socket::stream(&web, &browser, json!({})).await;
    let mut quick = Socket::stream(&web, &browser, json!({})).await;
    let shows = "fanfare_slow_consumer_closes_total";
    let last = publish_until_slow(&deployment, &web, &mut quick, shows).await;
    let (said, end) = stopped.end().await;
    assert!(matches!(end, Heard::Closed(1008, _)), "{end:?}");
    let (mut users, mut cursor) = (Vec::new(), String::new());
    for message in said {
        if let StreamMessage::Event {
            id: Some(id),
            payload,
            ..
        } = message
        {
            users.push(payload["userId"].as_str().unwrap().parse::<u64>().unwrap());
            cursor = id.to_string();
        }
    }
    assert!(!users.is_empty() && users.len() < last as usize);
    let more = json!({ "lastEventId": cursor });
    let mut resumed = Socket::stream(&web, &browser, more).await;
    for (_, _, payload) in resumed.events(last as usize - users.len()).await {
        users.push(payload["userId"].as_str().unwrap().parse().unwrap());
    }
    assert_eq!(users, (1..=last).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_warned_and_stays_if_it_reads() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let mut slow = Socket::stream(&web, &browser, json!({})).await;
    let mut quick = Socket::stream(&web, &browser, json!({})).await;
    let shows = "fanfare_slow_consumer_warnings_total";
    let last = publish_until_slow(&deployment, &web, &mut quick, shows).await;
    let (mut users, mut warned) = (Vec::new(), 0);
    while users.last() != Some(&last) {
        match slow.hear().await {
            Heard::Said(StreamMessage::Event { payload, .. }) => {
                users.push(payload["userId"].as_str().unwrap().parse::<u64>().unwrap());
            }
            Heard::Said(StreamMessage::Warning { code, .. }) => {
                assert_eq!(code, "slow-reader");
                warned += 1;
            }
            Heard::Said(StreamMessage::Cursor { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(users, (1..=last).collect::<Vec<_>>());
    assert_eq!(warned, 1);
    assert!(web.metric("fanfare_slow_consumer_closes_total") < 1.0);
}

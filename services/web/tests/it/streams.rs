use reqwest::header;
use serde_json::Value;

use crate::{
    browser::{Browser, client},
    publisher::{ROOM, SECRET},
    replica::{Deployment, GUILD, OTHER},
};

#[tokio::test]
async fn without_a_session_a_stream_is_refused_with_a_problem_document() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let answer = client()
        .get(format!("{}/api/stream", web.url))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&401.into(), &"unauthorized".into())
    );
    assert_eq!(problem["requestId"], id);
}

#[tokio::test]
async fn a_stream_is_what_event_source_and_proxies_need() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    for method in ["HEAD", "GET"] {
        let answer = browser.request(method, "/api/stream").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let headers = answer.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache, no-transform");
        assert_eq!(headers[header::CONNECTION], "keep-alive");
        assert_eq!(headers["x-accel-buffering"], "no");
    }
    let stream = browser.stream("snapshot=1").await;
    deployment.publisher.join(GUILD, ROOM, 7).await;
    let events = stream.wait(2).await;
    assert!(stream.text().starts_with("retry: "), "{}", stream.text());
    let snapshot: Value = serde_json::from_str(&events[0].data).unwrap();
    assert_eq!(snapshot["guilds"][0]["rooms"][0]["name"], "Lobby");
    assert_eq!(
        snapshot["guilds"][0]["rooms"][0]["members"],
        Value::Array(Vec::new())
    );
    assert_eq!(events[1].name, "voice.joined");
    assert!(events[1].data.contains("\"userId\":\"7\""));
}

#[tokio::test]
async fn filters_are_kept_and_wrong_ones_are_named() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let wrong = browser
        .get("/api/stream?guild=abc&events=voice.jumped")
        .await;
    assert_eq!(wrong.status(), 400);
    let problem: Value = wrong.json().await.unwrap();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    assert!(
        problem["errors"][1]["message"]
            .as_str()
            .unwrap()
            .contains("room.created")
    );
    let foreign = browser.get(&format!("/api/stream?guild={OTHER}")).await;
    assert_eq!(foreign.status(), 403);

    let rooms = browser.stream("events=room.*").await;
    let voice = browser
        .stream(&format!("events=voice.joined&guild={GUILD}"))
        .await;
    voice
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    rooms
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    deployment.publisher.join(OTHER, ROOM, 8).await;
    deployment.publisher.join(GUILD, ROOM, 7).await;
    assert!(voice.wait(1).await[0].data.contains("\"userId\":\"7\""));
    deployment.publisher.hide(GUILD, ROOM, "Lobby", true).await;
    assert_eq!(rooms.wait(1).await[0].name, "room.deleted");
}

#[tokio::test]
async fn a_private_channel_is_never_streamed_and_comes_and_goes_with_its_people() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let stream = browser.stream("snapshot=1").await;
    stream.wait(1).await;
    deployment.publisher.join(GUILD, SECRET, 13).await;
    deployment.publisher.join(GUILD, ROOM, 7).await;
    stream.wait(2).await;
    for told in ["Board room", "\"666\"", "\"13\"", &format!("\"{SECRET}\"")] {
        assert!(
            !stream.text().contains(told),
            "{told} was told: {}",
            stream.text()
        );
    }
    deployment
        .publisher
        .hide(GUILD, SECRET, "Board room", false)
        .await;
    let events = stream.wait(5).await;
    let names: Vec<_> = events[2..]
        .iter()
        .map(|event| event.name.as_str())
        .collect();
    assert_eq!(names, ["room.created", "voice.joined", "voice.joined"]);
    deployment
        .publisher
        .hide(GUILD, SECRET, "Board room", true)
        .await;
    let events = stream.wait(6).await;
    assert_eq!(events[5].name, "room.deleted");
    assert!(events[5].data.contains("\"access\":true"));
}

#[tokio::test]
async fn three_replicas_on_one_redis_tell_the_same_and_continue_each_other() {
    let deployment = Deployment::on_redis().await;
    deployment.discord.set_guilds(&[GUILD.get(), OTHER.get()]);
    let webs = [
        deployment.replica(&[]).await,
        deployment.replica(&[]).await,
        deployment.replica(&[]).await,
    ];
    let browser = Browser::signed_in(&webs[0]).await;
    let mut streams = Vec::new();
    for web in &webs {
        let stream = browser.at(web).stream("").await;
        stream
            .wait_until(|stream| !stream.last_event_id().is_empty())
            .await;
        streams.push(stream);
    }
    for user in 1..=20 {
        deployment
            .publisher
            .join(if user % 3 == 0 { OTHER } else { GUILD }, ROOM, user)
            .await;
    }
    let all = streams[0].wait(20).await;
    assert_eq!(streams[1].wait(20).await, all);
    assert_eq!(streams[2].wait(20).await, all);
    for (web, cursor) in webs.iter().zip([4, 9, 19]) {
        let resumed = browser
            .at(web)
            .resume("lastEventId=1-0", Some(&all[cursor].id))
            .await;
        deployment.publisher.join(GUILD, ROOM, 100).await;
        resumed
            .wait_until(|stream| stream.text().contains("\"userId\":\"100\""))
            .await;
        let events = resumed.events();
        assert_eq!(events[..19 - cursor], all[cursor + 1..]);
    }
}

#[tokio::test]
async fn what_can_not_be_continued_is_reset_with_a_new_snapshot() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    for (cursor, reason) in [
        ("nonsense", "future"),
        ("99999999999999-0", "future"),
        ("1-0", "expired"),
    ] {
        let stream = browser.resume("snapshot=1", Some(cursor)).await;
        let events = stream.wait(2).await;
        assert_eq!(
            events[0].data,
            format!("{{\"reason\":\"{reason}\"}}"),
            "{cursor}"
        );
        assert_eq!(
            (events[0].name.as_str(), events[1].name.as_str()),
            ("reset", "snapshot")
        );
    }
}

#[tokio::test]
async fn a_user_with_too_many_streams_is_told_to_come_back() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[("MAX_STREAMS_PER_USER", "2")]).await;
    let browser = Browser::signed_in(&web).await;
    let first = browser.stream("").await;
    let _second = browser.stream("").await;
    let third = browser.stream("").await;
    third.wait_for_end().await;
    let events = third.events();
    assert_eq!(
        (events[0].name.as_str(), events[0].data.as_str()),
        ("unavailable", r#"{"reason":"overload"}"#)
    );
    assert!(third.text().starts_with("retry: "));
    drop(first);
    let deadline = tokio::time::Instant::now() + crate::replica::PATIENCE;
    while web.metric("fanfare_streams_active") > 1.0 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let again = browser.stream("").await;
    again
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
}

#[tokio::test]
async fn a_draining_replica_sends_its_streams_away_and_ends_well() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let streams = [
        browser.stream("").await,
        browser.stream("").await,
        browser.stream("").await,
    ];
    for stream in &streams {
        stream
            .wait_until(|stream| !stream.last_event_id().is_empty())
            .await;
    }
    web.begin_stop();
    for stream in &streams {
        stream.wait_for_end().await;
        let events = stream.events();
        assert_eq!(events.last().unwrap().data, r#"{"reason":"draining"}"#);
        assert!(stream.text().matches("retry: ").count() >= 2);
    }
    assert!(web.stop().await);
}

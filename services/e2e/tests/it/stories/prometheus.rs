//! What operators see: a real Prometheus scrapes three replicas and a gateway, and every query of rules and dashboard is asked.

mod exposition;
mod files;
mod server;

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use self::server::{Prometheus, promtool};
use crate::{
    browser::{Browser, Stream},
    stack::{Stack, client},
};

/// Time series of one process, at most: what one Prometheus bears for thousands of them.
const MOST_SERIES: usize = 2_500;

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_scrapes_three_replicas_and_a_gateway_and_answers_all_that_is_asked() {
    let stack = Stack::start(3).await;
    let browser = stack.browser(0).await;
    let streams = live(&stack, &browser).await;

    let webs: Vec<_> = stack.webs.iter().map(|web| web.metrics).collect();
    let prometheus = Prometheus::start(stack.gateway_metrics, &webs);
    prometheus
        .until("four targets are up", "sum(up{job=~'gateway|web'}) == 4")
        .await;
    prometheus
        .until(
            "the rules say that Discord is connected",
            "fanfare:gateway_availability:ratio == 1",
        )
        .await;
    // Rates need something that rises between two scrapes.
    let (_, name) = stack.control.room(0).await;
    let moving = async {
        loop {
            for verb in ["join", "leave"] {
                stack
                    .control
                    .act(verb, json!({"user": "mason", "channel": name}))
                    .await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let asked = async {
        prometheus
            .until("deliveries are counted", "fanfare:deliveries:rate5m > 0")
            .await;
        prometheus
            .until(
                "the windows of the SLO are recorded",
                "fanfare:gateway_unavailability:ratio_30d == 0",
            )
            .await;
        every_rule_is_sound(&prometheus).await;
        every_panel_has_data(&prometheus).await;
        nothing_is_wrong(&prometheus).await;
    };
    tokio::select! {
        () = moving => {}
        () = asked => {}
    }
    drop(streams);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_scraped_keeps_to_the_conventions_and_names_nobody() {
    let stack = Stack::start(1).await;
    let browser = stack.browser(0).await;
    let streams = live(&stack, &browser).await;
    for port in [stack.gateway_metrics, stack.webs[0].metrics] {
        let text = scraped(port).await;
        let lints = promtool(&["check", "metrics"], Some(&text));
        assert_eq!(lints, Ok(String::new()), "promtool check metrics");
        let series = exposition::series(&text);
        assert!(
            (50..MOST_SERIES).contains(&series.len()),
            "{} series",
            series.len()
        );
        let telling: Vec<_> = series
            .iter()
            .filter(|series| {
                series
                    .labels
                    .iter()
                    .any(|(_, value)| exposition::names_one(value))
            })
            .collect();
        assert!(
            telling.is_empty(),
            "labels that name one thing: {telling:#?}"
        );
    }
    drop(streams);
}

/// Streams on all replicas, and something of everything: events, a room by LINK and REST, a message.
async fn live(stack: &Stack, browser: &Browser) -> Vec<Stream> {
    stack.control.empty_rooms().await;
    let mut streams = Vec::new();
    for web in &stack.webs {
        streams.push(
            browser
                .at(&web.url)
                .stream("snapshot=1&events=voice.*,room.*,message.*", None)
                .await,
        );
    }
    // One that has ended has an age.
    drop(browser.stream("", None).await);
    let (_, name) = stack.control.room(0).await;
    stack
        .control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    let say = json!({"user": "mason", "channel": "general", "content": "hello"});
    stack.control.act("message", say).await;
    let room = json!({"name": "Observed", "guildId": stack.control.guild().await});
    let made = browser.call("createRoom", &room).await;
    assert_eq!(made.status(), 200, "{:?}", made.text().await);
    for stream in &streams {
        for event in ["voice.joined", "message.created", "room.created"] {
            stream.wait_for(event, |came| came.event == event).await;
        }
    }
    streams
}

/// Each rule is evaluated without an error, and each metric that one names is there.
async fn every_rule_is_sound(prometheus: &Prometheus) {
    let rules = prometheus.rules().await;
    assert_eq!(rules.len(), files::rules().len(), "all rules are loaded");
    for rule in &rules {
        assert_eq!(rule["health"], "ok", "{rule:#}");
    }
    let known = prometheus.names().await;
    let named: BTreeSet<_> = files::rules()
        .iter()
        .flat_map(|rule| files::metrics_of(&rule.expr))
        .collect();
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(named.len() > 30, "{named:?}");
    assert!(unknown.is_empty(), "no process tells of {unknown:?}");
}

/// Each query of the dashboard is answered with data.
async fn every_panel_has_data(prometheus: &Prometheus) {
    let queries = files::dashboard_queries();
    assert!(queries.len() > 60, "{}", queries.len());
    for (panel, query) in queries {
        let query = query
            .replace("$__rate_interval", "1m")
            .replace("$replica", ".*");
        prometheus
            .until(&format!("the panel `{panel}` has data"), &query)
            .await;
    }
}

/// No alert fires, nor is about to; only the log of a deployment that has just begun is short.
async fn nothing_is_wrong(prometheus: &Prometheus) {
    prometheus
        .until(
            "no alert is active",
            "absent(ALERTS{alertname!='FanfareRetentionShort'}) == 1",
        )
        .await;
}

async fn scraped(port: u16) -> String {
    let url = format!("http://127.0.0.1:{port}/metrics");
    let answer = client().get(url).send().await.expect("it is served");
    answer.text().await.expect("it is text")
}

use std::collections::BTreeSet;

use reqwest::{Response, header};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    collector::{Collector, Span},
    stack::{LINK_TOKEN, SESSION_SECRET, Stack, client},
};

const WRITTEN: &str = "a message that no trace may hold";
const SENT: &str = "another one from a browser that no trace may hold";

async fn traced(collector: &Collector, sampler: &str, argument: &str, replicas: usize) -> Stack {
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20of-the-collector",
        ),
        ("OTEL_TRACES_SAMPLER", sampler),
        ("OTEL_TRACES_SAMPLER_ARG", argument),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned()));
    Stack::with(replicas, &settings).await
}

async fn call(browser: &Browser, function: &str, input: &Value) -> Response {
    client()
        .post(format!("{}/api/rpc/{function}", browser.base))
        .header(header::COOKIE, browser.cookie())
        .header(
            "traceparent",
            "00-11111111111111111111111111111111-2222222222222222-01",
        )
        .json(input)
        .send()
        .await
        .expect("web answers")
}

async fn done(browser: &Browser, function: &str, input: Value) -> Value {
    let reply = call(browser, function, &input).await;
    assert_eq!(reply.status(), 200, "{function}");
    reply.json().await.expect("the answer is JSON")
}

async fn write(stack: &Stack, content: &str) {
    let post = json!({"user": "mason", "channel": "general", "content": content});
    stack.control.act("message", post).await;
}

fn of<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

#[track_caller]
fn one<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = of(spans, name);
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

/// The spans of a trace that is whole: it has one root, and everything else in it is part of something.
fn whole(spans: &[Span], trace: &[u8]) -> Option<Vec<Span>> {
    let spans = spans.iter().filter(|span| span.trace == trace);
    let spans: Vec<_> = spans.cloned().collect();
    let ids: BTreeSet<_> = spans.iter().map(|span| &span.id).collect();
    let (roots, parts): (Vec<&Span>, Vec<&Span>) =
        spans.iter().partition(|span| span.parent.is_empty());
    let sound = roots.len() == 1 && parts.iter().all(|span| ids.contains(&span.parent));
    sound.then_some(spans)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_discord_to_the_last_write() {
    let collector = Collector::start().await;
    let stack = traced(&collector, "always_on", "1", 2).await;
    let browser = stack.browser(0).await;
    let mut streams = Vec::new();
    for replica in [0, 0, 0, 1, 1] {
        let browser = browser.at(&stack.webs[replica].url);
        streams.push(browser.stream("events=message.*", None).await);
    }
    write(&stack, WRITTEN).await;
    for stream in &streams {
        stream
            .wait_for("the message", |event| event.data["content"] == WRITTEN)
            .await;
    }
    let trace = collector
        .wait_for("the trace of a message", |spans| {
            let mut roots = of(spans, "discord.dispatch").into_iter();
            let root = roots.find(|root| root.attribute("discord.event") == "MESSAGE_CREATE")?;
            let trace = whole(spans, &root.trace)?;
            (of(&trace, "fan-out").len() == 2).then_some(trace)
        })
        .await;

    let dispatch = one(&trace, "discord.dispatch");
    assert!(dispatch.parent.is_empty());
    let (normalize, publish) = (one(&trace, "normalize"), one(&trace, "publish"));
    let script = one(&trace, "redis.script");
    assert_eq!(normalize.parent, dispatch.id);
    assert_eq!(publish.parent, dispatch.id);
    assert_eq!(script.parent, publish.id);
    let guild = stack.control.guild().await;
    for span in [dispatch, normalize, publish, script] {
        assert_eq!(span.service, "gateway");
        assert!(!span.failed && span.begun <= span.ended, "{span:?}");
    }
    assert_eq!(dispatch.attribute("fanfare.guild_id"), guild);
    assert_eq!(publish.attribute("fanfare.events"), "message.created");
    assert_eq!(publish.attribute("fanfare.outcome"), "applied");
    assert!(publish.begun <= script.begun && script.ended <= publish.ended);

    let (received, fan_outs) = (of(&trace, "replica.receive"), of(&trace, "fan-out"));
    assert_eq!(received.len(), 2);
    let mut viewers = Vec::new();
    for receive in received {
        assert_eq!((&*receive.service, &receive.parent), ("web", &publish.id));
        let id = receive.attribute("messaging.message.id");
        assert_eq!(id, publish.attribute("messaging.message.id"));
        assert!(receive.begun >= script.begun);
        let of_receive = fan_outs.iter().filter(|span| span.parent == receive.id);
        let of_receive: Vec<_> = of_receive.collect();
        assert_eq!(of_receive.len(), 1, "one for all viewers");
        let fan_out = of_receive[0];
        let number = |name: &str| fan_out.number(&format!("fanfare.{name}"));
        viewers.push(number("viewers"));
        assert_eq!(number("written"), number("viewers"));
        assert_eq!(
            number("written_bytes"),
            number("written") * number("frame_bytes")
        );
        assert_eq!(fan_out.attribute("fanfare.complete"), "true");
        assert!(number("first_write_us") <= number("last_write_us"));
        let events = &fan_out.events;
        let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["first write", "last write"]);
        assert!(fan_out.begun <= events[0].1 + 1_000_000);
        assert!(events[0].1 <= events[1].1 && events[1].1 <= fan_out.ended + 1_000_000);
    }
    viewers.sort_unstable();
    assert_eq!(viewers, [2, 3]);
    assert_eq!(trace.len(), 8, "nothing else: {trace:#?}");
    let authorizations = collector.authorizations();
    assert!(
        authorizations
            .iter()
            .all(|told| told == "Bearer of-the-collector")
    );
    assert!(!authorizations.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_trace_through_web_gateway_and_discord_and_holds_no_secret() {
    let collector = Collector::start().await;
    let stack = traced(&collector, "parentbased_always_on", "1", 1).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("events=message.*,room.*", None).await;
    let lounge = json!({"name": "A lounge of friends", "guildId": stack.control.guild().await});
    let room = done(&browser, "createRoom", lounge).await;
    let general = stack.control.channel("general").await;
    let message = json!({"channelId": general, "content": SENT});
    done(&browser, "sendMessage", message).await;
    stream
        .wait_for("what was sent", |event| event.data["content"] == SENT)
        .await;
    assert_eq!(
        call(&browser, "deleteRoom", &json!({"channelId": "1"}))
            .await
            .status(),
        404
    );

    let named = |spans: &[Span], name: &str| {
        let root = spans.iter().find(|span| span.name == name)?;
        whole(spans, &root.trace)
    };
    let trace = collector
        .wait_for("the trace of createRoom", |spans| {
            named(spans, "POST /api/rpc/createRoom")
                .filter(|trace| !of(trace, "POST /guilds/{id}/channels").is_empty())
        })
        .await;
    let request = one(&trace, "POST /api/rpc/createRoom");
    let asked = one(&trace, "link.command createRoom");
    let command = one(&trace, "command createRoom");
    let made = one(&trace, "POST /guilds/{id}/channels");
    assert!(request.parent.is_empty());
    assert_eq!((&*request.service, &*asked.service), ("web", "web"));
    assert_eq!((&*command.service, &*made.service), ("gateway", "gateway"));
    assert_eq!(asked.parent, request.id);
    assert_eq!(command.parent, asked.id);
    assert_eq!(made.parent, command.id);
    assert_eq!(request.number("http.response.status_code"), 200);
    assert_eq!(made.number("http.response.status_code"), 201);
    assert_eq!(command.attribute("fanfare.outcome"), "done");
    let scripts = of(&trace, "redis.script");
    assert!(scripts.iter().any(|script| script.parent == command.id));

    let trace = collector
        .wait_for("the trace of sendMessage", |spans| {
            named(spans, "POST /api/rpc/sendMessage")
                .filter(|trace| !of(trace, "POST /webhooks/{id}/{token}").is_empty())
        })
        .await;
    one(&trace, "POST /webhooks/{id}/{token}");
    collector
        .wait_for("the trace of what was sent", |spans| {
            let sent = |span: &&Span| span.attribute("fanfare.event") == "message.created";
            of(spans, "replica.receive").into_iter().find(sent).cloned()
        })
        .await;
    let refused = collector
        .wait_for("the trace of a refusal", |spans| {
            named(spans, "POST /api/rpc/deleteRoom")
        })
        .await;
    assert_eq!(
        refused.len(),
        of(&refused, "redis.script").len() + 1,
        "{refused:#?}"
    );

    let token = room["inviteToken"].as_str().expect("it is text");
    let cookie = browser.cookie();
    let cookie = cookie.split_once('=').expect("a cookie has a value").1;
    let secrets = [
        WRITTEN,
        SENT,
        "A lounge of friends",
        token,
        cookie,
        LINK_TOKEN,
        SESSION_SECRET,
        "simulated-bot-token",
        "simulated-client-secret",
        "of-the-collector",
    ];
    for secret in secrets {
        assert!(!collector.was_told(secret), "a trace holds `{secret}`");
    }
    let spans = collector.spans();
    assert!(
        spans.iter().all(|span| span.trace != [0x11; 16]),
        "a browser's trace"
    );
    for span in spans {
        let begins = span.name == "discord.dispatch" || !span.attribute("http.route").is_empty();
        assert!(begins || !span.parent.is_empty(), "an orphan: {span:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sampled_is_not_told() {
    let collector = Collector::start().await;
    let mut stack = traced(&collector, "parentbased_traceidratio", "0", 1).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("events=message.*", None).await;
    let lounge = json!({"name": "Lounge", "guildId": stack.control.guild().await});
    done(&browser, "createRoom", lounge).await;
    write(&stack, WRITTEN).await;
    stream
        .wait_for("the message", |event| event.data["content"] == WRITTEN)
        .await;
    drop(stream);
    for process in [&mut stack.gateway, &mut stack.webs[0].process] {
        process.signal("TERM");
        assert!(process.wait().success());
    }
    assert_eq!(collector.spans().len(), 0, "{:#?}", collector.spans());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_told_of_once_and_the_last_spans_leave_at_the_end() {
    let collector = Collector::start().await;
    collector.refuse(true);
    let mut stack = traced(&collector, "always_on", "1", 1).await;
    let failed = stack.gateway.wait_for_output("traces can't be exported");
    assert!(!failed.contains("of-the-collector"));
    write(&stack, "one").await;
    write(&stack, "two").await;
    collector.refuse(false);
    let output = loop {
        write(&stack, "more").await;
        let output = stack.gateway.output();
        if output.contains("traces are exported again") {
            break output;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(output.matches("traces can't be exported").count(), 1);
    let before = collector.spans().len();
    write(&stack, "the last").await;
    let (room, _) = stack.control.room(0).await;
    let join = json!({"user": "mason", "channel": room});
    stack.control.act("join", join).await;
    stack.gateway.signal("TERM");
    assert!(stack.gateway.wait().success());
    assert!(collector.spans().len() > before);
}

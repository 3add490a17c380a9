use std::sync::{Arc, atomic::Ordering};

use contracts::link::LinkError;
use environment::Secret;
use futures_util::future::join_all;
use link::{CallError, Client, Endpoint, IN_FLIGHT, Listener};
use parking_lot::Mutex;
use serde_json::{json, value::RawValue};

use crate::gateway::{Gateway, Reply, command, soon, timing, until};

#[tokio::test]
async fn each_of_many_callers_gets_its_own_answer() {
    let gateway = Gateway::start(Reply::Ack(r#"{"ok":true}"#)).await;
    let client = Client::new(gateway.endpoint(), timing());
    let keys: Vec<String> = (0..IN_FLIGHT * 4).map(|n| n.to_string()).collect();
    let answers = join_all(keys.iter().map(|key| client.command(command(key)))).await;
    for answer in answers {
        assert_eq!(answer.unwrap().get(), r#"{"ok":true}"#);
    }
    assert_eq!((gateway.received(), gateway.connected()), (keys.len(), 1));
}

#[tokio::test]
async fn a_refusal_is_told_as_it_is() {
    let refusal = LinkError::new(409, "not-in-voice", "You are in no voice channel.");
    let gateway = Gateway::start(Reply::Error(refusal.clone())).await;
    let client = Client::new(gateway.endpoint(), timing());
    let answer = client.command(command("k")).await;
    assert_eq!(answer.unwrap_err(), CallError::Refused(refusal));
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_unknown() {
    let gateway = Gateway::start(Reply::Silence).await;
    let client = Client::new(gateway.endpoint(), timing());
    let answer = client.command(command("k")).await;
    assert_eq!(answer.unwrap_err(), CallError::Unknown);
    gateway.answer(Reply::Break);
    let answer = client.command(command("k")).await;
    assert_eq!(answer.unwrap_err(), CallError::Unknown);
    assert_eq!(gateway.received(), 2);
}

#[tokio::test]
async fn what_was_never_sent_is_away_and_is_never_sent_later() {
    let gateway = Gateway::start(Reply::Ack("1")).await;
    let (addr, endpoint) = (gateway.addr, gateway.endpoint());
    gateway.stop().await;
    let client = Client::new(endpoint, timing());
    let answer = client.command(command("early")).await;
    assert!(matches!(answer, Err(CallError::Away(_))), "{answer:?}");

    let gateway = Gateway::at(addr, Reply::Ack("2")).await;
    until("it is connected again", async || {
        client.command(command("late")).await.is_ok()
    })
    .await;
    let received = gateway.commands.lock().concat();
    assert!(!received.contains("early"), "{received}");
}

#[tokio::test]
async fn a_lost_connection_is_made_anew() {
    let gateway = Gateway::start(Reply::Break).await;
    let client = Client::new(gateway.endpoint(), timing());
    for n in 1..=5 {
        let answer = client.command(command("k")).await;
        assert_eq!(answer.unwrap_err(), CallError::Unknown);
        assert_eq!(gateway.received(), n);
    }
    gateway.answer(Reply::Ack("1"));
    assert!(client.command(command("k")).await.is_ok());
}

#[tokio::test]
async fn a_gateway_that_hangs_is_noticed() {
    let gateway = Gateway::start(Reply::Ack("1")).await;
    let client = Client::new(gateway.endpoint(), timing());
    assert!(client.command(command("k")).await.is_ok());
    gateway.frozen.store(true, Ordering::Relaxed);
    until("a second connection is made", async || {
        gateway.connected() > 1
    })
    .await;
}

#[tokio::test]
async fn no_more_are_under_way_than_there_are_places() {
    let gateway = Gateway::start(Reply::Silence).await;
    let client = Client::new(gateway.endpoint(), timing());
    let calls = (0..IN_FLIGHT + 10).map(|n| {
        let client = client.clone();
        async move { client.command(command(&n.to_string())).await }
    });
    let outcomes = join_all(calls).await;
    let unknown = |outcome: &&Result<_, _>| matches!(outcome, Err(CallError::Unknown));
    assert_eq!(outcomes.iter().filter(unknown).count(), IN_FLIGHT);
    assert_eq!(gateway.received(), IN_FLIGHT);
}

#[tokio::test]
async fn a_wrong_token_is_named() {
    let gateway = Gateway::start(Reply::Ack("1")).await;
    let endpoint = Endpoint::new(&gateway.url(), Secret::from("wrong")).unwrap();
    let client = Client::new(endpoint, timing());
    let Err(CallError::Away(why)) = client.command(command("k")).await else {
        panic!("it can't be reached");
    };
    assert!(
        why.contains("LINK_TOKEN") && !why.contains("wrong"),
        "{why}"
    );
    assert!(!format!("{client:?}").contains("wrong"));
}

#[tokio::test]
async fn a_client_that_is_dropped_closes_its_connection() {
    let gateway = Gateway::start(Reply::Ack("1")).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let client = Client::listening(gateway.endpoint(), timing(), Told(Arc::clone(&told)));
    client.ask("bus.clock", &json!({})).await.unwrap();
    gateway.event(r#"{"id":"1-1"}"#);
    until("the event is told", async || told.lock().len() == 2).await;
    drop(client);
    soon(until("it is closed", async || told.lock().len() == 3)).await;
    assert_eq!(*told.lock(), ["opened", r#"{"id":"1-1"}"#, "lost"]);
    assert!(gateway.commands.lock()[0].contains(r#""type":"command""#));
}

struct Told(Arc<Mutex<Vec<String>>>);

impl Listener for Told {
    fn opened(&mut self) {
        self.0.lock().push("opened".into());
    }

    fn event(&mut self, data: Box<RawValue>) {
        self.0.lock().push(data.get().into());
    }

    fn lost(&mut self) {
        self.0.lock().push("lost".into());
    }
}

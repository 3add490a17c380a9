use std::sync::Arc;

use async_trait::async_trait;
use contracts::{GuildId, link::LinkError};
use environment::Secret;
use link::{CallError, Commands as _, Directory, Metrics, OneGateway, Remote};
use parking_lot::Mutex;

use crate::gateway::{Gateway, Reply, TOKEN, command, elsewhere, timing};

/// Names one gateway after the other: the last one for ever. Kept answers are the first one's.
struct Shifts {
    owners: Vec<Option<String>>,
    asked_anew: Mutex<usize>,
}

#[async_trait]
impl Directory for Shifts {
    async fn gateway_of(&self, guild: GuildId, anew: bool) -> Result<Option<String>, String> {
        assert_eq!(guild, GuildId::new(1));
        let mut asked = self.asked_anew.lock();
        *asked += usize::from(anew);
        Ok(self.owners[(*asked).min(self.owners.len() - 1)].clone())
    }
}

fn remote(directory: impl Directory) -> Remote {
    let metrics = Metrics::detached().unwrap();
    Remote::new(Arc::new(directory), Secret::from(TOKEN), timing(), metrics)
}

fn shifts(owners: &[Option<&Gateway>]) -> Remote {
    let owners = owners.iter().map(|owner| owner.map(Gateway::url));
    remote(Shifts {
        owners: owners.collect(),
        asked_anew: Mutex::new(0),
    })
}

#[tokio::test]
async fn a_command_goes_to_the_gateway_that_holds_the_shard() {
    let gateway = Gateway::start(Reply::Ack("1")).await;
    let remote = shifts(&[Some(&gateway)]);
    assert_eq!(remote.call(command("k")).await.unwrap().get(), "1");
    assert_eq!(remote.call(command("k")).await.unwrap().get(), "1");
    assert_eq!((gateway.received(), gateway.connected()), (2, 1));
}

#[tokio::test]
async fn after_a_hand_over_it_is_sent_once_more_with_the_same_key() {
    let before = Gateway::start(elsewhere()).await;
    let after = Gateway::start(Reply::Ack("1")).await;
    // The shard is nobody's for a moment.
    let remote = shifts(&[Some(&before), Some(&before), None, Some(&after)]);
    assert_eq!(remote.call(command("the-key")).await.unwrap().get(), "1");
    assert_eq!((before.received(), after.received()), (1, 1));
    for gateway in [&before, &after] {
        assert!(gateway.commands.lock()[0].contains("the-key"));
    }
}

#[tokio::test]
async fn it_is_sent_once_more_and_not_again() {
    let gateways = [
        Gateway::start(elsewhere()).await,
        Gateway::start(elsewhere()).await,
        Gateway::start(Reply::Ack("1")).await,
    ];
    let [one, two, three] = &gateways;
    let remote = shifts(&[Some(one), Some(two), Some(three)]);
    let answer = remote.call(command("k")).await;
    assert!(matches!(answer, Err(CallError::Away(_))), "{answer:?}");
    assert_eq!(
        (one.received(), two.received(), three.received()),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn what_may_have_been_done_is_not_sent_again() {
    for reply in [Reply::Silence, Reply::Break] {
        let before = Gateway::start(reply).await;
        let after = Gateway::start(Reply::Ack("1")).await;
        let remote = shifts(&[Some(&before), Some(&after)]);
        let answer = remote.call(command("k")).await;
        assert_eq!(answer.unwrap_err(), CallError::Unknown);
        assert_eq!((before.received(), after.received()), (1, 0));
    }
}

#[tokio::test]
async fn a_refusal_is_final() {
    let refusal = LinkError::new(403, "bot-lacks-permission", "It may not.");
    let gateway = Gateway::start(Reply::Error(refusal.clone())).await;
    let remote = shifts(&[Some(&gateway)]);
    let answer = remote.call(command("k")).await;
    assert_eq!(answer.unwrap_err(), CallError::Refused(refusal));
    assert_eq!(gateway.received(), 1);
}

#[tokio::test]
async fn a_gateway_that_died_is_replaced_by_the_next_owner() {
    let dead = Gateway::start(Reply::Ack("0")).await;
    let url = dead.url();
    dead.stop().await;
    let after = Gateway::start(Reply::Ack("1")).await;
    let owners = vec![Some(url.clone()), Some(url), Some(after.url())];
    let remote = remote(Shifts {
        owners,
        asked_anew: Mutex::new(0),
    });
    assert_eq!(remote.call(command("k")).await.unwrap().get(), "1");
}

#[tokio::test]
async fn a_fixed_address_is_tried_again_too() {
    let gateway = Gateway::start(elsewhere()).await;
    let remote = Arc::new(remote(OneGateway(gateway.url())));
    let calling = tokio::spawn({
        let remote = Arc::clone(&remote);
        async move { remote.call(command("k")).await }
    });
    crate::gateway::until("it came", async || gateway.received() == 1).await;
    gateway.answer(Reply::Ack("1"));
    assert_eq!(calling.await.unwrap().unwrap().get(), "1");
    assert_eq!(gateway.received(), 2);
}

#[tokio::test]
async fn a_command_without_a_guild_goes_nowhere() {
    let gateway = Gateway::start(Reply::Ack("1")).await;
    let remote = shifts(&[Some(&gateway)]);
    let mut lost = command("k");
    lost.payload = serde_json::value::RawValue::from_string("{}".into()).unwrap();
    let Err(CallError::Refused(error)) = remote.call(lost).await else {
        panic!("refused");
    };
    assert_eq!((error.status, gateway.received()), (400, 0));
}

#[tokio::test]
async fn where_nobody_holds_the_shard_nothing_is_sent() {
    let remote = shifts(&[None]);
    let answer = remote.call(command("k")).await;
    assert!(matches!(answer, Err(CallError::Away(_))), "{answer:?}");
}

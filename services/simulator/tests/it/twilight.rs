//! twilight-gateway, unmodified.

use serde_json::{Value, json};
use tokio::time::timeout;
use twilight_gateway::{
    ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _,
};

use crate::stage::{DEADLINE, Stage};

/// The next event that fits; others are passed over.
async fn until<T>(shard: &mut Shard, mut fits: impl FnMut(Event) -> Option<T>) -> T {
    let search = async {
        loop {
            match shard.next_event(EventTypeFlags::all()).await {
                Some(Ok(event)) => {
                    if let Some(found) = fits(event) {
                        return found;
                    }
                }
                // A dropped socket is told as an error; the shard goes on by itself.
                Some(Err(_)) => {}
                None => panic!("the shard gave up"),
            }
        }
    };
    timeout(DEADLINE, search).await.expect("it did not come")
}

#[tokio::test]
async fn twilight_signs_in_sees_voice_and_resumes() {
    let stage = Stage::start().await;
    let intents = Intents::from_bits_truncate(36_739);
    let config = ConfigBuilder::new("interop-token".to_owned(), intents)
        .proxy_url(format!("ws://{}/gateway", stage.addr))
        .build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    let ready = until(&mut shard, |event| match event {
        Event::Ready(ready) => Some(ready),
        _ => None,
    })
    .await;
    assert_eq!(ready.user.name, "fanfare");
    let cafe = until(&mut shard, |event| match event {
        Event::GuildCreate(created) => match *created {
            twilight_model::gateway::payload::incoming::GuildCreate::Available(guild) => {
                Some(guild)
            }
            twilight_model::gateway::payload::incoming::GuildCreate::Unavailable(_) => None,
        },
        _ => None,
    })
    .await;
    assert_eq!(
        (
            cafe.name.as_str(),
            cafe.members.len(),
            cafe.voice_states.len()
        ),
        ("Fanfare Café", 18, 5)
    );
    stage.act("join", json!({ "user": "nelly", "channel": "Lounge" }));
    let joined = until(&mut shard, voice).await;
    assert_eq!(joined.0, json!(stage.id("channels", "Lounge")));
    assert_eq!(joined.1, "nelly");
    stage.fault(json!({ "kind": "drop" }));
    stage.act("join", json!({ "user": "nelly", "channel": "Study Nook" }));
    let mut resumed = false;
    let missed = until(&mut shard, |event| {
        resumed |= matches!(event, Event::Resumed);
        voice(event)
    })
    .await;
    assert_eq!(missed.0, json!(stage.id("channels", "Study Nook")));
    if !resumed {
        until(&mut shard, |event| {
            matches!(event, Event::Resumed).then_some(())
        })
        .await;
    }
    stage.act(
        "message",
        json!({ "user": "mason", "channel": "general", "content": "hi" }),
    );
    let content = until(&mut shard, |event| match event {
        Event::MessageCreate(message) => Some(message.content.clone()),
        _ => None,
    })
    .await;
    assert_eq!(content, "hi");
    let budget = &stage.control.state()["budget"];
    assert_eq!(
        budget["remaining"], 999,
        "it resumed; it did not identify again"
    );
    assert_eq!(stage.sessions()[0]["resumes"], 1);
}

/// The channel and the user's name of a voice event.
fn voice(event: Event) -> Option<(Value, String)> {
    let Event::VoiceStateUpdate(state) = event else {
        return None;
    };
    let name = state.0.member.as_ref()?.user.name.clone();
    Some((json!(state.0.channel_id?.to_string()), name))
}

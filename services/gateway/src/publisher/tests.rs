mod flights;
mod troubled;

use std::{collections::BTreeMap, time::Duration};

use contracts::{EventId, UserId};
use discord::{Dispatch, Intents, decode};
use event_bus::{Body, StoredGuild};
use parking_lot::Mutex;
use proptest::prelude::*;
use serde_json::json;

use futures_util::FutureExt as _;
use gateway_registry::{Claim, GatewayRegistry as _, SingleRegistry};

use super::*;
use crate::{
    normalize::{Context, Rules, normalize},
    state::Guilds,
};
use troubled::TroubledBus;

const HOME: GuildId = GuildId::new(1);
const AWAY: GuildId = GuildId::new(2);
const PATIENCE: Duration = Duration::from_secs(120);

/// A lease that is held for the length of any test.
fn holding() -> Arc<Holding> {
    let registry = SingleRegistry::new();
    let claimed = async {
        registry.recount(1).await.unwrap();
        let ttl = crate::holding::LEASE_TTL;
        registry.claim(ShardId::ONE, "i", ttl).await.unwrap()
    };
    let Some(Claim::Granted { lease, .. }) = claimed.now_or_never() else {
        panic!("a registry in memory grants at once");
    };
    let long = Instant::now() + Duration::from_hours(24);
    Arc::new(Holding::new(
        Arc::new(registry),
        lease,
        long,
        None,
        String::new(),
    ))
}

/// A shard's line without Discord: dispatches are normalized and queued by hand.
struct Line {
    bus: Arc<TroubledBus>,
    guilds: SharedGuilds,
    queue: mpsc::Sender<Step>,
    publisher: Publisher,
    seq: u64,
}

/// What a dispatch changes.
fn normalized(guilds: &SharedGuilds, seq: u64, t: &str, d: &serde_json::Value) -> Vec<Change> {
    let event = decode(t, &d.to_string()).unwrap().unwrap();
    let dispatch = Dispatch {
        shard: ShardId::ONE,
        seq,
        received_at: 0,
        event,
    };
    let rules = Rules {
        served: None,
        intents: Intents::UNPRIVILEGED,
        cdn_url: String::new(),
    };
    let context = Context {
        rules: &rules,
        names: &BTreeMap::new(),
        behalves: &BTreeMap::new(),
        generation: 1,
        known_until: None,
    };
    normalize(&dispatch, &mut guilds.lock(), context)
}

fn waiting(change: Change) -> Queued {
    Queued {
        change,
        received_at: 0,
        span: Span::none(),
    }
}

impl Line {
    fn new() -> Self {
        let bus = Arc::new(TroubledBus::default());
        let guilds: SharedGuilds = Arc::new(Mutex::new(Guilds::default()));
        let (queue, steps) = mpsc::channel(1_000);
        let metrics = Arc::new(Metrics::register(&prometheus::Registry::new()).unwrap());
        let publisher = Publisher::new(
            ShardId::ONE,
            Arc::clone(&bus) as Arc<dyn EventBus>,
            steps,
            Arc::clone(&guilds),
            holding(),
            metrics,
        );
        Self {
            bus,
            guilds,
            queue,
            publisher,
            seq: 0,
        }
    }

    fn dispatch(&mut self, t: &str, d: &serde_json::Value) {
        self.seq += 1;
        for change in normalized(&self.guilds, self.seq, t, d) {
            self.queue.try_send(Step::Change(waiting(change))).unwrap();
        }
    }

    fn create(&mut self, guild: GuildId) {
        self.dispatch(
            "GUILD_CREATE",
            &json!({"id": guild, "name": "guild", "owner_id": "1", "member_count": 9,
                "channels": [{"id": "100", "type": 2, "name": "a"}, {"id": "101", "type": 2, "name": "b"}]}),
        );
    }

    fn voice(&mut self, guild: GuildId, user: u64, channel: Option<u64>) {
        let channel = channel.map(|channel| channel.to_string());
        self.dispatch(
            "VOICE_STATE_UPDATE",
            &json!({"guild_id": guild, "user_id": user.to_string(), "channel_id": channel}),
        );
    }

    fn leave(&mut self, guild: GuildId) {
        self.dispatch("GUILD_DELETE", &json!({"id": guild}));
    }

    /// The next change that waits.
    fn queued(&mut self) -> Option<Queued> {
        match self.publisher.steps.try_recv().ok()? {
            Step::Change(queued) => Some(queued),
            other => panic!("nobody queued {other:?}"),
        }
    }

    /// Publishes all that is queued now.
    async fn publish(&mut self) {
        let mut taken = Vec::new();
        while let Some(queued) = self.queued() {
            taken.push(queued);
        }
        tokio::time::timeout(PATIENCE, self.publisher.publish(taken))
            .await
            .unwrap()
            .unwrap();
    }

    fn memory(&self, guild: GuildId) -> Option<StoredGuild> {
        self.guilds
            .lock()
            .guild(guild)
            .map(crate::state::GuildState::stored)
    }

    /// The ids and positions of a guild's events.
    async fn log(&self, guild: GuildId) -> Vec<(EventId, Position)> {
        let page = self
            .bus
            .read(guild, EventId::ZERO, EventId::MAX, 1_000)
            .await
            .unwrap();
        let events = page.entries.iter();
        let events = events.filter(|entry| matches!(entry.body, Body::Event(_)));
        events.map(|entry| (entry.id, entry.position)).collect()
    }

    /// What the log of a guild tells, `reset` for a reseed.
    async fn told(&self, guild: GuildId) -> Vec<String> {
        let page = self
            .bus
            .read(guild, EventId::ZERO, EventId::MAX, 1_000)
            .await
            .unwrap();
        let told = page.entries.iter().filter_map(|entry| match &entry.body {
            Body::Event(event) => Some(event.event.to_string()),
            Body::Reseed => Some("reset".to_owned()),
            Body::Audience(_) => None,
        });
        told.collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_away_delays_and_loses_nothing() {
    let mut line = Line::new();
    line.create(HOME);
    line.voice(HOME, 7, Some(100));
    line.bus.fail(5, 3);
    line.publish().await;
    line.voice(HOME, 7, Some(101));
    line.publish().await;
    let told = line.told(HOME).await;
    assert_eq!(
        told,
        ["reset", "voice.joined", "voice.left", "voice.joined"]
    );
    assert_eq!(line.bus.stored(HOME).await, line.memory(HOME));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_its_data_is_written_anew_and_goes_on() {
    let mut line = Line::new();
    line.create(HOME);
    line.create(AWAY);
    line.voice(HOME, 7, Some(100));
    line.publish().await;

    line.bus.lose_everything();
    line.voice(HOME, 8, Some(100));
    line.voice(HOME, 7, None);
    line.publish().await;
    // What was queued is contained in the state that was written.
    assert_eq!(line.told(HOME).await, ["reset"]);
    assert_eq!(line.bus.stored(HOME).await, line.memory(HOME));

    line.voice(HOME, 9, Some(101));
    line.voice(AWAY, 9, Some(101));
    line.publish().await;
    assert_eq!(line.told(HOME).await, ["reset", "voice.joined"]);
    assert_eq!(line.bus.stored(HOME).await, line.memory(HOME));
    assert_eq!(line.bus.stored(AWAY).await, line.memory(AWAY));
}

#[tokio::test(start_paused = true)]
async fn what_memory_is_ahead_of_is_not_published_a_second_time() {
    let mut line = Line::new();
    line.create(HOME);
    line.publish().await;
    line.bus.lose_everything();
    line.voice(HOME, 7, Some(100));
    // The first change comes to the bus while the second one is made and waits in the queue.
    let first = line.queued().unwrap();
    line.voice(HOME, 8, Some(100));
    line.publisher.publish(vec![first]).await.unwrap();
    line.publish().await;
    assert_eq!(line.told(HOME).await, ["reset"]);
    assert_eq!(line.bus.stored(HOME).await, line.memory(HOME));
    assert_eq!(line.memory(HOME).unwrap().voice.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_guild_that_the_bot_left_meanwhile_is_removed_after_all() {
    let mut line = Line::new();
    line.create(HOME);
    line.publish().await;
    // Another gateway moved the stored position on.
    line.bus.move_position(HOME).await;
    line.voice(HOME, 7, Some(100));
    line.leave(HOME);
    line.publish().await;
    assert_eq!(line.bus.stored(HOME).await, None);

    line.create(HOME);
    line.voice(HOME, 7, Some(100));
    line.publish().await;
    assert_eq!(line.bus.stored(HOME).await, line.memory(HOME));
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_guild_does_not_hold_up_the_others() {
    let mut line = Line::new();
    line.create(HOME);
    line.create(AWAY);
    line.publish().await;
    line.bus.corrupt(HOME);
    line.voice(HOME, 7, Some(100));
    line.voice(AWAY, 7, Some(100));
    line.publish().await;
    assert_eq!(line.told(AWAY).await, ["reset", "voice.joined"]);
    assert_eq!(line.bus.stored(AWAY).await, line.memory(AWAY));
    assert_eq!(
        line.bus.stored(HOME).await,
        line.memory(HOME),
        "written anew"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_queued_when_the_pipeline_ends_is_published() {
    let mut line = Line::new();
    line.create(HOME);
    for user in 10..210 {
        line.voice(HOME, user, Some(100));
    }
    let Line {
        bus,
        guilds,
        queue,
        publisher,
        ..
    } = line;
    drop(queue);
    bus.fail(2, 1);
    tokio::time::timeout(PATIENCE, publisher.run())
        .await
        .unwrap()
        .unwrap();
    let memory = guilds
        .lock()
        .guild(HOME)
        .map(crate::state::GuildState::stored);
    assert_eq!(memory.as_ref().unwrap().voice.len(), 200);
    assert_eq!(bus.stored(HOME).await, memory);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_its_data_while_nothing_happened_is_written_anew() {
    let mut line = Line::new();
    line.create(HOME);
    line.voice(HOME, 7, Some(100));
    line.publish().await;
    line.bus.lose_everything();
    let Line {
        bus,
        guilds,
        queue,
        publisher,
        ..
    } = line;
    let running = tokio::spawn(publisher.run());
    tokio::time::sleep(AUDIT_EVERY * 2).await;
    let memory = guilds
        .lock()
        .guild(HOME)
        .map(crate::state::GuildState::stored);
    assert_eq!(bus.stored(HOME).await, memory);
    drop(queue);
    running.await.unwrap().unwrap();
}

#[derive(Debug, Clone)]
enum Act {
    Voice(bool, u64, Option<u64>),
    Create(bool),
    Leave(bool),
    Publish,
    Fail(usize, usize),
    Lose,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (any::<bool>(), 1..5_u64, prop::option::of(100..102_u64))
            .prop_map(|(home, user, channel)| Act::Voice(home, user, channel)),
        2 => any::<bool>().prop_map(Act::Create),
        1 => any::<bool>().prop_map(Act::Leave),
        4 => Just(Act::Publish),
        2 => (0..3_usize, 0..3_usize).prop_map(|(before, after)| Act::Fail(before, after)),
        1 => Just(Act::Lose),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn store_and_memory_agree_again_whatever_the_store_loses(acts in prop::collection::vec(act(), 1..40)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut line = Line::new();
            let of = |home: bool| if home { HOME } else { AWAY };
            for act in acts {
                match act {
                    Act::Voice(home, user, channel) => line.voice(of(home), user, channel),
                    Act::Create(home) => line.create(of(home)),
                    Act::Leave(home) => line.leave(of(home)),
                    Act::Publish => line.publish().await,
                    Act::Fail(before, after) => line.bus.fail(before, after),
                    Act::Lose => line.bus.lose_everything(),
                }
            }
            // One more change of each guild that is known: a loss shows at the next change.
            for guild in [HOME, AWAY] {
                line.publish().await;
                let known = line.memory(guild).is_some();
                line.voice(guild, 9, Some(100));
                line.publish().await;
                assert_eq!(line.bus.stored(guild).await, line.memory(guild));
                let present = |guild: StoredGuild| guild.voice.iter().any(|voice| voice.user_id == UserId::new(9));
                assert_eq!(line.memory(guild).is_some_and(present), known);
            }
        });
    }
}

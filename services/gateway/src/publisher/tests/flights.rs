//! Batches that are under way together, and a store that forgets.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_store_that_fell_back_is_told_again_with_the_same_ids() {
    let mut line = Line::new();
    line.create(HOME);
    line.voice(HOME, 7, Some(100));
    line.voice(HOME, 8, Some(100));
    line.publish().await;
    let before = line.log(HOME).await;
    line.bus.fall_back(1).await;
    line.voice(HOME, 9, Some(100));
    line.publish().await;
    let after = line.log(HOME).await;
    assert_eq!(after[..before.len()], before[..]);
    let told = line.told(HOME).await;
    assert_eq!(
        told,
        ["reset", "voice.joined", "voice.joined", "voice.joined"]
    );
    assert_eq!(line.bus.stored(HOME).await, line.memory(HOME));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fell_back_while_nothing_happened_is_told_again() {
    let mut line = Line::new();
    line.create(HOME);
    line.voice(HOME, 7, Some(100));
    line.publish().await;
    let before = line.log(HOME).await;
    line.bus.fall_back(1).await;
    line.publisher.audit().await.unwrap();
    assert_eq!(line.log(HOME).await, before);
}

#[tokio::test(start_paused = true)]
async fn batches_that_overtake_each_other_and_fail_arrive_once_and_in_order() {
    for round in 0..20 {
        let mut line = Line::new();
        line.bus.shuffle();
        line.create(HOME);
        line.create(AWAY);
        let Line {
            bus,
            guilds,
            queue,
            publisher,
            mut seq,
        } = line;
        let holding = Arc::clone(&publisher.holding);
        let running = tokio::spawn(publisher.run());
        let mut line = Dispatching { guilds, queue };
        for user in 10..150 {
            seq += 1;
            line.voice(HOME, user, seq).await;
            seq += 1;
            line.voice(AWAY, user, seq).await;
            if user % 40 == 0 {
                bus.fail(round % 3, round % 2);
            }
        }
        let guilds = line.guilds;
        drop(line.queue);
        tokio::time::timeout(PATIENCE, running)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        for guild in [HOME, AWAY] {
            let joined: Vec<u64> = joined(&bus, guild).await;
            assert_eq!(joined, (10..150).collect::<Vec<_>>());
            let memory = guilds.lock().guild(guild).unwrap().stored();
            assert_eq!(bus.stored(guild).await, Some(memory));
        }
        assert!(holding.held().await.is_ok());
    }
}

/// Queues while a publisher runs.
struct Dispatching {
    guilds: SharedGuilds,
    queue: mpsc::Sender<Step>,
}

impl Dispatching {
    async fn voice(&mut self, guild: GuildId, user: u64, seq: u64) {
        let d = json!({"guild_id": guild, "user_id": user.to_string(), "channel_id": "100"});
        let changes = normalized(&self.guilds, seq, "VOICE_STATE_UPDATE", &d);
        for change in changes {
            let step = Step::Change(waiting(change));
            self.queue.send(step).await.unwrap();
        }
        let generation = 1;
        let through = Step::Through { generation, seq };
        self.queue.send(through).await.unwrap();
    }
}

/// Who joined, in the order of the log.
async fn joined(bus: &TroubledBus, guild: GuildId) -> Vec<u64> {
    let page = bus.read(guild, EventId::ZERO, EventId::MAX, 5_000).await;
    let payload = |entry: &event_bus::Entry| match &entry.body {
        Body::Event(event) => serde_json::from_str(event.payload.get()).ok(),
        _ => None,
    };
    let payloads = page
        .unwrap()
        .entries
        .iter()
        .filter_map(payload)
        .collect::<Vec<serde_json::Value>>();
    let user = |payload: &serde_json::Value| payload["userId"].as_str().unwrap().parse().unwrap();
    payloads.iter().map(user).collect()
}

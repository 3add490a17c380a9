mod changes;
mod given;

use given::CONNECT;
pub(super) use given::{SOMEBODY, VIEW, channel, standing, standings, voice};

use std::{collections::HashMap, sync::Arc, time::Duration};

use contracts::{
    ChannelId, Event, EventId, EventKind, GuildId, MessageId, RoleId, UserId,
    envelope::Unpublished,
    event::{Author, Gap, MessageCreated, MessageDeleted, VoiceLeft},
    state::{Guild, Role},
};
use event_bus::{
    Batch, Change, EventBus, MemoryBus, NewEntry, Outcome, Position, Retention, StateOp,
};
use parking_lot::Mutex;
use prometheus::Registry;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::{Health, Hub, Limits, line::Followed};
use crate::metrics::Metrics;

/// A room that everybody sees at first, and one that nobody ever does.
pub(super) const ROOM: ChannelId = ChannelId::new(100);
pub(super) const SECRET: ChannelId = ChannelId::new(101);

/// A bus with guilds, and hubs on it.
pub(super) struct World {
    pub(super) bus: Arc<MemoryBus>,
    pub(super) hubs: Vec<Hub>,
    registry: Registry,
    positions: Mutex<HashMap<GuildId, Position>>,
    _stop: DropGuard,
}

impl World {
    /// Rings here hold about a dozen frames, so that falling off happens.
    pub(super) async fn new(hubs: usize, guilds: &[GuildId]) -> Self {
        Self::on(MemoryBus::new(Retention::default()), hubs, guilds).await
    }

    pub(super) async fn on(bus: MemoryBus, hubs: usize, guilds: &[GuildId]) -> Self {
        let bus = Arc::new(bus);
        let stop = CancellationToken::new();
        let registry = Registry::new();
        let limits = Limits {
            ring_bytes: 3_000,
            linger: Duration::from_millis(1_500),
        };
        let mut running = Vec::new();
        for index in 0..hubs {
            let own = Registry::new();
            let registry = if index == 0 { &registry } else { &own };
            let metrics = Arc::new(Metrics::register(registry).unwrap());
            let port: Arc<dyn EventBus> = bus.clone();
            let retention = Duration::from_secs(3600);
            let (hub, follow) = Hub::new(
                port,
                metrics,
                retention,
                String::new(),
                limits,
                stop.clone(),
            );
            tokio::spawn(follow);
            while hub.health() != Health::Ready {
                tokio::task::yield_now().await;
            }
            running.push(hub);
        }
        let world = Self {
            bus,
            hubs: running,
            registry,
            positions: Mutex::default(),
            _stop: stop.drop_guard(),
        };
        for guild in guilds {
            world.reseed(*guild).await;
        }
        world
    }

    pub(super) fn metric(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let family = families
            .iter()
            .find(|family| family.name() == name)
            .unwrap();
        family.get_metric()[0].get_counter().get_value()
    }

    pub(super) fn guilds_followed(&self) -> usize {
        self.hubs[0].inner.line.lock().guilds.len()
    }

    pub(super) async fn clock(&self) -> EventId {
        self.bus.clock().await.unwrap()
    }

    /// Waits until every hub that somebody watches has applied what was published.
    pub(super) async fn settled(&self) {
        let clock = self.clock().await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        for hub in &self.hubs {
            while !reached(hub, clock) {
                assert!(tokio::time::Instant::now() < deadline, "a hub stays behind");
                hub.inner.tick_wanted.notify_one();
                tokio::task::yield_now().await;
            }
        }
    }

    async fn publish(
        &self,
        guild: GuildId,
        reseed: bool,
        state: Vec<StateOp>,
        entries: Vec<NewEntry>,
        redact: Vec<MessageId>,
    ) {
        let previous = self.positions.lock().get(&guild).copied();
        let seq = previous.map_or(1, |previous| previous.seq + 1);
        let position = Position {
            generation: 1,
            seq,
            part: 0,
        };
        let change = Change {
            guild,
            previous,
            position,
            reseed,
            state,
            entries,
            redact,
            ids: Vec::new(),
        };
        let outcomes = self.bus.publish(&Batch::of(vec![change])).await.unwrap();
        assert!(matches!(outcomes[0], Outcome::Applied(_)), "{outcomes:?}");
        self.positions.lock().insert(guild, position);
    }

    /// Writes the guild whole: two rooms, nobody in them.
    pub(super) async fn reseed(&self, guild: GuildId) {
        let facts = Guild {
            id: guild,
            name: format!("guild {guild}"),
            icon: None,
            owner_id: UserId::new(1),
            unavailable: false,
            members_since: Some(0),
        };
        let role = Role {
            id: RoleId::new(guild.get()),
            name: "@everyone".to_owned(),
            permissions: VIEW | CONNECT,
            position: 0,
        };
        let state = vec![
            StateOp::SetGuild(facts),
            StateOp::SetRole(role),
            StateOp::SetChannel(channel(guild, ROOM, false)),
            StateOp::SetChannel(channel(guild, SECRET, true)),
        ];
        self.publish(guild, true, state, Vec::new(), Vec::new())
            .await;
    }

    pub(super) async fn join(&self, guild: GuildId, room: ChannelId, user: u64) {
        let voice = voice(room, user);
        let event = Event::VoiceJoined(voice.joined(guild));
        self.publish(
            guild,
            false,
            vec![StateOp::SetVoice(voice)],
            vec![new(guild, &event)],
            Vec::new(),
        )
        .await;
    }

    pub(super) async fn leave(&self, guild: GuildId, room: ChannelId, user: u64) {
        let left = VoiceLeft {
            guild_id: guild,
            channel_id: None,
            user_id: UserId::new(user),
            previous_channel_id: Some(room),
            moved: false,
        };
        let state = vec![StateOp::RemoveVoice(UserId::new(user))];
        self.publish(
            guild,
            false,
            state,
            vec![new(guild, &Event::VoiceLeft(left))],
            Vec::new(),
        )
        .await;
    }

    pub(super) async fn typing(&self, guild: GuildId, room: ChannelId) {
        let typing = contracts::event::TypingStarted {
            guild_id: guild,
            channel_id: room,
            user_id: UserId::new(1),
            ts: 1,
        };
        self.publish(
            guild,
            false,
            Vec::new(),
            vec![new(guild, &Event::TypingStarted(typing))],
            Vec::new(),
        )
        .await;
    }

    pub(super) async fn message(
        &self,
        guild: GuildId,
        channel: ChannelId,
        message: u64,
        text: &str,
    ) {
        let author = Author {
            user_id: UserId::new(1),
            username: "nelly".to_owned(),
            display_name: "Nelly".to_owned(),
            avatar: None,
            avatar_url: String::new(),
            bot: false,
            on_behalf_of: None,
        };
        let created = MessageCreated {
            guild_id: guild,
            channel_id: channel,
            message_id: MessageId::new(message),
            author,
            content: Some(text.to_owned()),
            attachments: Vec::new(),
            created_at: 1,
            reply_to: None,
        };
        self.publish(
            guild,
            false,
            Vec::new(),
            vec![new(guild, &Event::MessageCreated(created))],
            Vec::new(),
        )
        .await;
    }

    /// Tells of events that were missed.
    pub(super) async fn gap(&self, guild: GuildId) {
        let gap = Gap {
            guild_id: guild,
            since: 1,
            until: 2,
            kinds: vec![EventKind::MessageCreated],
        };
        let entry = new(guild, &Event::Gap(gap));
        self.publish(guild, false, Vec::new(), vec![entry], Vec::new())
            .await;
    }

    pub(super) async fn delete_message(&self, guild: GuildId, channel: ChannelId, message: u64) {
        let message_id = MessageId::new(message);
        let deleted = Event::MessageDeleted(MessageDeleted {
            guild_id: guild,
            channel_id: channel,
            message_id,
        });
        self.publish(
            guild,
            false,
            Vec::new(),
            vec![new(guild, &deleted)],
            vec![message_id],
        )
        .await;
    }

    /// Takes a room out of everybody's sight, or puts it back.
    pub(super) async fn hide(&self, guild: GuildId, room: ChannelId, hidden: bool) {
        let channel = channel(guild, room, hidden);
        let entry = self.changed(guild, &channel).await;
        self.publish(
            guild,
            false,
            vec![StateOp::SetChannel(channel)],
            vec![entry],
            Vec::new(),
        )
        .await;
    }
}

/// Whether a hub has come so far. A guild without news can't say so by itself: others do.
fn reached(hub: &Hub, clock: EventId) -> bool {
    let mut line = hub.inner.line.lock();
    let complete = line.complete;
    let watched = |followed: &&mut Followed| !followed.feed.deserted();
    complete >= clock
        || line
            .followed()
            .filter(watched)
            .all(|followed| followed.cut.max(followed.chain.last) >= clock)
}

fn new(guild: GuildId, event: &Event) -> NewEntry {
    NewEntry::Event(Unpublished::new(guild, event, 1, None).unwrap())
}

use std::{collections::HashMap, sync::Arc};

use contracts::{
    ChannelId, Event, GuildId, RoleId, UserId,
    envelope::Unpublished,
    event::VoiceFlags,
    state::{AudienceChange, Changed, Channel, Guild, Overwrite, OverwriteTarget, Role, Voice},
};
use event_bus::{Batch, BusError, Change, EventBus, NewEntry, Outcome, Position, StateOp};
use parking_lot::Mutex;

/// A room that everybody sees, and one that nobody does.
pub(crate) const ROOM: ChannelId = ChannelId::new(100_000);
pub(crate) const SECRET: ChannelId = ChannelId::new(200_000);

const VIEW: u64 = 1 << 10;

/// What a gateway would publish.
pub(crate) struct Publisher {
    pub(crate) bus: Arc<dyn EventBus>,
    positions: Mutex<HashMap<GuildId, Position>>,
}

impl Publisher {
    pub(crate) fn new(bus: Arc<dyn EventBus>) -> Self {
        Self {
            bus,
            positions: Mutex::default(),
        }
    }

    async fn publish(
        &self,
        guild: GuildId,
        reseed: bool,
        state: Vec<StateOp>,
        entries: Vec<NewEntry>,
    ) {
        let previous = self.positions.lock().get(&guild).copied();
        let position = Position {
            generation: 1,
            seq: previous.map_or(1, |previous| previous.seq + 1),
            part: 0,
        };
        let change = Change {
            guild,
            previous,
            position,
            reseed,
            state,
            entries,
            redact: Vec::new(),
            ids: Vec::new(),
        };
        let batch = Batch::of(vec![change]);
        let deadline = std::time::Instant::now() + crate::replica::PATIENCE;
        let outcomes = loop {
            match self.bus.publish(&batch).await {
                Ok(outcomes) => break outcomes,
                Err(BusError::Unavailable(_)) if std::time::Instant::now() < deadline => {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        };
        assert!(
            matches!(outcomes[0], Outcome::Applied(_) | Outcome::Duplicate),
            "{outcomes:?}"
        );
        self.positions.lock().insert(guild, position);
    }

    /// Writes a guild with a room for all, and a secret one in which somebody sits.
    pub(crate) async fn guild(&self, guild: GuildId) {
        let facts = Guild {
            id: guild,
            name: format!("Guild {guild}"),
            icon: None,
            owner_id: UserId::new(1),
            unavailable: false,
            members_since: None,
        };
        let role = Role {
            id: RoleId::new(guild.get()),
            name: "@everyone".to_owned(),
            permissions: VIEW,
            position: 0,
        };
        let state = vec![
            StateOp::SetGuild(facts),
            StateOp::SetRole(role),
            StateOp::SetChannel(channel(guild, ROOM, "Lobby", false)),
            StateOp::SetChannel(channel(guild, SECRET, "Board room", true)),
            StateOp::SetVoice(voice(SECRET, 666)),
        ];
        self.publish(guild, true, state, Vec::new()).await;
    }

    pub(crate) async fn join(&self, guild: GuildId, room: ChannelId, user: u64) {
        let voice = voice(room, user);
        let event = Event::VoiceJoined(voice.joined(guild));
        let entry = NewEntry::Event(Unpublished::new(guild, &event, now_ms(), None).unwrap());
        self.publish(guild, false, vec![StateOp::SetVoice(voice)], vec![entry])
            .await;
    }

    pub(crate) async fn hide(&self, guild: GuildId, room: ChannelId, name: &str, hidden: bool) {
        let channel = channel(guild, room, name, hidden);
        let cut = self.bus.snapshot(&[guild]).await.unwrap();
        let mut stored = cut.guilds.into_iter().flat_map(|cut| cut.state.channels);
        let entry = NewEntry::Audience(AudienceChange::Channel(Changed::from(
            stored.find(|was| was.id == channel.id),
            channel.clone(),
        )));
        self.publish(
            guild,
            false,
            vec![StateOp::SetChannel(channel)],
            vec![entry],
        )
        .await;
    }
}

fn now_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64
}

fn channel(guild: GuildId, id: ChannelId, name: &str, hidden: bool) -> Channel {
    let deny = if hidden { VIEW } else { 0 };
    Channel {
        id,
        kind: 2,
        name: name.to_owned(),
        parent_id: None,
        position: 0,
        user_limit: 0,
        members: vec![],
        overwrites: vec![Overwrite {
            id: guild.get(),
            target: OverwriteTarget::Role,
            allow: 0,
            deny,
        }],
        obfuscated: false,
    }
}

fn voice(room: ChannelId, user: u64) -> Voice {
    Voice {
        user_id: UserId::new(user),
        channel_id: room,
        username: format!("user{user}"),
        display_name: format!("User {user}"),
        avatar: None,
        avatar_url: format!("https://cdn.example/{user}.png"),
        flags: VoiceFlags::default(),
    }
}

//! Makes good what was missed while no session was open, as far as Discord still tells it: messages
//! of the channels that had some in the retained log. Rooms, people and roles are made good by the
//! comparison with `GUILD_CREATE`; what can't be had again is announced as a gap.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use contracts::{ChannelId, EventId, EventKind, GuildId, MessageId};
use discord::{Rest, model::Message};
use event_bus::{Body, BusError, EventBus};
use futures_util::{StreamExt as _, stream};
use gateway_registry::StoredSession;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use crate::{
    metrics::Metrics,
    outage::Outage,
    state::{GuildState, Guilds},
};

/// Channels of a guild that are asked, those with the latest messages first. The shard's dispatches
/// wait meanwhile.
const CHANNELS: usize = 50;
/// Channels asked at the same time.
const CHANNELS_AT_ONCE: usize = 5;
/// Messages of a channel; as many as Discord tells at once.
const MESSAGES: u16 = 100;
/// Messages that are published as one change.
const PART: usize = 100;
/// How long a guild's messages may take, all together.
const PATIENCE: Duration = Duration::from_secs(20);
/// Entries of a log that are read at once.
const PAGE: usize = 1_000;

/// Where a channel's messages can be read.
#[async_trait]
pub(crate) trait History: Send + Sync + 'static {
    /// The first `limit` messages after one, in no particular order. `Err` says why they can't be had.
    async fn after(
        &self,
        channel: ChannelId,
        message: MessageId,
        limit: u16,
    ) -> Result<Vec<Message>, String>;
}

#[async_trait]
impl History for Rest {
    async fn after(
        &self,
        channel: ChannelId,
        message: MessageId,
        limit: u16,
    ) -> Result<Vec<Message>, String> {
        self.messages_after(channel, message, limit)
            .await
            .map_err(|error| error.to_string())
    }
}

/// What of a lost session is still to be made good.
pub(crate) struct Mend {
    history: Arc<dyn History>,
    bus: Arc<dyn EventBus>,
    metrics: Arc<Metrics>,
    /// Unix ms up to which everything is known, while something is to be made good.
    known_until: Option<u64>,
    /// Guilds that the new session has yet to tell of.
    awaited: BTreeSet<GuildId>,
    /// Guilds that it has told of, and whose messages are to be fetched.
    due: VecDeque<GuildId>,
}

impl Mend {
    pub(crate) fn new(
        history: Arc<dyn History>,
        bus: Arc<dyn EventBus>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            history,
            bus,
            metrics,
            known_until: None,
            awaited: BTreeSet::new(),
            due: VecDeque::new(),
        }
    }

    /// A session was taken over from an instance that may not have finished.
    pub(crate) fn taken_over(&mut self, session: &StoredSession, guilds: &Guilds) {
        self.began(session, guilds);
        if session.unmended_since.is_some() {
            let told = guilds.ids().into_iter();
            self.due = told.filter(|guild| !self.awaited.contains(guild)).collect();
        }
    }

    /// A session began: guilds that stand in an earlier one missed something.
    pub(crate) fn began(&mut self, session: &StoredSession, guilds: &Guilds) {
        let missed = |guild: &GuildId| {
            let position = guilds.guild(*guild).and_then(GuildState::position);
            position.is_some_and(|position| position.generation < session.generation)
        };
        self.known_until = session.unmended_since;
        self.awaited = guilds.ids().into_iter().filter(missed).collect();
        self.due.clear();
    }

    /// Unix ms up to which everything is known of the guilds that missed something.
    pub(crate) fn known_until(&self) -> Option<u64> {
        self.known_until
    }

    /// The session has told of a guild.
    pub(crate) fn arrived(&mut self, guild: GuildId) {
        if self.awaited.remove(&guild) {
            self.due.push_back(guild);
        }
    }

    /// The next guild whose messages are to be fetched.
    pub(crate) fn next(&mut self) -> Option<GuildId> {
        self.due.pop_front()
    }

    /// Whether everything has just been made good; true once.
    pub(crate) fn completed(&mut self) -> bool {
        self.awaited.is_empty() && self.due.is_empty() && self.known_until.take().is_some()
    }

    /// What was written in a guild's channels after the last message that is known of each, the
    /// oldest first, in parts that are published at once.
    pub(crate) async fn fetch(&self, guild: GuildId) -> Vec<Vec<Message>> {
        let Some(known) = self.last_messages(guild).await else {
            return Vec::new();
        };
        let deadline = Instant::now() + PATIENCE;
        let mut answers = stream::iter(known)
            .map(|(channel, message)| self.history.after(channel, message, MESSAGES))
            .buffered(CHANNELS_AT_ONCE);
        let (mut fetched, mut channels) = (Vec::new(), 0);
        loop {
            match timeout_at(deadline, answers.next()).await {
                Ok(Some(Ok(messages))) => {
                    self.metrics.fetched("channel", messages.len());
                    channels += 1;
                    fetched.extend(messages);
                }
                Ok(Some(Err(error))) => {
                    self.metrics.fetched("failed", 0);
                    warn!(component = "Gateway", guild_id = %guild, error, "the messages of a channel can't be fetched");
                }
                Ok(None) => break,
                Err(_) => {
                    warn!(component = "Gateway", guild_id = %guild, "not all messages could be fetched in time");
                    break;
                }
            }
        }
        fetched.sort_by_key(|message| message.id);
        info!(component = "Gateway", guild_id = %guild, channels, messages = fetched.len(), "Missed messages fetched");
        let mut parts = Vec::new();
        while !fetched.is_empty() {
            let rest = fetched.split_off(fetched.len().min(PART));
            parts.push(std::mem::replace(&mut fetched, rest));
        }
        parts
    }

    /// The latest message of each channel that has any in the retained log; `None` = the bus is closed.
    async fn last_messages(&self, guild: GuildId) -> Option<Vec<(ChannelId, MessageId)>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Id {
            message_id: MessageId,
        }
        let mut outage = Outage::new("the log can't be read");
        let mut last = BTreeMap::new();
        let mut after = EventId::ZERO;
        loop {
            let page = match self.bus.read(guild, after, EventId::MAX, PAGE).await {
                Ok(page) => page,
                Err(BusError::Closed) => return None,
                Err(error) => {
                    outage.wait(&error).await;
                    continue;
                }
            };
            for entry in &page.entries {
                after = entry.id;
                if let Body::Event(envelope) = &entry.body
                    && envelope.event == EventKind::MessageCreated
                    && let Some(channel) = envelope.channel_id
                    && let Ok(id) = serde_json::from_str::<Id>(envelope.payload.get())
                {
                    let latest = last.entry(channel).or_insert(id.message_id);
                    *latest = id.message_id.max(*latest);
                }
            }
            if !page.more || page.entries.is_empty() {
                break;
            }
        }
        let mut last: Vec<_> = last.into_iter().collect();
        last.sort_by_key(|(_, message)| std::cmp::Reverse(*message));
        last.truncate(CHANNELS);
        Some(last)
    }
}

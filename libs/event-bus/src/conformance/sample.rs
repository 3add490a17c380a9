use std::sync::Arc;

use contracts::{
    ChannelId, EventId, GuildId, MessageId, UserId,
    envelope::Unpublished,
    event::{
        Attachment, Author as MessageAuthor, Event, MessageCreated, MessageUpdated, RoomCreated,
        TypingStarted,
    },
    state::Guild,
};

use super::DEADLINE;
use crate::{
    Batch, Change, Delivery, Entry, EventBus, NewEntry, Outcome, Position, StateOp, Subscription,
};

/// Publishes in one guild, with the positions that a gateway would give.
pub struct Author {
    /// Where it publishes.
    pub bus: Arc<dyn EventBus>,
    /// Its guild.
    pub guild: GuildId,
    /// The position of its latest change.
    pub position: Option<Position>,
    seq: u64,
}

impl Author {
    /// An author of this guild that has published nothing.
    pub fn new(bus: &Arc<dyn EventBus>, guild: u64) -> Self {
        Self {
            bus: Arc::clone(bus),
            guild: GuildId::new(guild),
            position: None,
            seq: 0,
        }
    }

    /// An author whose guild is stored, with nothing but its facts.
    pub async fn seeded(bus: &Arc<dyn EventBus>, guild: u64) -> Self {
        let mut author = Self::new(bus, guild);
        author.reseed(vec![]).await;
        author
    }

    /// The guild's facts.
    pub fn facts(&self) -> Guild {
        Guild {
            id: self.guild,
            name: format!("guild {}", self.guild),
            icon: None,
            owner_id: UserId::new(9),
            unavailable: false,
            members_since: Some(7),
        }
    }

    /// The next change, not yet published.
    pub fn change(&mut self, entries: Vec<NewEntry>) -> Change {
        self.seq += 1;
        let position = Position {
            generation: 3,
            seq: self.seq,
            part: 0,
        };
        let previous = self.position.replace(position);
        Change {
            guild: self.guild,
            previous,
            position,
            reseed: false,
            state: vec![],
            entries,
            redact: vec![],
            ids: vec![],
        }
    }

    /// Writes the guild anew.
    pub async fn reseed(&mut self, entries: Vec<NewEntry>) -> Vec<EventId> {
        let mut change = self.change(entries);
        change.reseed = true;
        change.state = vec![StateOp::SetGuild(self.facts())];
        self.apply(change).await
    }

    /// Publishes these entries as one change; their ids.
    pub async fn publish(&mut self, entries: Vec<NewEntry>) -> Vec<EventId> {
        let change = self.change(entries);
        self.apply(change).await
    }

    /// Publishes a change of the state.
    pub async fn set(&mut self, state: Vec<StateOp>) -> Vec<EventId> {
        let mut change = self.change(vec![]);
        change.state = state;
        self.apply(change).await
    }

    /// Publishes the deletion of a message.
    pub async fn redact(&mut self, message: u64) -> Vec<EventId> {
        let mut change = self.change(vec![event(self.guild, "deleted")]);
        change.redact = vec![MessageId::new(message)];
        self.apply(change).await
    }

    /// Publishes one change, which must be applied.
    pub async fn apply(&self, change: Change) -> Vec<EventId> {
        match self.outcome(change).await {
            Outcome::Applied(ids) => ids,
            other => panic!("not applied: {other:?}"),
        }
    }

    /// Publishes one change; what became of it.
    pub async fn outcome(&self, change: Change) -> Outcome {
        let batch = Batch::of(vec![change]);
        let mut outcomes = self.bus.publish(&batch).await.expect("the bus answers");
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }
}

fn unpublished(guild: GuildId, event: &Event) -> NewEntry {
    let event = Unpublished::new(guild, event, 1_700_000_000_000, None);
    NewEntry::Event(event.expect("events serialize"))
}

/// An event without any text of a message.
pub fn event(guild: GuildId, name: &str) -> NewEntry {
    let created = RoomCreated {
        guild_id: guild,
        channel_id: ChannelId::new(5),
        name: name.to_owned(),
        parent_id: None,
        user_limit: 0,
    };
    unpublished(guild, &Event::RoomCreated(created))
}

fn sender() -> MessageAuthor {
    MessageAuthor {
        user_id: UserId::new(9),
        username: "nelly".to_owned(),
        display_name: "Nelly \u{1f98a}".to_owned(),
        avatar: None,
        avatar_url: "https://cdn.example/a.png".to_owned(),
        bot: false,
        on_behalf_of: None,
    }
}

fn file(text: &str) -> Attachment {
    Attachment {
        id: "1".to_owned(),
        filename: format!("{text}.txt"),
        content_type: None,
        size: 3,
        url: format!("https://cdn.example/{text}"),
    }
}

/// A message.
pub fn message(guild: GuildId, id: u64, text: &str) -> NewEntry {
    let created = MessageCreated {
        guild_id: guild,
        channel_id: ChannelId::new(5),
        message_id: MessageId::new(id),
        author: sender(),
        content: Some(text.to_owned()),
        attachments: vec![file(text)],
        created_at: 1,
        reply_to: Some(MessageId::new(77)),
    };
    unpublished(guild, &Event::MessageCreated(created))
}

/// A later version of a message.
pub fn edited(guild: GuildId, id: u64, text: &str) -> NewEntry {
    let updated = MessageUpdated {
        guild_id: guild,
        channel_id: ChannelId::new(5),
        message_id: MessageId::new(id),
        author: sender(),
        content: Some(text.to_owned()),
        attachments: vec![file(text)],
        created_at: 1,
        edited_at: Some(2),
    };
    unpublished(guild, &Event::MessageUpdated(updated))
}

/// Somebody types.
pub(super) fn typing(guild: GuildId) -> NewEntry {
    let typing = TypingStarted {
        guild_id: guild,
        channel_id: ChannelId::new(5),
        user_id: UserId::new(9),
        ts: 1,
    };
    unpublished(guild, &Event::TypingStarted(typing))
}

/// All that the log of a guild holds.
pub async fn entries(bus: &dyn EventBus, guild: GuildId) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map_or(EventId::ZERO, |entry| entry.id);
        let page = bus
            .read(guild, after, EventId::MAX, 1_000)
            .await
            .expect("the bus answers");
        all.extend(page.entries);
        if !page.more {
            return all;
        }
    }
}

/// The next delivery, within the deadline.
pub async fn next(subscription: &mut Subscription) -> Delivery {
    let next = tokio::time::timeout(DEADLINE, subscription.next()).await;
    next.expect("a delivery in time").expect("the bus is open")
}

/// The ids of the first `count` entries after `after` that a receiver sees, who reads the log where it is told to; and
/// how often it was.
pub async fn follow(
    bus: &dyn EventBus,
    subscription: &mut Subscription,
    guild: GuildId,
    after: EventId,
    count: usize,
) -> (Vec<EventId>, usize) {
    let (mut seen, mut last, mut interruptions) = (Vec::with_capacity(count), after, 0);
    while seen.len() < count {
        match next(subscription).await {
            Delivery::Entry(entry) => {
                if entry.id > last {
                    assert_eq!(entry.previous, last, "the chain is whole");
                    last = entry.id;
                    seen.push(last);
                }
            }
            Delivery::Tick(_) | Delivery::Signal(_) => {}
            Delivery::Interrupted => {
                interruptions += 1;
                let upto = bus.clock().await.expect("the bus answers");
                loop {
                    let page = bus
                        .read(guild, last, upto, 1_000)
                        .await
                        .expect("the bus answers");
                    assert!(
                        page.floor.is_some_and(|floor| floor <= last),
                        "nothing is trimmed"
                    );
                    seen.extend(page.entries.iter().map(|entry| entry.id));
                    last = seen.last().copied().unwrap_or(last);
                    if !page.more {
                        break;
                    }
                }
            }
        }
    }
    (seen, interruptions)
}

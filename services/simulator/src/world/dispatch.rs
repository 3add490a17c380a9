//! What happened, as the Gateway will tell it.

use serde_json::Value;

use super::{Id, World};
use crate::gateway::intents;

/// One event on its way to the sessions.
#[derive(Debug, Clone)]
pub(crate) struct Dispatch {
    /// The event's name (`t`).
    pub(crate) kind: &'static str,
    /// The guild it belongs to; without one it goes to shard 0 only.
    pub(crate) guild: Option<Id>,
    /// The intents of which a session needs one; 0 = it is sent without any.
    pub(crate) intents: u64,
    pub(crate) body: Body,
}

/// The event's data (`d`).
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// The same for every session.
    Plain(Value),
    /// A message, and what a session without the intent `MESSAGE_CONTENT` gets of it.
    Message { full: Value, blank: Value },
    /// The guild as it is now: what it contains depends on the session's intents.
    Guild(Id),
}

impl World {
    /// Queues an event of a guild, if the bot is there to hear it.
    pub(super) fn tell(&mut self, kind: &'static str, guild: Id, data: Value) {
        self.tell_as(kind, guild, intents::of(kind), Body::Plain(data));
    }

    /// Queues an event with other intents or another body than usual.
    pub(super) fn tell_as(&mut self, kind: &'static str, guild: Id, intents: u64, body: Body) {
        let heard = self
            .guilds
            .get(&guild)
            .is_some_and(|guild| guild.available && guild.members.contains_key(&self.bot));
        if heard {
            self.outbox.push(Dispatch {
                kind,
                guild: Some(guild),
                intents,
                body,
            });
        }
    }

    /// Queues an event that is told even of a guild that is out of reach.
    pub(super) fn tell_always(&mut self, kind: &'static str, guild: Option<Id>, body: Body) {
        self.outbox.push(Dispatch {
            kind,
            guild,
            intents: intents::of(kind),
            body,
        });
    }

    /// Queues an event of a channel, if the bot can view that channel.
    pub(super) fn tell_in(&mut self, kind: &'static str, guild: Id, channel: Id, data: Value) {
        if self.bot_views(guild, channel) {
            self.tell(kind, guild, data);
        }
    }
}

impl World {
    /// Queues an event that concerns the bot itself and needs no intent.
    pub(crate) fn tell_bot(&mut self, kind: &'static str, guild: Id, body: Body) {
        self.tell_as(kind, guild, 0, body);
    }
}

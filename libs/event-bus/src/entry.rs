use contracts::{Envelope, EventId, GuildId, state::AudienceChange};

use crate::Position;

/// One entry of a guild's log, as it is delivered live and read from the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The guild.
    pub guild: GuildId,
    /// Its id. A live-only event has the id of the entry before it.
    pub id: EventId,
    /// The id of the entry before it in this guild; [`EventId::ZERO`] for the first.
    pub previous: EventId,
    /// The position of the change that it belongs to.
    pub position: Position,
    /// What it says.
    pub body: Body,
}

/// What an entry says.
#[derive(Debug, Clone)]
pub enum Body {
    /// For browsers.
    Event(Envelope),
    /// For the replica: who may see what changed.
    Audience(AudienceChange),
    /// The guild was written anew: the picture and every cursor before this entry are void.
    Reseed,
}

impl Entry {
    /// Whether it is kept in the log.
    pub fn logged(&self) -> bool {
        !matches!(&self.body, Body::Event(envelope) if envelope.event.live_only())
    }
}

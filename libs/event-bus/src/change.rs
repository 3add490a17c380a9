use contracts::{
    ChannelId, EventId, GuildId, MessageId, RoleId, UserId,
    envelope::Unpublished,
    state::{AudienceChange, Channel, Guild, Member, Role, Voice},
};

use crate::{Fence, Position};

/// What one or more dispatches of a shard change, in the order in which Discord sent them.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Who publishes; `None` = nobody else can (one process), so nothing is checked.
    pub fence: Option<Fence>,
    /// The changes; [`Batch::LIMIT`] at most, so that nobody else waits long. (More are applied too, whole as always.)
    pub changes: Vec<Change>,
}

impl Batch {
    /// The most changes that one batch should carry.
    pub const LIMIT: usize = 64;

    /// Changes that nobody else could publish.
    pub fn of(changes: Vec<Change>) -> Self {
        Self {
            fence: None,
            changes,
        }
    }
}

/// What one dispatch changes in one guild: applied whole or not at all.
#[derive(Debug, Clone)]
pub struct Change {
    /// The guild.
    pub guild: GuildId,
    /// The guild's position before; `None` only together with `reseed`.
    pub previous: Option<Position>,
    /// The guild's position after.
    pub position: Position,
    /// The stored state is unknown or untrusted: forget it and what the log holds, write `state` as all there is, raise
    /// the floor, and tell the subscribers ([`crate::Body::Reseed`]). `previous` is not looked at.
    pub reseed: bool,
    /// Changes of the stored state.
    pub state: Vec<StateOp>,
    /// What is appended to the log and sent to subscribers, in this order.
    pub entries: Vec<NewEntry>,
    /// Messages whose text must be gone from the log: their `content` becomes null and their attachments vanish.
    pub redact: Vec<MessageId>,
    /// The ids that an earlier publication gave to the entries, one for each, where the bus may have forgotten it (a
    /// fail-over to a replica that lagged behind); empty = draw them. An id that is not above the clock and above the
    /// guild's entries any more is replaced, and the guild's floor rises to the new one: whoever was told the old one can't
    /// go on from it. So what is run again goes in the order of the ids, over all guilds, before anything new. Not looked at
    /// with `reseed`, which voids every earlier id.
    pub ids: Vec<EventId>,
}

/// A change of the stored state of a guild.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant names what it sets or removes")]
pub enum StateOp {
    SetGuild(Guild),
    SetChannel(Channel),
    RemoveChannel(ChannelId),
    SetRole(Role),
    RemoveRole(RoleId),
    SetVoice(Voice),
    RemoveVoice(UserId),
    SetMember(Member),
    RemoveMember(UserId),
    /// The bot is no longer in the guild: its state goes, its log stays for the retention.
    RemoveGuild,
}

/// An entry that waits for its id.
#[derive(Debug, Clone)]
pub enum NewEntry {
    /// For browsers.
    Event(Unpublished),
    /// For replicas only: who may see what changed.
    Audience(AudienceChange),
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Applied; the ids of its entries. A live-only event has the id of its predecessor. A `message.created` whose message
    /// already has one in the guild's log is left out and has the id of that one: a back-fill and the dispatch may both
    /// bring it. (A `message.updated` alone leaves nothing out: it does not tell who wrote what first.)
    Applied(Vec<EventId>),
    /// The guild's position is not before the change's: it was applied earlier.
    Duplicate,
    /// The guild's position is not the one the change builds on; nothing was written.
    Behind {
        /// The position that is stored; `None` = the guild is not stored.
        stored: Option<Position>,
    },
}

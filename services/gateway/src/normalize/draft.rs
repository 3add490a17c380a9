use std::collections::BTreeMap;

use contracts::{Event, GuildId, MessageId, UserId, envelope::Unpublished, state::AudienceChange};
use discord::model;
use event_bus::{Change, NewEntry, StateOp};

use super::{Context, Moment, Rules};
use crate::state::GuildState;

/// A change of one guild while it is being made.
pub(super) struct Draft<'a> {
    pub(super) state: &'a mut GuildState,
    context: Context<'a>,
    at: Moment,
    ops: Vec<StateOp>,
    entries: Vec<NewEntry>,
    redact: Vec<MessageId>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(state: &'a mut GuildState, context: Context<'a>, at: Moment) -> Self {
        Self {
            state,
            context,
            at,
            ops: Vec::new(),
            entries: Vec::new(),
            redact: Vec::new(),
        }
    }

    pub(super) fn guild_id(&self) -> GuildId {
        self.state.guild().id
    }

    pub(super) fn rules(&self) -> &'a Rules {
        self.context.rules
    }

    /// A member that was asked for on behalf of this dispatch.
    pub(super) fn asked(&self, user: UserId) -> Option<&'a model::Member> {
        self.context.names.get(&user)
    }

    /// In whose name messages were posted.
    pub(super) fn behalves(&self) -> &'a BTreeMap<MessageId, UserId> {
        self.context.behalves
    }

    /// Unix ms when the dispatch came.
    pub(super) fn received_at(&self) -> u64 {
        self.at.received_at
    }

    /// Unix ms from which on events may be missing: the guild still stands in an earlier session.
    pub(super) fn missed_since(&self) -> Option<u64> {
        let stands = self.state.position?;
        let lost = stands.generation < self.context.generation;
        lost.then(|| self.context.known_until.unwrap_or(self.state.told_until))
    }

    /// Changes the state, in memory and in the store. One member too many is forgotten: that comes with somebody new, and with
    /// somebody who has left a room.
    pub(super) fn store(&mut self, op: StateOp) {
        self.state.apply(&op);
        self.ops.push(op);
        while let Some(user) = self.state.surplus_member() {
            self.state.members_complete = false;
            self.state.apply(&StateOp::RemoveMember(user));
            self.ops.push(StateOp::RemoveMember(user));
        }
    }

    /// Tells browsers.
    pub(super) fn tell(&mut self, event: &Event) {
        let envelope = Unpublished::new(self.guild_id(), event, self.at.received_at, None)
            .expect("events are plain JSON: text keys, no maps of other types");
        self.entries.push(NewEntry::Event(envelope));
    }

    /// Tells replicas who may see what.
    pub(super) fn audience(&mut self, change: AudienceChange) {
        self.entries.push(NewEntry::Audience(change));
    }

    /// Takes a message's text out of the log.
    pub(super) fn redact(&mut self, message: MessageId) {
        self.redact.push(message);
    }

    /// The change; `None` if nothing changed: the guild's position then stays where it is, and the
    /// next change builds on the last one that was published.
    pub(super) fn seal(self) -> Option<Change> {
        if self.ops.is_empty() && self.entries.is_empty() && self.redact.is_empty() {
            return None;
        }
        let previous = self.state.position.replace(self.at.position);
        Some(Change {
            guild: self.guild_id(),
            previous,
            position: self.at.position,
            reseed: false,
            state: self.ops,
            entries: self.entries,
            redact: self.redact,
            ids: Vec::new(),
        })
    }

    /// The guild as it is now, written whole and told to nobody: the store knew nothing of it.
    pub(super) fn seal_whole(self) -> Change {
        self.state.position = Some(self.at.position);
        reseed(self.state, self.at.position)
    }
}

/// A change that writes a guild whole as of a position.
pub(crate) fn reseed(state: &GuildState, position: event_bus::Position) -> Change {
    Change {
        guild: state.guild().id,
        previous: None,
        position,
        reseed: true,
        state: state.whole(),
        entries: Vec::new(),
        redact: Vec::new(),
        ids: Vec::new(),
    }
}

use std::collections::{BTreeMap, VecDeque};

use contracts::{
    ChannelId, EventId, EventKind, GuildId, MessageId, RoleId, UserId,
    envelope::Unpublished,
    state::{Channel, Guild, Member, Role, Voice},
};

use crate::{
    Body, Change, Entry, GONE_LIMIT, GuildCut, LogPage, NewEntry, PAGE_LIMIT, Position, Retention,
    StateOp, StoredGuild, redaction,
};

/// One guild: its state, its log and its position.
pub(super) struct GuildLog {
    id: GuildId,
    position: Position,
    last: EventId,
    floor: EventId,
    log: VecDeque<Entry>,
    /// The entries that hold text of a message.
    texts: BTreeMap<MessageId, Vec<EventId>>,
    facts: Option<Guild>,
    channels: BTreeMap<ChannelId, Channel>,
    roles: BTreeMap<RoleId, Role>,
    voice: BTreeMap<UserId, Voice>,
    members: BTreeMap<UserId, Member>,
    /// Removed channels, and when (Unix ms).
    gone: VecDeque<(u64, Channel)>,
}

impl GuildLog {
    pub(super) fn new(id: GuildId) -> Self {
        Self {
            id,
            position: Position {
                generation: 0,
                seq: 0,
                part: 0,
            },
            last: EventId::ZERO,
            floor: EventId::ZERO,
            log: VecDeque::new(),
            texts: BTreeMap::new(),
            facts: None,
            channels: BTreeMap::new(),
            roles: BTreeMap::new(),
            voice: BTreeMap::new(),
            members: BTreeMap::new(),
            gone: VecDeque::new(),
        }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn facts(&self) -> Option<&Guild> {
        self.facts.as_ref()
    }

    /// Applies a change whose position was checked; the ids of its entries. `clock` is moved on from time `now`.
    pub(super) fn apply(
        &mut self,
        change: &Change,
        clock: &mut EventId,
        now: u64,
        mut deliver: impl FnMut(&Entry),
    ) -> Vec<EventId> {
        self.position = change.position;
        if change.reseed {
            self.forget();
            *clock = clock.tick(now);
            self.floor = *clock;
            deliver(self.append(*clock, Body::Reseed));
        }
        for op in &change.state {
            self.set(op.clone(), now);
        }
        let mut ids = Vec::with_capacity(change.entries.len());
        for (index, new) in change.entries.iter().enumerate() {
            let kept = match new {
                NewEntry::Event(event) if event.event.live_only() => {
                    let body = Body::Event(event.clone().publish(self.last));
                    deliver(&self.entry(self.last, body));
                    Some(self.last)
                }
                NewEntry::Event(event) => self.creation_of_same(event),
                NewEntry::Audience(_) => None,
            };
            if let Some(id) = kept {
                ids.push(id);
                continue;
            }
            let given = change.ids.get(index).filter(|_| !change.reseed);
            let id = self.id_of(given.copied(), clock, now);
            let body = match new {
                NewEntry::Event(event) => {
                    if let Some(text) = redaction::text_of(event.event, &event.payload) {
                        self.texts.entry(text.message).or_default().push(id);
                    }
                    Body::Event(event.clone().publish(id))
                }
                NewEntry::Audience(change) => Body::Audience(change.clone()),
            };
            deliver(self.append(id, body));
            ids.push(id);
        }
        for message in &change.redact {
            self.redact(*message);
        }
        ids
    }

    /// The id of the next entry: the one that was given if it still is above all others.
    fn id_of(&mut self, given: Option<EventId>, clock: &mut EventId, now: u64) -> EventId {
        *clock = match given {
            Some(id) if id > *clock && id > self.last => id,
            Some(_) => {
                self.floor = clock.tick(now);
                self.floor
            }
            None => clock.tick(now),
        };
        *clock
    }

    /// The entry that already tells the creation of the message that `event` tells.
    fn creation_of_same(&self, event: &Unpublished) -> Option<EventId> {
        if event.event != EventKind::MessageCreated {
            return None;
        }
        let text = redaction::text_of(event.event, &event.payload)?;
        let mut known = self.texts.get(&text.message)?.iter().copied();
        known.find(|id| {
            let entry = self.index(*id).map(|index| &self.log[index].body);
            matches!(entry, Some(Body::Event(known)) if known.event == event.event)
        })
    }

    fn index(&self, id: EventId) -> Option<usize> {
        self.log.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    fn entry(&self, id: EventId, body: Body) -> Entry {
        Entry {
            guild: self.id,
            id,
            previous: self.last,
            position: self.position,
            body,
        }
    }

    fn append(&mut self, id: EventId, body: Body) -> &Entry {
        self.log.push_back(self.entry(id, body));
        self.last = id;
        &self.log[self.log.len() - 1]
    }

    fn forget(&mut self) {
        self.log.clear();
        self.texts.clear();
        self.remove_state();
    }

    fn remove_state(&mut self) {
        self.facts = None;
        self.channels.clear();
        self.roles.clear();
        self.voice.clear();
        self.members.clear();
        self.gone.clear();
    }

    /// Removes a channel and remembers it: the log still tells of it.
    fn bury(&mut self, id: ChannelId, now: u64) {
        if let Some(was) = self.channels.remove(&id) {
            self.gone.retain(|(_, gone)| *gone != was);
            self.gone.push_back((now, was));
            if self.gone.len() > GONE_LIMIT {
                self.gone.pop_front();
            }
        }
    }

    fn set(&mut self, op: StateOp, now: u64) {
        match op {
            StateOp::SetGuild(guild) => self.facts = Some(guild),
            StateOp::SetChannel(channel) => drop(self.channels.insert(channel.id, channel)),
            StateOp::RemoveChannel(id) => self.bury(id, now),
            StateOp::SetRole(role) => drop(self.roles.insert(role.id, role)),
            StateOp::RemoveRole(id) => drop(self.roles.remove(&id)),
            StateOp::SetVoice(voice) => drop(self.voice.insert(voice.user_id, voice)),
            StateOp::RemoveVoice(id) => drop(self.voice.remove(&id)),
            StateOp::SetMember(member) => drop(self.members.insert(member.user_id, member)),
            StateOp::RemoveMember(id) => drop(self.members.remove(&id)),
            StateOp::RemoveGuild => self.remove_state(),
        }
    }

    fn redact(&mut self, message: MessageId) {
        let ids = self.texts.get(&message).cloned().unwrap_or_default();
        for id in &ids {
            let Some(index) = self.index(*id) else {
                continue;
            };
            if let Body::Event(envelope) = &mut self.log[index].body
                && let Some(text) = redaction::text_of(envelope.event, &envelope.payload)
            {
                envelope.payload = redaction::blank(&envelope.payload, &text.spans);
            }
        }
    }

    /// Drops what is beyond the retention and raises the floor.
    pub(super) fn trim(&mut self, now: u64, retention: Retention) {
        let oldest = now.saturating_sub(retention.age.as_millis() as u64);
        while let Some(first) = self.log.front() {
            if self.log.len() as u64 <= retention.entries && first.id.ms >= oldest {
                break;
            }
            self.floor = self.floor.max(first.id);
            if let Body::Event(envelope) = &first.body
                && let Some(text) = redaction::text_of(envelope.event, &envelope.payload)
                && let Some(ids) = self.texts.get_mut(&text.message)
            {
                ids.retain(|id| *id != first.id);
                if ids.is_empty() {
                    self.texts.remove(&text.message);
                }
            }
            self.log.pop_front();
        }
        while self.gone.front().is_some_and(|(at, _)| *at < oldest) {
            self.gone.pop_front();
        }
    }

    pub(super) fn read(&self, after: EventId, upto: EventId, limit: usize) -> LogPage {
        let start = self.log.partition_point(|entry| entry.id <= after);
        let end = self
            .log
            .partition_point(|entry| entry.id <= upto)
            .max(start);
        let count = (end - start).min(limit).min(PAGE_LIMIT);
        LogPage {
            entries: self.log.range(start..start + count).cloned().collect(),
            floor: Some(self.floor),
            more: start + count < end,
        }
    }

    pub(super) fn cut(&self) -> Option<GuildCut> {
        Some(GuildCut {
            last: self.last,
            floor: self.floor,
            position: self.position,
            state: StoredGuild {
                guild: self.facts.clone()?,
                channels: self.channels.values().cloned().collect(),
                roles: self.roles.values().cloned().collect(),
                voice: self.voice.values().cloned().collect(),
                members: self.members.values().cloned().collect(),
            },
            gone: self.gone.iter().map(|(_, gone)| gone.clone()).collect(),
        })
    }
}

use std::time::Instant;

use contracts::{
    EventId, EventKind, MessageId,
    state::{AudienceChange, Changed},
};
use event_bus::{Body, Entry};
use serde::Deserialize;
use tracing::debug;

use super::{
    Mask,
    admit::Woken,
    audience::{Mark, Reach, Telling, Whom},
    fan_out::{self, FanOut},
    feed::Feed,
    frame::{Block, Frame},
    line::Followed,
    ring::{RING_ENTRIES, Ring},
};

/// The message that an event is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    message_id: MessageId,
}

/// Where what is appended goes.
pub(crate) struct Outlet<'a> {
    /// The latest arrival number.
    pub(crate) order: &'a mut u64,
    /// Bytes that the ring may hold.
    pub(crate) limit: usize,
    pub(crate) woken: &'a mut Woken,
}

impl Followed {
    /// Moves the guild on by its next entry: the picture first, then what browsers may see of it goes into the ring.
    pub(crate) fn apply(&mut self, entry: Entry, mut outlet: Outlet<'_>) {
        if entry.logged() {
            self.chain.step(&entry);
        } else {
            self.chain.pass(&entry);
        }
        match entry.body {
            Body::Event(envelope) => {
                let received = fan_out::receive(&envelope, entry.id);
                let kind = envelope.event;
                let message = about(kind, envelope.payload.get());
                let mut ring = self.feed.ring.write();
                if let (EventKind::MessageDeleted, Some(message)) = (kind, message) {
                    ring.redact(message);
                }
                self.picture.absorb(&envelope);
                let channel = envelope.channel_id;
                if channel.is_some_and(|channel| self.picture.channel_or_gone(channel).is_none()) {
                    return; // Of an unknown channel nobody may see anything.
                }
                let whom = match (kind, channel) {
                    (EventKind::RoomDeleted, Some(room)) => {
                        ring.audience.mark(Mark::new(*outlet.order, entry.id));
                        Whom::Classes(ring.audience.classes_that_view(room))
                    }
                    _ => Whom::Everybody,
                };
                debug!(component = "WS", event = %kind, guild_id = %envelope.guild_id, id = %entry.id,
                    trace = envelope.trace.as_deref(), "Broadcasting {kind} to guild {}", envelope.guild_id);
                *outlet.order += 1;
                // A live-only event shares its id with an entry of which nothing may be known to the cursor.
                let id = (!kind.live_only()).then_some(entry.id);
                let block = Block::encode(kind.name(), id, envelope.payload.get()).at(envelope.ts);
                let fan_out = FanOut::begin(&received, block.len());
                let frame = Frame {
                    id: entry.id,
                    ts: envelope.ts,
                    appended: Instant::now(),
                    reach: Reach {
                        order: *outlet.order,
                        mask: Mask::of(kind),
                        channel,
                        whom,
                    },
                    message: message.filter(|_| holds_text(kind)),
                    block: block.traced(fan_out),
                };
                append(&self.feed, &mut ring, frame, &mut outlet);
            }
            Body::Audience(change) => {
                let noted = change.clone();
                let members_since = self.picture.members_since();
                let effect = self.picture.change(change, entry.id);
                if effect.shifts || effect.member.is_some() || makes_room(&noted) {
                    self.journal.note(entry.id, noted);
                }
                let mut ring = self.feed.ring.write();
                if self.picture.members_since() != members_since {
                    // Of who was waited for, nothing may be told any more.
                    self.feed.look_here(&ring.audience.absent());
                }
                let mark = Mark::new(*outlet.order, entry.id);
                let tellings = ring.audience.follow(&self.picture, &effect, mark);
                if let Some((user, facts)) = &effect.member {
                    self.expiry = self.expiry.min(facts.timed_out_until.unwrap_or(u64::MAX));
                    if !facts.member {
                        self.feed.look_again(*user);
                    }
                }
                announce(
                    &self.feed,
                    &mut ring,
                    &tellings,
                    (entry.id, true),
                    &mut outlet,
                );
            }
            // The follow loop reads the guild anew; see `reload`.
            Body::Reseed => {}
        }
    }

    /// Brings into force what is known of people by now and ends the time-outs that are over, at an id up to which everything
    /// has arrived. No block carries it: an entry may have the same.
    pub(crate) fn settle(&mut self, id: EventId, mut outlet: Outlet<'_>) {
        if id < self.chain.last || id < self.cut {
            return;
        }
        let mut ring = self.feed.ring.write();
        let mark = Mark::new(*outlet.order, id);
        let tellings = ring.audience.settle(&self.picture, mark);
        self.unsettled = false;
        self.expiry = ring.audience.next_expiry();
        announce(&self.feed, &mut ring, &tellings, (id, false), &mut outlet);
    }
}

fn append(feed: &std::sync::Arc<Feed>, ring: &mut Ring, frame: Frame, outlet: &mut Outlet<'_>) {
    outlet.woken.add(feed, &frame.reach, frame.block.len());
    if let Some(fan_out) = frame.block.fan_out() {
        outlet.woken.trace(feed, &frame.reach, fan_out);
    }
    ring.push(frame, outlet.limit);
}

/// Appends what somebody is told because of an entry; the last frame of each telling alone carries the id, if one may.
fn announce(
    feed: &std::sync::Arc<Feed>,
    ring: &mut Ring,
    tellings: &[Telling],
    (id, carried): (EventId, bool),
    outlet: &mut Outlet<'_>,
) {
    let count: usize = tellings.iter().map(|telling| telling.events.len()).sum();
    if count > RING_ENTRIES {
        *outlet.order += count as u64;
        ring.skip(id);
        outlet.woken.add_all(feed);
        return;
    }
    for telling in tellings {
        for (index, event) in telling.events.iter().enumerate() {
            *outlet.order += 1;
            let last = carried && index + 1 == telling.events.len();
            let Some(block) = Block::of_event(event, last.then_some(id)) else {
                continue;
            };
            let reach = Reach {
                order: *outlet.order,
                mask: Mask::of(event.kind()),
                channel: event.audience(),
                whom: telling.whom.clone(),
            };
            let frame = Frame {
                id,
                ts: 0,
                appended: Instant::now(),
                reach,
                message: None,
                block: block.at(id.ms),
            };
            append(feed, ring, frame, outlet);
        }
    }
}

/// That there was no such room before is for those to know who are still to be told what came into sight.
fn makes_room(change: &AudienceChange) -> bool {
    matches!(change, AudienceChange::Channel(Changed { now, was: None }) if now.is_room())
}

fn about(kind: EventKind, payload: &str) -> Option<MessageId> {
    let concerned = holds_text(kind) || kind == EventKind::MessageDeleted;
    let about = concerned.then(|| serde_json::from_str::<About>(payload).ok())?;
    about.map(|about| about.message_id)
}

fn holds_text(kind: EventKind) -> bool {
    matches!(kind, EventKind::MessageCreated | EventKind::MessageUpdated)
}

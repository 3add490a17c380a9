//! Making up one act after the other.

mod people;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use super::{Kind, Sequence};
use crate::world::{Channel, Guild, Id, Message, World, kind, permissions as p};

/// How the sequence's own channels are called, with a number behind.
const ROOM: &str = "room ";
const TALK: &str = "talk-";

/// Most channels of its own per guild.
const OWN_CHANNELS: usize = 8;

/// How many of the newest messages of a channel are reacted to, edited and deleted.
const NEWEST: usize = 20;

const EMOJI: [&str; 5] = ["🔥", "👍", "☕", "🎉", "😂"];

/// An act and what it is about.
type Act = (&'static str, Map<String, Value>);

/// Chooses by nothing but the seed, the number and the world.
pub(super) struct Plan {
    rng: StdRng,
    guilds: Vec<Id>,
    kinds: Vec<Kind>,
    outcasts: Vec<Id>,
    /// Who was kicked, and from where.
    exiles: Vec<(Id, Id)>,
    mark: Option<String>,
}

impl Plan {
    pub(super) fn new(sequence: &Sequence) -> Self {
        Self {
            rng: StdRng::seed_from_u64(sequence.seed),
            guilds: sequence.guilds.clone(),
            kinds: sequence.kinds.clone(),
            outcasts: sequence.outcasts.clone(),
            exiles: Vec::new(),
            mark: sequence.mark.clone(),
        }
    }

    /// The text of a message.
    fn text(&self, number: u64) -> String {
        match &self.mark {
            Some(mark) => format!("#{number} {mark}"),
            None => format!("#{number}"),
        }
    }

    /// The next act; of another kind, if the one that was drawn isn't possible now.
    pub(super) fn next(&mut self, world: &World, number: u64) -> Option<Act> {
        let guild = world.guild(*self.guilds.choose(&mut self.rng)?).ok()?;
        let person = |user: &&Id| world.users.get(user).is_some_and(|user| !user.bot);
        let people: Vec<Id> = guild.members.keys().filter(person).copied().collect();
        let user = *people.choose(&mut self.rng)?;
        let drawn = self
            .kinds
            .choose_weighted(&mut self.rng, |kind| kind.weight())
            .copied()
            .ok()?;
        let others: Vec<Kind> = self.kinds.clone();
        let (act, mut fields) =
            std::iter::once(drawn)
                .chain(others)
                .find_map(|kind| match kind {
                    Kind::Members => self.member(guild, &people, user),
                    Kind::Threads => self.whisper(world, guild, user, number),
                    kind => self.one(kind, guild, user, number),
                })?;
        fields["guild"] = json!(guild.id);
        let Value::Object(fields) = fields else {
            return None;
        };
        Some((act, fields))
    }

    fn one(
        &mut self,
        kind: Kind,
        guild: &Guild,
        user: Id,
        number: u64,
    ) -> Option<(&'static str, Value)> {
        match kind {
            Kind::Voice => self.walk(guild, user),
            Kind::Mute => self.mute(guild),
            Kind::Messages => {
                let channel = self.text_channel(guild)?.id;
                let text = self.text(number);
                Some((
                    "message",
                    json!({ "user": user, "channel": channel, "content": text }),
                ))
            }
            Kind::Edits => {
                let (channel, message) = self.message(guild)?;
                let mut fields = json!({ "channel": channel.id, "message": message.id });
                if self.rng.random_bool(0.3) {
                    return Some(("delete-message", fields));
                }
                fields["content"] = json!(format!("{} edited", self.text(number)));
                Some(("edit-message", fields))
            }
            Kind::Reactions => self.react(guild, user),
            Kind::Rooms => self.build(guild, number),
            Kind::Permissions => self.permit(guild),
            Kind::Roles => self.rank(guild, number),
            Kind::Overwrites => self.grant(guild, user),
            Kind::Kicks => self.cast_out(guild),
            Kind::Members | Kind::Threads => None,
        }
    }

    /// Someone comes, goes or moves.
    fn walk(&mut self, guild: &Guild, user: Id) -> Option<(&'static str, Value)> {
        let here = guild.voice.get(&user).map(|voice| voice.channel);
        if here.is_some() && self.rng.random_bool(0.3) {
            return Some(("leave", json!({ "user": user })));
        }
        let elsewhere: Vec<&Channel> = usable(guild)
            .filter(|room| room.kind == kind::VOICE && Some(room.id) != here)
            .collect();
        let room = elsewhere.choose(&mut self.rng)?.id;
        Some(("join", json!({ "user": user, "channel": room })))
    }

    fn mute(&mut self, guild: &Guild) -> Option<(&'static str, Value)> {
        let present: Vec<Id> = guild.voice.keys().copied().collect();
        let user = *present.choose(&mut self.rng)?;
        let muted = !guild.voice.get(&user)?.self_mute;
        Some(("mute", json!({ "user": user, "self_mute": muted })))
    }

    fn react(&mut self, guild: &Guild, user: Id) -> Option<(&'static str, Value)> {
        let (channel, message) = self.message(guild)?;
        let drawn = *EMOJI.choose(&mut self.rng)?;
        let known: Vec<(Id, Value)> = message
            .reactions
            .iter()
            .map(|reaction| (reaction, reaction.emoji.json()["name"].clone()))
            .flat_map(|(reaction, emoji)| {
                let of = move |user: &Id| (*user, emoji.clone());
                reaction.users.iter().map(of)
            })
            .collect();
        let takes_back = self.rng.random_bool(0.4) || known.contains(&(user, json!(drawn)));
        let (act, (user, emoji)) = match known.choose(&mut self.rng).filter(|_| takes_back) {
            Some(known) => ("unreact", known.clone()),
            None => ("react", (user, json!(drawn))),
        };
        Some((
            act,
            json!({ "user": user, "channel": channel.id, "message": message.id, "emoji": emoji }),
        ))
    }

    /// A channel appears, gets another name or goes with everybody in it.
    fn build(&mut self, guild: &Guild, number: u64) -> Option<(&'static str, Value)> {
        let own: Vec<&Channel> = own(guild).collect();
        let draw = self.rng.random_range(0..10);
        if own.is_empty() || (draw < 4 && own.len() < OWN_CHANNELS) {
            let voice = self.rng.random_bool(0.6);
            let (kind, prefix) = if voice {
                ("voice", ROOM)
            } else {
                ("text", TALK)
            };
            let private = self.rng.random_bool(0.25);
            let name = format!("{prefix}{number}");
            return Some((
                "create-channel",
                json!({ "name": name, "type": kind, "private": private, "bot": true }),
            ));
        }
        let channel = *own.choose(&mut self.rng)?;
        if draw < 8 {
            let prefix = if channel.is_voice() { ROOM } else { TALK };
            let name = format!("{prefix}{number}");
            return Some((
                "update-channel",
                json!({ "channel": channel.id, "name": name }),
            ));
        }
        Some(("delete-channel", json!({ "channel": channel.id })))
    }

    /// A channel is hidden from @everyone or shown again; the bot has an overwrite of its own.
    fn permit(&mut self, guild: &Guild) -> Option<(&'static str, Value)> {
        let own: Vec<&Channel> = own(guild).collect();
        let channel = *own.choose(&mut self.rng)?;
        let fields = if is_public(guild, channel) {
            json!({ "channel": channel.id, "deny": (p::VIEW_CHANNEL | p::CONNECT).to_string() })
        } else {
            json!({ "channel": channel.id, "remove": true })
        };
        Some(("overwrite", fields))
    }

    fn text_channel<'a>(&mut self, guild: &'a Guild) -> Option<&'a Channel> {
        let channels: Vec<&Channel> = usable(guild)
            .filter(|channel| channel.kind == kind::TEXT)
            .collect();
        channels.choose(&mut self.rng).copied()
    }

    /// One of the newest messages of a channel.
    fn message<'a>(&mut self, guild: &'a Guild) -> Option<(&'a Channel, &'a Message)> {
        let channel = self.text_channel(guild)?;
        let newest: Vec<&Message> = channel.messages.values().rev().take(NEWEST).collect();
        newest
            .choose(&mut self.rng)
            .map(|message| (channel, *message))
    }
}

/// The channels of the sequence.
fn own(guild: &Guild) -> impl Iterator<Item = &Channel> {
    guild.channels.values().filter(|channel| is_own(channel))
}

fn is_own(channel: &Channel) -> bool {
    channel.name.starts_with(ROOM) || channel.name.starts_with(TALK)
}

/// The channels where something happens: those of everybody, and its own.
fn usable(guild: &Guild) -> impl Iterator<Item = &Channel> {
    guild
        .channels
        .values()
        .filter(|channel| is_own(channel) || is_public(guild, channel))
}

/// Whether no overwrite hides it from @everyone.
fn is_public(guild: &Guild, channel: &Channel) -> bool {
    channel
        .overwrites
        .iter()
        .all(|entry| entry.id != guild.id || entry.deny & p::VIEW_CHANNEL == 0)
}

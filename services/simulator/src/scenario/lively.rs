//! People who come and go, chat and type, the same way for the same seed.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::world::{Channel, Guild, Id, World, kind, permissions};

/// What people say.
const LINES: [&str; 12] = [
    "Anyone up for a round?",
    "Back in five, the kettle is on",
    "That was close!",
    "I like this song",
    "Who is on for tonight?",
    "Good one 😄",
    "Can you hear me now?",
    "Let's move to the Study Nook",
    "Pancakes?",
    "New here, hi everyone",
    "Brb",
    "See you tomorrow",
];

/// Names of rooms that appear for a while.
const ROOMS: [&str; 6] = [
    "Movie Night",
    "Sprint",
    "Late Shift",
    "Language Table",
    "Quiz",
    "Vinyl Hour",
];

const EMOJI: [&str; 5] = ["🔥", "👍", "☕", "🎉", "😂"];

const STATUSES: [&str; 4] = ["online", "idle", "dnd", "offline"];

/// Most rooms that are there at the same time beside those of the seed.
const EXTRA_ROOMS: usize = 3;

/// Makes up one act after the other.
pub(super) struct Lively {
    rng: StdRng,
}

impl Lively {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// The next act in the default guild; `None` if what was thought of isn't possible.
    pub(super) fn next(&mut self, world: &World) -> Option<(&'static str, Map<String, Value>)> {
        let guild = world.guild(world.home).ok()?;
        let person = |user: &&Id| world.users.get(user).is_some_and(|user| !user.bot);
        let people: Vec<Id> = guild.members.keys().filter(person).copied().collect();
        let user = *people.choose(&mut self.rng)?;
        let (act, fields) = match self.rng.random_range(0..100) {
            0..45 => self.walk(guild, user)?,
            45..65 => {
                let channel = *open(guild, kind::TEXT).choose(&mut self.rng)?;
                let text = *LINES.choose(&mut self.rng)?;
                (
                    "message",
                    json!({ "user": user, "channel": channel, "content": text }),
                )
            }
            65..80 => {
                let channel = *open(guild, kind::TEXT).choose(&mut self.rng)?;
                ("type", json!({ "user": user, "channel": channel }))
            }
            80..88 => {
                let channel = *open(guild, kind::TEXT).choose(&mut self.rng)?;
                guild.channels.get(&channel)?.messages.last_key_value()?;
                let emoji = *EMOJI.choose(&mut self.rng)?;
                (
                    "react",
                    json!({ "user": user, "channel": channel, "emoji": emoji }),
                )
            }
            88..93 => {
                let voice: Vec<Id> = guild.voice.keys().copied().collect();
                let user = *voice.choose(&mut self.rng)?;
                let muted = !guild.voice.get(&user)?.self_mute;
                ("mute", json!({ "user": user, "self_mute": muted }))
            }
            93..97 => {
                let status = *STATUSES.choose(&mut self.rng)?;
                ("presence", json!({ "user": user, "status": status }))
            }
            _ => self.build(guild)?,
        };
        let Value::Object(fields) = fields else {
            return None;
        };
        Some((act, fields))
    }

    /// Someone comes, goes or moves.
    fn walk(&mut self, guild: &Guild, user: Id) -> Option<(&'static str, Value)> {
        let here = guild.voice.get(&user).map(|voice| voice.channel);
        if here.is_some() && self.rng.random_bool(0.35) {
            return Some(("leave", json!({ "user": user })));
        }
        let elsewhere: Vec<Id> = open(guild, kind::VOICE)
            .into_iter()
            .filter(|room| Some(*room) != here)
            .collect();
        let room = *elsewhere.choose(&mut self.rng)?;
        Some(("join", json!({ "user": user, "channel": room })))
    }

    /// A room appears, or an empty one goes.
    fn build(&mut self, guild: &Guild) -> Option<(&'static str, Value)> {
        let made = |room: &&Channel| ROOMS.contains(&room.name.as_str());
        let extra: Vec<&Channel> = guild.channels.values().filter(made).collect();
        if extra.len() < EXTRA_ROOMS && self.rng.random_bool(0.6) {
            let is_free = |name: &&str| extra.iter().all(|room| room.name != *name);
            let names: Vec<&str> = ROOMS.into_iter().filter(is_free).collect();
            let name = *names.choose(&mut self.rng)?;
            return Some((
                "create-channel",
                json!({ "name": name, "type": "voice", "parent": "Rooms" }),
            ));
        }
        let is_empty =
            |room: &&&Channel| guild.voice.values().all(|voice| voice.channel != room.id);
        let room = extra.iter().find(is_empty)?;
        Some(("delete-channel", json!({ "channel": room.id })))
    }
}

/// The channels of a kind that everybody can see.
fn open(guild: &Guild, of: u8) -> Vec<Id> {
    let is_open = |channel: &&Channel| {
        channel.kind == of
            && channel
                .overwrites
                .iter()
                .all(|entry| entry.deny & permissions::VIEW_CHANNEL == 0)
    };
    guild
        .channels
        .values()
        .filter(is_open)
        .map(|channel| channel.id)
        .collect()
}

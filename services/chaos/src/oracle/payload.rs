//! Reading what browsers receive.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use parking_lot::Mutex;
use serde_json::Value;

use super::{
    picture::Room,
    told::{Key, Kind, Told},
};

/// What an event of a stream says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Payload {
    /// Something that happened in Discord.
    Told(Told),
    /// The rooms of some guilds.
    Snapshot(Vec<(u64, HashMap<u64, Room>)>),
    /// The stream can't be continued.
    Reset(String),
    /// The stream ends for now.
    Unavailable(String),
    /// Events of this guild are missing.
    Gap(u64),
    /// An event that nobody asked for, or a payload that can't be read.
    Unknown(String),
}

/// Reads payloads, each once: many browsers receive the same bytes.
#[derive(Debug, Default)]
pub(crate) struct Payloads {
    known: Mutex<HashMap<(String, String), Bytes>>,
}

/// What some bytes say, and every id in them.
pub(crate) type Bytes = (Arc<Payload>, Arc<[u64]>);

/// How many digits the ids of a run have.
const DIGITS: std::ops::RangeInclusive<usize> = 17..=20;

/// Everything in a text that looks like an id.
fn ids(text: &str) -> Arc<[u64]> {
    let numbers = text.split(|letter: char| !letter.is_ascii_digit());
    let numbers = numbers.filter(|number| DIGITS.contains(&number.len()));
    let ids: BTreeSet<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
    ids.into_iter().collect()
}

impl Payloads {
    pub(crate) fn read(&self, event: &str, data: &str) -> Bytes {
        let mut known = self.known.lock();
        let key = (event.to_owned(), data.to_owned());
        let read = known.entry(key);
        let read = read.or_insert_with(|| (Arc::new(Payload::read(event, data)), ids(data)));
        read.clone()
    }
}

impl Payload {
    pub(crate) fn read(event: &str, data: &str) -> Self {
        let unknown = || Self::Unknown(format!("{event}: {data}"));
        let Ok(data) = serde_json::from_str::<Value>(data) else {
            return unknown();
        };
        let text = |field: &str| data[field].as_str().map(str::to_owned);
        let read = match event {
            "snapshot" => snapshot(&data).map(Self::Snapshot),
            "reset" => text("reason").map(Self::Reset),
            "unavailable" => text("reason").map(Self::Unavailable),
            "gap" => id(&data["guildId"]).map(Self::Gap),
            name => Kind::named(name)
                .and_then(|kind| told(kind, &data))
                .map(Self::Told),
        };
        read.unwrap_or_else(unknown)
    }
}

/// A snowflake: a string in JSON.
pub(super) fn id(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

/// The flags of a voice state by their names.
pub(super) fn flags(of: &Value, names: [&str; 7]) -> String {
    let set = names.map(|name| if of[name] == true { '1' } else { '0' });
    set.iter().collect()
}

/// The names that browsers know them by.
const FLAGS: [&str; 7] = [
    "mute", "deaf", "selfMute", "selfDeaf", "stream", "video", "suppress",
];

/// An emoji: its id, or itself.
pub(super) fn emoji(of: &Value) -> Option<String> {
    let text = of["id"].as_str().or_else(|| of["name"].as_str());
    text.map(str::to_owned)
}

/// A room's name, category and limit.
pub(super) fn room_detail(name: &str, parent: Option<u64>, limit: u64) -> String {
    format!("{name:?} in {parent:?} for {limit}")
}

fn told(kind: Kind, data: &Value) -> Option<Told> {
    let channel = id(&data["channelId"]);
    let (user, message) = (id(&data["userId"]), id(&data["messageId"]));
    let (channel, subject, detail) = match kind {
        Kind::VoiceJoined => {
            let flags = flags(&data["flags"], FLAGS);
            (
                channel?,
                user?,
                format!("{} {flags}", data["username"].as_str()?),
            )
        }
        Kind::VoiceLeft => {
            if !data["channelId"].is_null() {
                return None;
            }
            let previous = id(&data["previousChannelId"])?;
            (
                previous,
                user?,
                format!("moved {}", data["moved"].as_bool()?),
            )
        }
        Kind::VoiceUpdated => (channel?, user?, flags(&data["flags"], FLAGS)),
        Kind::RoomCreated | Kind::RoomUpdated => {
            let detail = room_detail(
                data["name"].as_str()?,
                id(&data["parentId"]),
                data["userLimit"].as_u64()?,
            );
            (channel?, channel?, detail)
        }
        Kind::RoomDeleted => {
            let access = if data["access"] == true { "access" } else { "" };
            (channel?, channel?, access.to_owned())
        }
        Kind::MessageCreated => (
            channel?,
            message?,
            data["author"]["userId"].as_str()?.to_owned(),
        ),
        Kind::MessageUpdated => (channel?, message?, data["editedAt"].as_u64()?.to_string()),
        Kind::MessageDeleted => (channel?, message?, String::new()),
        Kind::ReactionAdded | Kind::ReactionRemoved => (
            channel?,
            message?,
            format!("{} {}", user?, emoji(&data["emoji"])?),
        ),
        Kind::ReactionCleared => (
            channel?,
            message?,
            emoji(&data["emoji"]).unwrap_or_default(),
        ),
        Kind::TypingStarted => (channel?, user?, String::new()),
        Kind::MemberJoined | Kind::MemberUpdated => {
            let roles = data["roles"].as_array()?.iter();
            let roles: Option<Vec<&str>> = roles.map(Value::as_str).collect();
            (id(&data["guildId"])?, user?, roles?.join(","))
        }
        Kind::MemberLeft => (id(&data["guildId"])?, user?, String::new()),
    };
    let key = Key {
        guild: id(&data["guildId"])?,
        kind,
        channel,
        subject,
        detail,
    };
    let content = data["content"].as_str().map(str::to_owned);
    Some(Told { key, content })
}

fn snapshot(data: &Value) -> Option<Vec<(u64, HashMap<u64, Room>)>> {
    let guilds = data["guilds"].as_array()?.iter();
    guilds
        .map(|guild| {
            let rooms = guild["rooms"].as_array()?.iter();
            let rooms: Option<HashMap<_, _>> = rooms
                .map(|room| Some((id(&room["channelId"])?, one_room(room)?)))
                .collect();
            Some((id(&guild["guildId"])?, rooms?))
        })
        .collect()
}

fn one_room(room: &Value) -> Option<Room> {
    let members = room["members"].as_array()?.iter();
    let members: Option<_> = members
        .map(|member| Some((id(&member["userId"])?, flags(&member["flags"], FLAGS))))
        .collect();
    Some(Room {
        detail: room_detail(
            room["name"].as_str()?,
            id(&room["parentId"]),
            room["userLimit"].as_u64()?,
        ),
        members: members?,
    })
}

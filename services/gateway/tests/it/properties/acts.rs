//! Random dispatches in a small world, so that they meet.

use contracts::GuildId;
use discord::{Event, decode};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The guilds of the small world.
pub(crate) const GUILDS: [GuildId; 2] = [GuildId::new(1 << 30), GuildId::new(2 << 30)];

/// One dispatch.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    t: &'static str,
    d: Value,
}

impl Act {
    /// As it comes from Discord.
    pub(crate) fn event(&self) -> Event {
        decode(self.t, &self.d.to_string())
            .expect(self.t)
            .expect(self.t)
    }
}

/// Sequences that begin with both guilds, mostly.
pub(crate) fn many() -> impl Strategy<Value = Vec<Act>> {
    let begin = GUILDS.map(|guild| snapshot(guild.get()));
    (begin, prop::collection::vec(act(), 1..60)).prop_map(|(begin, mut acts)| {
        acts.splice(0..0, begin);
        acts
    })
}

fn act() -> impl Strategy<Value = Act> {
    let guild = (0..GUILDS.len()).prop_map(|at| GUILDS[at].get());
    guild.prop_flat_map(|guild| {
        prop_oneof![
            12 => voice(guild),
            5 => channel(guild),
            2 => (100..107_u64).prop_map(move |id| of("CHANNEL_DELETE", json!({"id": id.to_string(), "guild_id": guild.to_string(), "type": 2}))),
            4 => member(guild),
            2 => user().prop_map(move |user| of("GUILD_MEMBER_REMOVE", json!({"guild_id": guild.to_string(), "user": {"id": user.to_string(), "username": name(user)}}))),
            4 => message(guild),
            1 => presence(guild),
            2 => snapshot(guild),
            1 => any::<bool>().prop_map(move |outage| of("GUILD_DELETE", json!({"id": guild.to_string(), "unavailable": outage}))),
            1 => prop::sample::subsequence(GUILDS.to_vec(), 0..=2).prop_map(|guilds| ready(&guilds)),
            1 => (500..503_u64, 0..4_u64).prop_map(move |(id, bits)| of("GUILD_ROLE_UPDATE", json!({"guild_id": guild.to_string(), "role": role(id, bits)}))),
            1 => (500..503_u64).prop_map(move |id| of("GUILD_ROLE_DELETE", json!({"guild_id": guild.to_string(), "role_id": id.to_string()}))),
            2 => thread(guild),
            3 => thread_members(guild),
        ]
    })
}

fn of(t: &'static str, d: Value) -> Act {
    Act { t, d }
}

fn user() -> impl Strategy<Value = u64> {
    1..8_u64
}

fn name(user: u64) -> String {
    format!("user{user}")
}

fn face(user: u64, nick: Option<u8>, roles: &[u64]) -> Value {
    let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
    json!({"user": {"id": user.to_string(), "username": name(user)}, "nick": nick.map(|nick| format!("nick{nick}")), "roles": roles})
}

fn role(id: u64, bits: u64) -> Value {
    json!({"id": id.to_string(), "name": "role", "permissions": (bits << 10).to_string()})
}

/// Channels 100 to 106; which are rooms and which are hidden changes all the time.
fn room(guild: Option<u64>) -> impl Strategy<Value = Value> {
    let kind = prop_oneof![6 => Just(2_u64), 1 => Just(13), 1 => Just(0), 1 => Just(4)];
    (100..107_u64, kind, 0..3_u8, prop::bool::weighted(0.2)).prop_map(
        move |(id, kind, name, hidden)| {
            json!({
                "id": id.to_string(), "type": kind, "name": format!("room{name}"),
                "guild_id": guild.map(|guild| guild.to_string()),
                "flags": if hidden { 1_u64 << 17 } else { 0 },
            })
        },
    )
}

fn channel(guild: u64) -> impl Strategy<Value = Act> {
    room(Some(guild)).prop_map(|channel| of("CHANNEL_UPDATE", channel))
}

/// Threads 110, public, and 111 and 112, private.
fn thread(guild: u64) -> impl Strategy<Value = Act> {
    let archived = prop::bool::weighted(0.3);
    (110..113_u64, archived, any::<bool>(), user()).prop_map(
        move |(id, archived, created, owner)| {
            let event = if created {
                "THREAD_CREATE"
            } else {
                "THREAD_UPDATE"
            };
            of(
                event,
                json!({
                    "id": id.to_string(), "guild_id": guild.to_string(),
                    "type": if id == 110 { 11 } else { 12 }, "parent_id": "100", "name": "thread",
                    "owner_id": owner.to_string(), "newly_created": created,
                    "thread_metadata": {"archived": archived},
                }),
            )
        },
    )
}

fn thread_members(guild: u64) -> impl Strategy<Value = Act> {
    let users = || prop::collection::btree_set(user(), 0..3);
    (110..113_u64, users(), users()).prop_map(move |(id, came, went)| {
        let came: Vec<Value> = came
            .iter()
            .map(|user| json!({"id": id.to_string(), "user_id": user.to_string(), "flags": 0}))
            .collect();
        let went: Vec<String> = went.iter().map(ToString::to_string).collect();
        of(
            "THREAD_MEMBERS_UPDATE",
            json!({
                "id": id.to_string(), "guild_id": guild.to_string(), "member_count": 3,
                "added_members": came, "removed_member_ids": went,
            }),
        )
    })
}

fn voice(guild: u64) -> impl Strategy<Value = Act> {
    let place = prop::option::weighted(0.8, 100..108_u64);
    (
        user(),
        place,
        any::<bool>(),
        any::<bool>(),
        prop::option::of(0..2_u8),
    )
        .prop_map(move |(user, place, named, mute, nick)| {
            let mut d = json!({
                "guild_id": guild.to_string(), "user_id": user.to_string(),
                "channel_id": place.map(|place| place.to_string()), "self_mute": mute,
            });
            if named {
                d["member"] = face(user, nick, &[]);
            }
            of("VOICE_STATE_UPDATE", d)
        })
}

fn member(guild: u64) -> impl Strategy<Value = Act> {
    let roles = prop::collection::vec(500..503_u64, 0..2);
    (user(), prop::option::of(0..2_u8), roles, any::<bool>()).prop_map(
        move |(user, nick, roles, add)| {
            let mut d = face(user, nick, &roles);
            d["guild_id"] = json!(guild.to_string());
            of(
                if add {
                    "GUILD_MEMBER_ADD"
                } else {
                    "GUILD_MEMBER_UPDATE"
                },
                d,
            )
        },
    )
}

fn message(guild: u64) -> impl Strategy<Value = Act> {
    (0..3_u8, user(), 900..904_u64, 0..3_u8).prop_map(move |(what, user, id, edit)| {
        let (guild, id) = (guild.to_string(), id.to_string());
        let mut d = json!({"id": id, "guild_id": guild, "channel_id": "100"});
        if what == 2 {
            return of("MESSAGE_DELETE", d);
        }
        d["author"] = json!({"id": user.to_string(), "username": name(user)});
        d["member"] = json!({"roles": []});
        d["content"] = json!("text");
        if what == 0 {
            return of("MESSAGE_CREATE", d);
        }
        if edit > 0 {
            d["edited_timestamp"] = json!(format!("2023-11-22T18:40:0{edit}+00:00"));
        }
        of("MESSAGE_UPDATE", d)
    })
}

fn presence(guild: u64) -> impl Strategy<Value = Act> {
    (user(), any::<bool>()).prop_map(move |(user, idle)| {
        let status = if idle { "idle" } else { "online" };
        of("PRESENCE_UPDATE", json!({"user": {"id": user.to_string()}, "guild_id": guild.to_string(), "status": status}))
    })
}

/// A whole guild, with a complete list of members or not.
fn snapshot(guild: u64) -> impl Strategy<Value = Act> {
    let channels = prop::collection::vec(room(None), 0..5);
    let voices = prop::collection::btree_map(user(), 100..107_u64, 0..4);
    let members = prop::collection::btree_map(user(), prop::option::of(0..2_u8), 0..6);
    let unavailable = prop::bool::weighted(0.1);
    (channels, voices, members, any::<bool>(), unavailable).prop_map(
        move |(channels, voices, members, complete, unavailable)| {
            if unavailable {
                return of("GUILD_CREATE", json!({"id": guild.to_string(), "unavailable": true}));
            }
            let count = members.len() + usize::from(!complete);
            let members: Vec<Value> =
                members.into_iter().map(|(user, nick)| face(user, nick, &[])).collect();
            let voices: Vec<Value> = voices
                .into_iter()
                .map(|(user, place)| json!({"user_id": user.to_string(), "channel_id": place.to_string()}))
                .collect();
            of("GUILD_CREATE", json!({
                "id": guild.to_string(), "name": "guild", "owner_id": "1", "member_count": count,
                "roles": [role(guild, 1)], "channels": channels, "members": members, "voice_states": voices,
            }))
        },
    )
}

fn ready(guilds: &[GuildId]) -> Act {
    let guilds: Vec<Value> = guilds
        .iter()
        .map(|guild| json!({"id": guild, "unavailable": true}))
        .collect();
    of(
        "READY",
        json!({"user": {"id": "1"}, "guilds": guilds, "session_id": "s"}),
    )
}

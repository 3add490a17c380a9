//! Acts that change who may see what: roles, overwrites, members, owners, private threads.

use rand::{Rng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::{Plan, own};
use crate::world::{Channel, Guild, Id, Role, World, kind, permissions as p};

/// How the sequence's own roles are called, with a number behind, and how its private threads.
const CREW: &str = "crew ";
pub(super) const WHISPERS: &str = "whispers ";

/// Most roles and private threads of its own per guild.
const OWN_ROLES: usize = 3;
const OWN_THREADS: usize = 4;

/// For how long somebody is timed out, in ms.
const TIME_OUT: u64 = 20_000;

const BOTH: u64 = p::VIEW_CHANNEL | p::CONNECT;

type Act = Option<(&'static str, Value)>;

impl Plan {
    /// A role of the sequence appears, becomes an administrators' one or an ordinary one again, or goes.
    pub(super) fn rank(&mut self, guild: &Guild, number: u64) -> Act {
        let crews: Vec<&Role> = crews(guild).collect();
        let draw = self.rng.random_range(0..10);
        if crews.is_empty() || (draw < 2 && crews.len() < OWN_ROLES) {
            let name = format!("{CREW}{number}");
            return Some(("role", json!({ "name": name, "permissions": "0" })));
        }
        let crew = *crews.choose(&mut self.rng)?;
        if draw < 9 {
            let bits = if crew.permissions & p::ADMINISTRATOR == 0 {
                p::ADMINISTRATOR
            } else {
                0
            };
            let fields = json!({ "role": crew.id, "permissions": bits.to_string() });
            return Some(("role", fields));
        }
        Some(("role", json!({ "role": crew.id, "remove": true })))
    }

    /// A role or somebody is let into a channel of the sequence, shut out of it, or neither any more.
    pub(super) fn grant(&mut self, guild: &Guild, user: Id) -> Act {
        let channels: Vec<&Channel> = own(guild).collect();
        let channel = *channels.choose(&mut self.rng)?;
        let crews: Vec<&Role> = crews(guild).collect();
        let crew = crews
            .choose(&mut self.rng)
            .filter(|_| self.rng.random_bool(0.6));
        let (whom, id) = crew.map_or(("user", user), |crew| ("role", crew.id));
        let mut fields = json!({ "channel": channel.id, whom: id });
        let known = channel.overwrites.iter().find(|known| known.id == id);
        let Some(known) = known else {
            let side = if self.rng.random_bool(0.7) {
                "allow"
            } else {
                "deny"
            };
            fields[side] = json!(BOTH.to_string());
            return Some(("overwrite", fields));
        };
        if self.rng.random_bool(0.5) {
            fields["remove"] = json!(true);
        } else {
            let side = if known.allow == 0 { "allow" } else { "deny" };
            fields[side] = json!(BOTH.to_string());
        }
        Some(("overwrite", fields))
    }

    /// Somebody gets a role or loses it, is timed out or may talk again; the guild changes hands.
    pub(super) fn member(&mut self, guild: &Guild, people: &[Id], user: Id) -> Act {
        let member = guild.members.get(&user)?;
        match self.rng.random_range(0..20) {
            0 => {
                let heirs: Vec<&Id> = (people.iter())
                    .filter(|user| **user != guild.owner && !self.outcasts.contains(user))
                    .collect();
                Some(("owner", json!({ "user": heirs.choose(&mut self.rng)? })))
            }
            1..=3 => {
                let millis = member.timed_out_until.map_or(TIME_OUT, |_| 0);
                Some(("timeout", json!({ "user": user, "for_ms": millis })))
            }
            _ => {
                let crews: Vec<&Role> = crews(guild).collect();
                let crew = crews.choose(&mut self.rng)?.id;
                let has = member.roles.contains(&crew);
                let fields = json!({ "user": user, "role": crew, "remove": has });
                Some(("role", fields))
            }
        }
    }

    /// One of the outcasts is kicked, or comes back.
    pub(super) fn cast_out(&mut self, guild: &Guild) -> Act {
        let user = *self.outcasts.choose(&mut self.rng)?;
        if user == guild.owner {
            return None;
        }
        let here = (guild.id, user);
        let act = if guild.members.contains_key(&user) {
            self.exiles.push(here);
            "kick"
        } else if let Some(place) = self.exiles.iter().position(|exile| *exile == here) {
            self.exiles.swap_remove(place);
            "add-member"
        } else {
            return None;
        };
        Some((act, json!({ "user": user })))
    }

    /// A private thread is opened or goes, somebody comes or leaves, or a word is said in it.
    pub(super) fn whisper(&mut self, world: &World, guild: &Guild, user: Id, number: u64) -> Act {
        let threads: Vec<&Channel> = whispers(guild).collect();
        let draw = self.rng.random_range(0..20);
        if threads.is_empty() || (draw < 2 && threads.len() < OWN_THREADS) {
            let parent = self.text_channel(guild)?.id;
            let fields = json!({
                "user": user, "channel": parent, "name": format!("{WHISPERS}{number}"),
                "private": true, "members": [world.bot],
            });
            return Some(("thread", fields));
        }
        let found = *threads.choose(&mut self.rng)?;
        let thread = found.thread.as_ref()?;
        if draw == 19 {
            return Some(("delete-channel", json!({ "channel": found.id })));
        }
        let inside = thread.members.contains_key(&user);
        if draw < 10 || !inside {
            let fields = json!({ "thread": found.id, "user": user, "remove": inside });
            return Some(("thread", fields));
        }
        let text = self.text(number);
        let fields = json!({ "user": user, "channel": found.id, "content": text });
        Some(("message", fields))
    }
}

fn crews(guild: &Guild) -> impl Iterator<Item = &Role> {
    guild
        .roles
        .values()
        .filter(|role| role.name.starts_with(CREW))
}

fn whispers(guild: &Guild) -> impl Iterator<Item = &Channel> {
    guild.channels.values().filter(|channel| {
        channel.kind == kind::PRIVATE_THREAD && channel.name.starts_with(WHISPERS)
    })
}

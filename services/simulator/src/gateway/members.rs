//! Request Guild Members → `GUILD_MEMBERS_CHUNK`.
//! Source: the page Gateway Events, "Request Guild Members", "Guild Members Chunk".

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    Close,
    command::{id, reply},
    intents, opcode,
};
use crate::{
    simulation::Simulation,
    world::{Guild, Id, World},
};

/// Most members in one chunk.
const CHUNK: usize = 1_000;

/// Most members for a prefix or a list of ids.
const LIMIT: usize = 100;

/// All members of a guild may be asked for once in this time.
const ALL_EVERY: Duration = Duration::from_secs(30);

/// Answers a request of the session on a connection.
pub(super) fn request(simulation: &Simulation, connection: u64, data: &Value) -> Result<(), Close> {
    let guild = id(data, "guild_id").ok_or(Close::DECODE_ERROR)?;
    let nonce = data.get("nonce").cloned();
    let Some((session_intents, token)) = simulation
        .lock()
        .sessions
        .of_connection(connection)
        .map(|session| (session.intents, session.token.clone()))
    else {
        return Ok(());
    };
    let wanted = Wanted::of(data).ok_or(Close::DECODE_ERROR)?;
    if matches!(wanted, Wanted::All) {
        if session_intents & intents::GUILD_MEMBERS == 0 {
            return Err(Close::DISALLOWED_INTENTS);
        }
        let now = Instant::now();
        let mut state = simulation.lock();
        state
            .sessions
            .asked
            .retain(|_, last| now.duration_since(*last) < ALL_EVERY);
        if let Some(last) = state.sessions.asked.get(&(token.clone(), guild)).copied() {
            drop(state);
            let left = ALL_EVERY
                .saturating_sub(now.duration_since(last))
                .as_secs_f64();
            let limited = json!({
                "opcode": opcode::REQUEST_GUILD_MEMBERS, "retry_after": left,
                "meta": { "guild_id": guild, "nonce": nonce },
            });
            reply(simulation, connection, "RATE_LIMITED", &limited);
            return Ok(());
        }
        state.sessions.asked.insert((token, guild), now);
    }
    let with_presences = data
        .get("presences")
        .and_then(Value::as_bool)
        .unwrap_or(false)
        && session_intents & intents::GUILD_PRESENCES != 0;
    let chunks = simulation.read(|world| {
        let found = world.bot_guild(guild).ok()?;
        Some(chunks(
            world,
            found,
            &wanted,
            with_presences,
            nonce.as_ref(),
        ))
    });
    for chunk in chunks.unwrap_or_default() {
        reply(simulation, connection, "GUILD_MEMBERS_CHUNK", &chunk);
    }
    Ok(())
}

enum Wanted {
    All,
    Ids(Vec<Id>),
    Prefix(String, usize),
}

impl Wanted {
    fn of(data: &Value) -> Option<Self> {
        let ids = match data.get("user_ids") {
            Some(Value::Array(list)) => Some(list.clone()),
            Some(Value::String(one)) => Some(vec![json!(one)]),
            _ => None,
        };
        if let Some(ids) = ids {
            let ids: Option<Vec<Id>> = ids.iter().map(|id| id.as_str()?.parse().ok()).collect();
            return ids.filter(|ids| ids.len() <= LIMIT).map(Self::Ids);
        }
        let query = data.get("query")?.as_str()?.to_lowercase();
        let limit = data.get("limit").and_then(Value::as_u64).unwrap_or(0) as usize;
        if query.is_empty() && limit == 0 {
            return Some(Self::All);
        }
        Some(Self::Prefix(query, limit.clamp(1, LIMIT)))
    }
}

fn chunks(
    world: &World,
    guild: &Guild,
    wanted: &Wanted,
    presences: bool,
    nonce: Option<&Value>,
) -> Vec<Value> {
    let mut missing: Vec<Id> = Vec::new();
    let users: Vec<Id> = match wanted {
        Wanted::All => guild.members.keys().copied().collect(),
        Wanted::Ids(ids) => {
            let (known, unknown) = ids.iter().partition(|id| guild.members.contains_key(id));
            missing = unknown;
            known
        }
        Wanted::Prefix(prefix, limit) => {
            let fits = |user: &&Id| {
                let nick = guild
                    .members
                    .get(user)
                    .and_then(|member| member.nick.clone());
                let name = world.users.get(user).map(|user| user.name.clone());
                [nick, name]
                    .iter()
                    .flatten()
                    .any(|name| name.to_lowercase().starts_with(prefix.as_str()))
            };
            guild
                .members
                .keys()
                .filter(fits)
                .take(*limit)
                .copied()
                .collect()
        }
    };
    let parts: Vec<&[Id]> = if users.is_empty() {
        vec![&[]]
    } else {
        users.chunks(CHUNK).collect()
    };
    let count = parts.len();
    parts
        .iter()
        .enumerate()
        .map(|(index, part)| {
            let members: Vec<Value> =
                part.iter().filter_map(|user| world.member_json(guild, *user).ok()).collect();
            let mut chunk = json!({
                "guild_id": guild.id, "members": members, "chunk_index": index, "chunk_count": count,
                "not_found": missing,
            });
            if presences {
                chunk["presences"] = part
                    .iter()
                    .filter_map(|user| Some(guild.presences.get(user)?.json(guild.id, *user)))
                    .collect();
            }
            if let Some(nonce) = nonce {
                chunk["nonce"] = nonce.clone();
            }
            chunk
        })
        .collect()
}

//! Members of guilds. Source: the page Guild, "Modify Guild Member" and its neighbours.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    allowed,
    answer::{Answer, Silence},
    fields::Fields,
    gate::Bot,
    route::Route,
};
use crate::{
    gateway::intents,
    simulation::Shared,
    world::{Field, Id, Refusal, VoicePatch, World, permissions as p},
};

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    after: Option<Id>,
}

/// `GET /guilds/{guild}/members`: needs the intent `GUILD_MEMBERS` switched on.
pub(super) async fn list(
    State(simulation): State<Shared>,
    _: Bot,
    Route(guild): Route<Id>,
    Query(page): Query<Page>,
) -> Answer {
    if simulation.config.privileged_intents & intents::GUILD_MEMBERS == 0 {
        return Err(Refusal::missing_access());
    }
    let limit = page.limit.unwrap_or(1);
    if !(1..=1_000).contains(&limit) {
        return Err(Refusal::form(
            "limit",
            "NUMBER_TYPE_MAX",
            "int value should be between 1 and 1000.",
        ));
    }
    simulation.read(|world| {
        let guild = allowed::guild(world, guild, 0)?;
        let after = page.after.unwrap_or(Id(0));
        let users = guild
            .members
            .keys()
            .filter(|user| **user > after)
            .take(limit);
        users
            .map(|user| world.member_json(guild, *user))
            .collect::<Result<Value, _>>()
            .map(Json)
    })
}

/// `GET /guilds/{guild}/members/{user}`
pub(super) async fn read(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, user)): Route<(Id, Id)>,
) -> Answer {
    simulation.read(|world| {
        let guild = allowed::guild(world, guild, 0)?;
        world.user(user)?;
        world.member_json(guild, user).map(Json)
    })
}

/// `PATCH /guilds/{guild}/members/{user}`: moves, mutes, deafens, renames, sets roles.
pub(super) async fn change(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, user)): Route<(Id, String)>,
    fields: Fields,
) -> Answer {
    let channel = fields.field("channel_id", |fields| fields.id("channel_id"))?;
    let patch = VoicePatch {
        mute: fields.flag("mute")?,
        deaf: fields.flag("deaf")?,
        ..VoicePatch::default()
    };
    let nick = fields.field("nick", |fields| fields.text("nick", 0..=32))?;
    let roles = fields.ids("roles")?;
    simulation.change(|world| {
        let user = if user == "@me" {
            world.bot
        } else {
            user.parse().map_err(|_| {
                Refusal::form("user_id", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
            })?
        };
        let state = allowed::guild(world, guild, 0)?;
        if !state.members.contains_key(&user) {
            return Err(Refusal::unknown_member());
        }
        let outranks = allowed::outranks(world, state, user);
        if patch.mute.is_some() || patch.deaf.is_some() {
            let bits = patch.mute.map_or(0, |_| p::MUTE_MEMBERS)
                | patch.deaf.map_or(0, |_| p::DEAFEN_MEMBERS);
            allowed::guild(world, guild, bits)?;
            world.edit_voice(guild, user, patch)?;
        }
        move_member(world, guild, user, channel)?;
        if !matches!(nick, Field::Keep) {
            allowed::guild(
                world,
                guild,
                if user == world.bot {
                    0
                } else {
                    p::MANAGE_NICKNAMES
                },
            )?;
            if !outranks {
                return Err(Refusal::missing_permissions());
            }
            world.edit_member(guild, user, |member| {
                let before = member.nick.clone();
                member.nick = match nick {
                    Field::Set(nick) if !nick.is_empty() => Some(nick),
                    _ => None,
                };
                before != member.nick
            })?;
        }
        if let Some(roles) = roles {
            allowed::guild(world, guild, p::MANAGE_ROLES)?;
            if !outranks {
                return Err(Refusal::missing_permissions());
            }
            if roles
                .iter()
                .any(|role| !world.guilds[&guild].roles.contains_key(role))
            {
                return Err(Refusal::unknown_role());
            }
            world.edit_member(guild, user, |member| {
                let changed = member.roles != roles;
                member.roles = roles;
                changed
            })?;
        }
        world.member_json(world.guild(guild)?, user).map(Json)
    })
}

/// Moves a member to another voice channel, or out of voice. Nobody can be pulled into voice from nothing.
fn move_member(world: &mut World, guild: Id, user: Id, channel: Field<Id>) -> Result<(), Refusal> {
    if matches!(channel, Field::Keep) {
        return Ok(());
    }
    allowed::guild(world, guild, p::MOVE_MEMBERS)?;
    let state = world.guild(guild)?;
    if !state.voice.contains_key(&user) {
        return Err(Refusal::not_in_voice());
    }
    let Field::Set(channel) = channel else {
        return world.leave(guild, user).map(|_| ());
    };
    let target = state
        .channels
        .get(&channel)
        .ok_or_else(Refusal::unknown_channel)?;
    if !target.is_voice() {
        return Err(Refusal::wrong_channel_kind());
    }
    allowed::channel(
        world,
        channel,
        p::VIEW_CHANNEL | p::CONNECT | p::MOVE_MEMBERS,
    )?;
    world.join(guild, user, channel).map(|_| ())
}

/// `PUT /guilds/{guild}/members/{user}/roles/{role}`
pub(super) async fn add_role(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, user, role)): Route<(Id, Id, Id)>,
) -> Silence {
    set_role(&simulation, guild, user, role, true)
}

/// `DELETE /guilds/{guild}/members/{user}/roles/{role}`
pub(super) async fn remove_role(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, user, role)): Route<(Id, Id, Id)>,
) -> Silence {
    set_role(&simulation, guild, user, role, false)
}

fn set_role(simulation: &Shared, guild: Id, user: Id, role: Id, has: bool) -> Silence {
    simulation.change(|world| {
        let state = allowed::guild(world, guild, p::MANAGE_ROLES)?;
        let position = |role: &Id| state.roles.get(role).map_or(0, |role| role.position);
        let own = state
            .members
            .get(&world.bot)
            .map(|bot| bot.roles.iter().map(position).max());
        if own.flatten().unwrap_or(0) <= position(&role) {
            return Err(Refusal::missing_permissions());
        }
        world.set_member_role(guild, user, role, has)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

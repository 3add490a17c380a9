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
    roles,
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

/// `PATCH /guilds/{guild}/members/{user}`: moves, mutes, deafens, renames, sets roles, times out.
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
    let until = fields.field("communication_disabled_until", Fields::time_out)?;
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
        if patch.mute.is_some() || patch.deaf.is_some() {
            let bits = patch.mute.map_or(0, |_| p::MUTE_MEMBERS)
                | patch.deaf.map_or(0, |_| p::DEAFEN_MEMBERS);
            allowed::guild(world, guild, bits)?;
            world.edit_voice(guild, user, patch)?;
        }
        move_member(world, guild, user, channel)?;
        name_member(world, guild, user, nick)?;
        time_out(world, guild, user, until)?;
        if let Some(roles) = roles {
            set_roles(world, guild, user, roles)?;
        }
        world.member_json(world.guild(guild)?, user).map(Json)
    })
}

/// A refusal unless the bot has these permissions and stands above the member.
fn above(world: &World, guild: Id, user: Id, bits: u64) -> Result<(), Refusal> {
    let state = allowed::guild(world, guild, bits)?;
    if allowed::outranks(world, state, user) {
        Ok(())
    } else {
        Err(Refusal::missing_permissions())
    }
}

fn name_member(world: &mut World, guild: Id, user: Id, nick: Field<String>) -> Result<(), Refusal> {
    if matches!(nick, Field::Keep) {
        return Ok(());
    }
    let others = if user == world.bot {
        0
    } else {
        p::MANAGE_NICKNAMES
    };
    above(world, guild, user, others)?;
    world.edit_member(guild, user, |member| {
        let before = member.nick.clone();
        member.nick = match nick {
            Field::Set(nick) if !nick.is_empty() => Some(nick),
            _ => None,
        };
        before != member.nick
    })
}

/// Nobody can time out an administrator.
fn time_out(world: &mut World, guild: Id, user: Id, until: Field<u64>) -> Result<(), Refusal> {
    let until = match until {
        Field::Keep => return Ok(()),
        Field::Clear => None,
        Field::Set(until) => Some(until),
    };
    above(world, guild, user, p::MODERATE_MEMBERS)?;
    if p::in_guild(world.guild(guild)?, user) & p::ADMINISTRATOR != 0 {
        return Err(Refusal::missing_permissions());
    }
    world.edit_member(guild, user, |member| {
        std::mem::replace(&mut member.timed_out_until, until) != until
    })
}

/// Each role that comes or goes stands below the bot's own.
fn set_roles(world: &mut World, guild: Id, user: Id, roles: Vec<Id>) -> Result<(), Refusal> {
    allowed::guild(world, guild, p::MANAGE_ROLES)?;
    let member = world.guild(guild)?.members.get(&user);
    let had = member.ok_or_else(Refusal::unknown_member)?.roles.clone();
    let added = roles.iter().filter(|role| !had.contains(role));
    let removed = had.iter().filter(|role| !roles.contains(role));
    for role in added.chain(removed) {
        roles::below(world, guild, *role)?;
    }
    world.edit_member(guild, user, |member| {
        let changed = member.roles != roles;
        member.roles = roles;
        changed
    })
}

/// `DELETE /guilds/{guild}/members/{user}`: a kick.
pub(super) async fn remove(
    State(simulation): State<Shared>,
    _: Bot,
    Route((guild, user)): Route<(Id, Id)>,
) -> Silence {
    simulation.change(|world| {
        let state = allowed::guild(world, guild, 0)?;
        if !state.members.contains_key(&user) {
            return Err(Refusal::unknown_member());
        }
        above(world, guild, user, p::KICK_MEMBERS)?;
        world.remove_member(guild, user)?;
        Ok(StatusCode::NO_CONTENT)
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
        roles::below(world, guild, role)?;
        world.set_member_role(guild, user, role, has)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

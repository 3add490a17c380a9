//! `/control/state`: everything, with names.

use serde_json::{Value, json};

use crate::{
    gateway::application_flags,
    simulation::{Simulation, State},
    world::{Channel, Guild, Id, Overwrite, World, permissions},
};

/// All that there is, for tests and for the page.
pub(super) fn json(simulation: &Simulation) -> Value {
    let scenario = simulation.scenario.borrow().as_ref().map(
        |scenario| json!({ "name": scenario.name(), "rate": scenario.rate, "seed": scenario.seed }),
    );
    let mut state = simulation.lock();
    let state: &mut State = &mut state;
    let world = &state.world;
    let reset_after = state.budget.reset_after_millis();
    let (requests, invalid) = state.limits.counts();
    json!({
        "guilds": world.guilds.values().map(|guild| of_guild(world, guild)).collect::<Vec<_>>(),
        "users": world.users.values().map(|user| json!({
            "id": user.id, "name": user.name, "bot": user.bot, "globalName": user.global_name,
            "avatar": crate::cdn::avatar_path(user),
        })).collect::<Vec<_>>(),
        "sessions": state.sessions.iter().map(crate::gateway::session::Session::json).collect::<Vec<_>>(),
        "application": {
            "id": world.application, "bot": world.bot,
            "flags": application_flags(simulation.config.privileged_intents),
        },
        "defaultGuild": world.home,
        "budget": {
            "total": state.budget.total, "remaining": state.budget.remaining, "resetAfterMs": reset_after,
        },
        "rest": { "requests": requests, "invalid": invalid },
        "faults": state.faults.json(),
        "scenario": scenario,
        "log": { "first": state.log.first(), "last": state.log.last() },
    })
}

/// How often sessions were begun and resumed since the start.
pub(super) fn stats(simulation: &Simulation) -> Value {
    let state = simulation.lock();
    let mut json = state.journal.json();
    json["connections"] = json!(state.sessions.connections());
    json
}

fn of_guild(world: &World, guild: &Guild) -> Value {
    let name = |user: &Id| world.users.get(user).map(|user| user.name.clone());
    let voice = guild.voice.iter().map(|(user, voice)| {
        let mut json = voice.json(*user);
        let room = guild
            .channels
            .get(&voice.channel)
            .map(|channel| channel.name.clone());
        for (field, value) in [
            ("user", json!(user)),
            ("name", json!(name(user))),
            ("channel", json!(voice.channel)),
            ("channelName", json!(room)),
        ] {
            json[field] = value;
        }
        json
    });
    json!({
        "id": guild.id, "name": guild.name, "owner": guild.owner, "available": guild.available,
        "shard": world.shard_of(Some(guild.id)),
        "bot": guild.members.contains_key(&world.bot),
        "channels": guild.channels.values().map(|channel| of_channel(world, guild, channel)).collect::<Vec<_>>(),
        "roles": guild.roles.values().map(|role| json!({
            "id": role.id, "name": role.name, "permissions": role.permissions.to_string(),
        })).collect::<Vec<_>>(),
        "members": guild.members.values().map(|member| json!({
            "id": member.user, "name": name(&member.user), "nick": member.nick, "roles": member.roles,
            "joinedAt": member.joined_at, "timedOutUntil": member.timed_out_until,
            "status": guild.presences.get(&member.user).map(|presence| presence.status.clone()),
        })).collect::<Vec<_>>(),
        "voice": voice.collect::<Vec<_>>(),
    })
}

fn of_channel(world: &World, guild: &Guild, channel: &Channel) -> Value {
    let everyone = channel
        .overwrites
        .iter()
        .find(|overwrite| overwrite.id == guild.id);
    let private = everyone.is_some_and(|overwrite| overwrite.deny & permissions::VIEW_CHANNEL != 0);
    json!({
        "id": channel.id, "name": channel.name, "type": channel.kind, "parent": channel.parent,
        "overwrites": channel.overwrites.iter().map(Overwrite::json).collect::<Vec<_>>(), "private": private, "botViews": world.bot_sees(guild, channel),
        "messages": channel.messages.len(), "lastMessage": channel.last_message,
        "members": channel.thread.as_ref().map(|thread| thread.members.keys().copied().collect::<Vec<_>>()),
    })
}

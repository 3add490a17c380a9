//! What a session may send besides heartbeats. Source: the page Gateway Events, "Send Events".

use serde_json::{Value, json};

use super::{Close, members, opcode};
use crate::{
    simulation::Simulation,
    world::{Body, Id, Presence, VoicePatch, is_status},
};

/// Whether an opcode is one that clients send (IDENTIFY, RESUME and heartbeats aside).
pub(super) fn is_known(op: u64) -> bool {
    matches!(
        op,
        opcode::PRESENCE_UPDATE
            | opcode::VOICE_STATE_UPDATE
            | opcode::REQUEST_GUILD_MEMBERS
            | opcode::REQUEST_SOUNDBOARD_SOUNDS
            | opcode::REQUEST_CHANNEL_INFO
    )
}

/// Carries out a command of the session on a connection.
pub(super) fn carry_out(
    simulation: &Simulation,
    connection: u64,
    op: u64,
    data: &Value,
) -> Result<(), Close> {
    match op {
        opcode::PRESENCE_UPDATE => set_presence(simulation, data),
        opcode::VOICE_STATE_UPDATE => move_bot(simulation, data),
        opcode::REQUEST_GUILD_MEMBERS => members::request(simulation, connection, data),
        opcode::REQUEST_SOUNDBOARD_SOUNDS => {
            let guilds = data
                .get("guild_ids")
                .and_then(Value::as_array)
                .ok_or(Close::DECODE_ERROR)?;
            for guild in guilds {
                let sounds = json!({ "guild_id": guild, "soundboard_sounds": [] });
                reply(simulation, connection, "SOUNDBOARD_SOUNDS", &sounds);
            }
            Ok(())
        }
        opcode::REQUEST_CHANNEL_INFO => channel_info(simulation, connection, data),
        _ => Err(Close::UNKNOWN_OPCODE),
    }
}

/// Sends a dispatch to the session of a connection alone.
pub(super) fn reply(simulation: &Simulation, connection: u64, kind: &str, data: &Value) {
    if let Some(session) = simulation.lock().sessions.of_connection(connection) {
        session.send(kind, &data.to_string());
    }
}

/// A snowflake field of a payload.
pub(super) fn id(data: &Value, field: &str) -> Option<Id> {
    data.get(field)?.as_str()?.parse().ok()
}

fn set_presence(simulation: &Simulation, data: &Value) -> Result<(), Close> {
    let status = data
        .get("status")
        .and_then(Value::as_str)
        .ok_or(Close::DECODE_ERROR)?;
    let status = if status == "invisible" {
        "offline"
    } else {
        status
    };
    let activities = data
        .get("activities")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if !is_status(status) {
        return Err(Close::DECODE_ERROR);
    }
    let presence = Presence {
        status: status.to_owned(),
        activities,
    };
    // A bot always exists; there is nobody to tell an error to.
    drop(simulation.change(|world| world.set_presence(world.bot, &presence)));
    Ok(())
}

/// The bot itself enters or leaves voice. What can't be done is ignored, as Discord does.
fn move_bot(simulation: &Simulation, data: &Value) -> Result<(), Close> {
    let guild = id(data, "guild_id").ok_or(Close::DECODE_ERROR)?;
    let flag = |field: &str| data.get(field).and_then(Value::as_bool);
    let patch = VoicePatch {
        self_mute: flag("self_mute"),
        self_deaf: flag("self_deaf"),
        ..VoicePatch::default()
    };
    drop(simulation.change(|world| {
        let bot = world.bot;
        let Some(channel) = id(data, "channel_id") else {
            return world.leave(guild, bot);
        };
        if world.join(guild, bot, channel)? {
            let server = json!({ "guild_id": guild, "token": "simulated", "endpoint": null });
            world.tell_bot("VOICE_SERVER_UPDATE", guild, Body::Plain(server));
        }
        world.edit_voice(guild, bot, patch)
    }));
    Ok(())
}

fn channel_info(simulation: &Simulation, connection: u64, data: &Value) -> Result<(), Close> {
    let guild = id(data, "guild_id").ok_or(Close::DECODE_ERROR)?;
    let channels: Vec<Value> = simulation.read(|world| {
        let Ok(state) = world.bot_guild(guild) else { return Vec::new() };
        state
            .channels
            .values()
            .filter(|channel| channel.is_voice() && world.bot_sees(state, channel))
            .map(|channel| json!({ "id": channel.id, "status": channel.status, "voice_start_time": null }))
            .collect()
    });
    reply(
        simulation,
        connection,
        "CHANNEL_INFO",
        &json!({ "guild_id": guild, "channels": channels }),
    );
    Ok(())
}

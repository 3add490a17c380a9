//! Gateway opcodes. Source: Opcodes and Status Codes, "Gateway Opcodes".

pub(crate) const HEARTBEAT: u64 = 1;
pub(crate) const IDENTIFY: u64 = 2;
pub(crate) const PRESENCE_UPDATE: u64 = 3;
pub(crate) const VOICE_STATE_UPDATE: u64 = 4;
pub(crate) const RESUME: u64 = 6;
pub(crate) const RECONNECT: u64 = 7;
pub(crate) const REQUEST_GUILD_MEMBERS: u64 = 8;
pub(crate) const INVALID_SESSION: u64 = 9;
pub(crate) const HELLO: u64 = 10;
pub(crate) const HEARTBEAT_ACK: u64 = 11;
pub(crate) const REQUEST_SOUNDBOARD_SOUNDS: u64 = 31;
pub(crate) const REQUEST_CHANNEL_INFO: u64 = 43;

/// A message other than a dispatch.
pub(crate) fn frame(op: u64, data: &serde_json::Value) -> String {
    format!(r#"{{"t":null,"s":null,"op":{op},"d":{data}}}"#)
}

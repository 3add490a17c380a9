//! The acts, by what they are about. None asks for permissions: people are made to do things.

pub(super) mod channel;
pub(super) mod guild;
pub(super) mod member;
pub(super) mod message;
pub(super) mod voice;

use serde_json::Value;

use super::ControlError;

/// What an act gives.
type Done = Result<Value, ControlError>;

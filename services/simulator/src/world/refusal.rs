//! Why Discord refuses something. Source: Opcodes and Status Codes, "JSON Error Codes".

use std::fmt;

use serde_json::{Map, Value, json};

/// An error as Discord's REST API words it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) errors: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: u32, message: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            errors: None,
        }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, 0, "401: Unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, 0, "404: Not Found")
    }

    pub(crate) fn unknown_channel() -> Self {
        Self::new(404, 10_003, "Unknown Channel")
    }

    pub(crate) fn unknown_guild() -> Self {
        Self::new(404, 10_004, "Unknown Guild")
    }

    pub(crate) fn unknown_member() -> Self {
        Self::new(404, 10_007, "Unknown Member")
    }

    pub(crate) fn unknown_message() -> Self {
        Self::new(404, 10_008, "Unknown Message")
    }

    pub(crate) fn unknown_overwrite() -> Self {
        Self::new(404, 10_009, "Unknown Overwrite")
    }

    pub(crate) fn unknown_role() -> Self {
        Self::new(404, 10_011, "Unknown Role")
    }

    pub(crate) fn unknown_user() -> Self {
        Self::new(404, 10_013, "Unknown User")
    }

    pub(crate) fn unknown_emoji() -> Self {
        Self::new(400, 10_014, "Unknown Emoji")
    }

    pub(crate) fn unknown_webhook() -> Self {
        Self::new(404, 10_015, "Unknown Webhook")
    }

    pub(crate) fn unknown_voice_state() -> Self {
        Self::new(404, 10_065, "Unknown Voice State")
    }

    pub(crate) fn too_many_reactions() -> Self {
        Self::new(400, 30_010, "Maximum number of reactions reached (20)")
    }

    pub(crate) fn too_many_webhooks() -> Self {
        Self::new(400, 30_007, "Maximum number of webhooks reached (15)")
    }

    pub(crate) fn reaction_blocked() -> Self {
        Self::new(403, 90_001, "Reaction blocked")
    }

    pub(crate) fn too_many_channels() -> Self {
        Self::new(
            400,
            30_013,
            "Maximum number of server channels reached (500)",
        )
    }

    pub(crate) fn not_in_voice() -> Self {
        Self::new(400, 40_032, "Target user is not connected to voice.")
    }

    pub(crate) fn missing_access() -> Self {
        Self::new(403, 50_001, "Missing Access")
    }

    pub(crate) fn empty_message() -> Self {
        Self::new(400, 50_006, "Cannot send an empty message")
    }

    pub(crate) fn non_text_channel() -> Self {
        Self::new(400, 50_008, "Cannot send messages in a non-text channel")
    }

    pub(crate) fn missing_permissions() -> Self {
        Self::new(403, 50_013, "Missing Permissions")
    }

    pub(crate) fn not_the_author() -> Self {
        Self::new(
            403,
            50_005,
            "Cannot edit a message authored by another user",
        )
    }

    pub(crate) fn wrong_channel_kind() -> Self {
        Self::new(400, 50_024, "Cannot execute action on this channel type")
    }

    pub(crate) fn invalid_json() -> Self {
        Self::new(400, 50_109, "The request body contains invalid JSON.")
    }

    /// An invalid form body that names one field (a path with dots) and what is wrong with it.
    pub(crate) fn form(field: &str, code: &str, message: &str) -> Self {
        let mut errors = json!({ "_errors": [{ "code": code, "message": message }] });
        for part in field.split('.').rev() {
            let mut outer = Map::new();
            outer.insert(part.to_owned(), errors);
            errors = Value::Object(outer);
        }
        Self {
            errors: Some(errors),
            ..Self::new(400, 50_035, "Invalid Form Body")
        }
    }

    /// The body of the answer.
    pub(crate) fn json(&self) -> Value {
        let mut body = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

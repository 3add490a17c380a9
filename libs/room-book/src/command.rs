use contracts::UserId;
use sha2::{Digest as _, Sha256};

use crate::invite::hex;

/// Names a command that is to be done once: hashed, since its parts are a user's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommandKey {
    key: String,
    content: String,
}

impl CommandKey {
    /// What an actor asks for under a key: `content` is the command itself, by which a second one under the same key shows.
    pub fn new(actor: UserId, idempotency_key: &str, content: &str) -> Self {
        let key = format!("{actor}\n{idempotency_key}");
        Self {
            key: hex(&Sha256::digest(key)),
            content: hex(&Sha256::digest(content)),
        }
    }

    /// 64 hexadecimal digits of actor and key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// 64 hexadecimal digits of the command.
    pub fn content(&self) -> &str {
        &self.content
    }
}

/// What is known of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the caller does it now, and nobody else.
    New,
    /// Somebody does it, or died doing it: it may have been done.
    UnderWay,
    /// It was done.
    Done {
        /// What was answered.
        answer: String,
    },
    /// Another command was begun under this key.
    Another,
}

use serde::{Deserialize, Serialize};
use tower_sessions::{Session, session::Error};

use super::vault::Vault;
use crate::discord::Tokens;

/// Key of Discord's tokens in a session.
pub(crate) const TOKENS: &str = "tokens";

/// Discord's tokens as a session holds them: sealed, and counted, so that a request that read the session before they were
/// renewed does not bring the old ones back when it saves ([`session_store::VERSION`]).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeptTokens {
    pub(crate) version: u64,
    sealed: String,
}

impl KeptTokens {
    pub(crate) fn seal(vault: &Vault, tokens: &Tokens, version: u64) -> Self {
        let json = serde_json::to_string(tokens).unwrap_or_default();
        Self {
            version,
            sealed: vault.seal(TOKENS, &json),
        }
    }

    /// What a session holds; what can't be read is none.
    pub(crate) async fn read(session: &Session) -> Result<Option<Self>, Error> {
        let value = session.get_value(TOKENS).await?;
        Ok(value.and_then(|value| serde_json::from_value(value).ok()))
    }

    pub(crate) fn open(&self, vault: &Vault) -> Option<Tokens> {
        let json = vault.open(TOKENS, &self.sealed)?;
        serde_json::from_str(&json).ok()
    }
}

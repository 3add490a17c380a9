//! Codes and tokens that were given out.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::random_token;
use crate::world::Id;

/// For how long a code can be exchanged.
const CODE_LIFE: Duration = Duration::from_secs(60);

/// For how long an access token is good.
pub(super) const TOKEN_LIFE: Duration = Duration::from_secs(604_800);

/// Most codes and most grants; over it the oldest are forgotten.
const KEPT: usize = 10_000;

/// What the authorize page was asked for, and for whom it was granted.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    /// The S256 challenge.
    pub(super) challenge: Option<String>,
    pub(super) user: Id,
    issued: Instant,
}

/// What a client may do in a user's name.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) user: Id,
    pub(crate) scopes: Vec<String>,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) issued: Instant,
    /// Rises with every grant; the lowest is forgotten first.
    order: u64,
}

impl Grant {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    by_refresh_token: HashMap<String, Grant>,
    issued: u64,
}

impl Code {
    pub(super) fn new(
        client: &str,
        redirect_uri: &str,
        scopes: Vec<String>,
        challenge: Option<String>,
        user: Id,
    ) -> Self {
        Self {
            client: client.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scopes,
            challenge,
            user,
            issued: Instant::now(),
        }
    }
}

impl Grants {
    pub(super) fn issue_code(&mut self, code: Code) -> String {
        self.codes
            .retain(|_, code| code.issued.elapsed() < CODE_LIFE);
        if self.codes.len() >= KEPT {
            self.codes.clear();
        }
        let name = random_token(30);
        self.codes.insert(name.clone(), code);
        name
    }

    /// A code, once.
    pub(super) fn take_code(&mut self, name: &str) -> Option<Code> {
        self.codes
            .remove(name)
            .filter(|code| code.issued.elapsed() < CODE_LIFE)
    }

    pub(super) fn grant(&mut self, client: &str, user: Id, scopes: Vec<String>) -> Grant {
        self.issued += 1;
        if self.by_refresh_token.len() >= KEPT
            && let Some(oldest) = self
                .by_refresh_token
                .values()
                .min_by_key(|grant| grant.order)
                .map(|grant| grant.refresh_token.clone())
        {
            self.by_refresh_token.remove(&oldest);
        }
        let grant = Grant {
            client: client.to_owned(),
            user,
            scopes,
            access_token: random_token(30),
            refresh_token: random_token(30),
            issued: Instant::now(),
            order: self.issued,
        };
        self.by_refresh_token
            .insert(grant.refresh_token.clone(), grant.clone());
        grant
    }

    /// Exchanges a refresh token: the old tokens die.
    pub(super) fn refresh(&mut self, refresh_token: &str, client: &str) -> Option<Grant> {
        if self.by_refresh_token.get(refresh_token)?.client != client {
            return None;
        }
        let old = self.by_refresh_token.remove(refresh_token)?;
        Some(self.grant(&old.client, old.user, old.scopes))
    }

    pub(crate) fn by_access_token(&self, token: &str) -> Option<Grant> {
        self.by_refresh_token
            .values()
            .find(|grant| grant.access_token == token && grant.issued.elapsed() < TOKEN_LIFE)
            .cloned()
    }

    /// Revokes every token of the authorization that a token belongs to: of this user for this client.
    pub(super) fn revoke(&mut self, token: &str, client: &str) {
        let user = self
            .by_refresh_token
            .values()
            .find(|grant| grant.access_token == token || grant.refresh_token == token)
            .map(|grant| grant.user);
        self.by_refresh_token
            .retain(|_, grant| Some(grant.user) != user || grant.client != client);
    }

    /// Revokes everything that was granted for a user (as in Discord's settings, "Authorized Apps").
    pub(crate) fn revoke_user(&mut self, user: Id) -> usize {
        let before = self.by_refresh_token.len();
        self.by_refresh_token.retain(|_, grant| grant.user != user);
        before - self.by_refresh_token.len()
    }
}

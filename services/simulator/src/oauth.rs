//! OAuth2: the authorization code grant with PKCE, refresh and revocation. Source: the page OAuth2.

mod authorize;
mod client;
mod grants;
mod token;

pub(crate) use authorize::{decide, page};
pub(crate) use grants::{Grant, Grants};
pub(crate) use token::{me, revoke, token};

use rand::Rng;

/// Letters and digits that nobody can guess.
pub(crate) fn random_token(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(rng.sample(rand::distr::Alphanumeric)))
        .collect()
}

//! Codes and refresh tokens for access tokens. Source: the page OAuth2, "Authorization Code Grant".

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Grant,
    client::{ClientForm, OauthError},
    grants::TOKEN_LIFE,
};
use crate::{
    clock,
    rest::Caller,
    simulation::{Shared, Simulation},
    world::Refusal,
};

/// `POST /oauth2/token`
pub(crate) async fn token(State(simulation): State<Shared>, form: ClientForm) -> Response {
    exchange(&simulation, &form).map(Json).into_response()
}

fn exchange(simulation: &Simulation, form: &ClientForm) -> Result<Value, OauthError> {
    let client = form.client(&simulation.config)?;
    let state = &mut *simulation.lock();
    let first = state.world.guilds.values().next();
    let owner = first.map_or(state.world.bot, |guild| guild.owner);
    let grants = &mut state.grants;
    let invalid = OauthError::bad("invalid_grant", "Invalid \"code\" in request.");
    let grant = match form.field("grant_type")? {
        "authorization_code" => {
            let code = grants.take_code(form.field("code")?).ok_or(invalid)?;
            let fits = code.client == client && code.redirect_uri == form.field("redirect_uri")?;
            let verifier = form.fields.get("code_verifier").map(String::as_str);
            if !fits || !proves(verifier, code.challenge.as_deref()) {
                return Err(invalid);
            }
            grants.grant(client, code.user, code.scopes)
        }
        "refresh_token" => {
            grants
                .refresh(form.field("refresh_token")?, client)
                .ok_or(OauthError::bad(
                    "invalid_grant",
                    "Invalid \"refresh_token\" in request.",
                ))?
        }
        // A token for the owner of the application; it can't be refreshed (Discord, "Client Credentials Grant").
        "client_credentials" => {
            let scopes = form.fields.get("scope").map(String::as_str);
            let scopes = scopes.unwrap_or_default().split_whitespace();
            let grant = grants.grant(client, owner, scopes.map(str::to_owned).collect());
            return Ok(json!({
                "access_token": grant.access_token, "token_type": "Bearer",
                "expires_in": TOKEN_LIFE.as_secs(), "scope": grant.scopes.join(" "),
            }));
        }
        _ => {
            return Err(OauthError::bad(
                "unsupported_grant_type",
                "Grant type is not supported.",
            ));
        }
    };
    Ok(json!({
        "access_token": grant.access_token, "refresh_token": grant.refresh_token, "token_type": "Bearer",
        "expires_in": TOKEN_LIFE.as_secs(), "scope": grant.scopes.join(" "),
    }))
}

/// Whether a verifier belongs to a challenge (RFC 7636, S256); without a challenge nothing is asked for.
fn proves(verifier: Option<&str>, challenge: Option<&str>) -> bool {
    let Some(challenge) = challenge else {
        return true;
    };
    verifier.is_some_and(|verifier| {
        (43..=128).contains(&verifier.len())
            && BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
    })
}

/// `POST /oauth2/token/revoke`: ends the whole authorization, whichever token is named.
pub(crate) async fn revoke(State(simulation): State<Shared>, form: ClientForm) -> Response {
    let revoke = || {
        let client = form.client(&simulation.config)?;
        simulation
            .lock()
            .grants
            .revoke(form.field("token")?, client);
        Ok::<_, OauthError>(Json(json!({})))
    };
    (StatusCode::OK, revoke()).into_response()
}

/// `GET /oauth2/@me`
pub(crate) async fn me(
    State(simulation): State<Shared>,
    caller: Caller,
) -> Result<Json<Value>, Refusal> {
    let Caller::Person(grant) = caller else {
        return Err(Refusal::unauthorized());
    };
    let left = TOKEN_LIFE
        .saturating_sub(grant.issued.elapsed())
        .as_millis() as u64;
    simulation.read(|world| {
        let bot = world.user(world.bot)?;
        let mut json = json!({
            "application": {
                "id": world.application, "name": bot.name, "icon": null, "description": "",
                "bot_public": true, "bot_require_code_grant": false, "verify_key": "0".repeat(64),
            },
            "scopes": grant.scopes, "expires": clock::iso8601(clock::unix_millis() + left),
        });
        if Grant::has(&grant, "identify") {
            json["user"] = world.user(grant.user)?.json();
        }
        Ok(Json(json))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_proves_only_its_own_challenge() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(proves(Some(verifier), Some(challenge)));
        assert!(!proves(Some(&verifier.replace('d', "e")), Some(challenge)));
        assert!(!proves(None, Some(challenge)));
    }
}

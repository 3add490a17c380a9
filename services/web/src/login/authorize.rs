use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::{Expiry, Session, session::Error, session_store};

use super::{MOST_PENDING, PATIENCE, PENDING, Pending, RETURN_TO, allowance};
use crate::{
    client_address::ClientAddress, error::ApiError, hub::now_ms, session::USER, state::AppState,
};

/// Longest path that is returned to.
const LONGEST_PATH: usize = 256;

/// `GET /auth/login?returnTo=/path`: sends the browser to Discord.
pub(crate) async fn authorize(
    State(state): State<AppState>,
    address: ClientAddress,
    RawQuery(query): RawQuery,
    session: Session,
) -> Result<Response, ApiError> {
    if let Some(refused) = allowance::take(&state, address).await? {
        return Ok(refused);
    }
    let query = query.unwrap_or_default();
    let wanted = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "returnTo");
    let return_to = wanted.map_or_else(|| "/".to_owned(), |(_, path)| own_path(&path).to_owned());
    let (url, secret, verifier) = state.discord.authorize();
    let mut pending: Vec<Pending> = session.get(PENDING).await?.unwrap_or_default();
    while pending.len() >= MOST_PENDING {
        pending.remove(0);
    }
    pending.push(Pending {
        state: secret,
        verifier,
        return_to: state.vault.seal(RETURN_TO, &return_to),
        begun_at: now_ms(),
    });
    if session.get_value(USER).await?.is_none() {
        session.set_expiry(Some(Expiry::OnInactivity(time::Duration::seconds(
            PATIENCE.as_secs().cast_signed(),
        ))));
    }
    // Where the session lies in a cookie, older sign-ins make room for this one.
    loop {
        session.insert(PENDING, &pending).await?;
        match session.save().await {
            Err(Error::Store(session_store::Error::Encode(_))) if pending.len() > 1 => {
                pending.remove(0);
            }
            saved => break saved?,
        }
    }
    Ok(Redirect::to(url.as_str()).into_response())
}

/// A path on this host, or `/`: nobody is sent to another host after a sign-in.
fn own_path(path: &str) -> &str {
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let own = path.starts_with('/') && !path.starts_with("//");
    if own && plain && path.len() <= LONGEST_PATH {
        path
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc};

    use axum::http::HeaderMap;
    use contracts::GuildId;

    use super::*;
    use crate::{
        client_address::Peer,
        hub::tests::script::{Stage, Ticks},
        state::staged::staged,
    };

    #[tokio::test]
    async fn a_sign_in_under_way_does_not_tell_the_invite_that_it_returns_to() {
        let state = staged(&Stage::starting(&[GuildId::new(1)], Ticks::Return), "60");
        let session = Session::new(None, Arc::new(state.sessions.clone()), None);
        let query = RawQuery(Some("returnTo=/join/0123456789abcdef".to_owned()));
        let peer = Peer::new(Ipv4Addr::LOCALHOST.into());
        let address = ClientAddress::of(peer, &HeaderMap::new(), &[]);
        let answer = authorize(State(state.clone()), address, query, session.clone()).await;
        assert_eq!(answer.unwrap().status(), 303);
        let kept: Vec<Pending> = session.get(PENDING).await.unwrap().unwrap();
        assert!(!kept[0].return_to.contains("0123456789abcdef"));
        let path = state.vault.open(RETURN_TO, &kept[0].return_to);
        assert_eq!(path.as_deref(), Some("/join/0123456789abcdef"));
    }

    #[test]
    fn nobody_is_sent_elsewhere_after_a_sign_in() {
        assert_eq!(own_path("/join/abc?x=1#y"), "/join/abc?x=1#y");
        // Encoded slashes are part of a path.
        assert_eq!(own_path("/%2f%2fevil.example"), "/%2f%2fevil.example");
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nSet-Cookie: b",
            "evil",
            "/\t/evil",
            "\\\\evil.example",
            "/\\/evil.example",
            "///evil.example",
            "//evil.example/%2f..",
            "http:/evil.example",
            "javascript:alert(1)",
            "user@evil.example",
            "//user:password@evil.example",
            " /a",
            "/a b",
            "/ä",
            "%2f%2fevil.example",
        ] {
            assert_eq!(own_path(foreign), "/", "{foreign:?}");
        }
        assert_eq!(own_path(&"/a".repeat(300)), "/");
    }
}

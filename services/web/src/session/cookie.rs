//! The cookie, between the browser and the session layer: what is sealed with the previous secret, what the session store puts
//! into it, and its removal.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use session_store::Sessions;
use tower::{Layer as _, ServiceExt as _};
use tower_sessions::{
    SessionManagerLayer,
    cookie::{Cookie, CookieJar, Key, SameSite},
    service::PrivateCookie,
    session::Id,
};

use crate::config::Config;

/// Gives each request its session.
#[derive(Clone)]
pub(crate) struct SessionCookie(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    sessions: Sessions,
    name: &'static str,
    current: Key,
    previous: Option<Key>,
    /// Attributes that a removal has to repeat: browsers ignore the removal of a `__Host-` cookie without `Secure`.
    removal: String,
}

impl SessionCookie {
    pub(crate) fn new(config: &Arc<Config>, sessions: Sessions) -> Self {
        let key = |secret: &environment::Secret| Key::derive_from(secret.expose().as_bytes());
        let secure = if config.is_secure() { "; Secure" } else { "" };
        Self(Arc::new(Inner {
            config: Arc::clone(config),
            sessions,
            name: config.cookie_name(),
            current: key(&config.session_secret),
            previous: config.session_secret_previous.as_ref().map(key),
            removal: format!("; HttpOnly; SameSite=Lax{secure}"),
        }))
    }
}

impl Inner {
    /// The layer of tower-sessions, for which the cookie always holds a session's id.
    fn layer(&self, sessions: Sessions) -> SessionManagerLayer<Sessions, PrivateCookie> {
        let layer = SessionManagerLayer::new(sessions)
            .with_name(self.name)
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            .with_secure(self.config.is_secure())
            .with_path("/")
            .with_expiry(super::expiry(self.config.session_ttl));
        let layer = match &self.config.cookie_domain {
            Some(domain) => layer.with_domain(domain.clone()),
            None => layer,
        };
        layer.with_private(self.current.clone())
    }

    /// The sessions for a request, whose cookie holds the id from here on.
    fn arrive(&self, headers: &mut HeaderMap) -> Sessions {
        let cookies = headers.get(header::COOKIE);
        let cookies = cookies.and_then(|cookies| cookies.to_str().ok());
        let Some(cookies) = cookies.map(str::to_owned) else {
            return self.sessions.with_cookie(None).0;
        };
        let ours = Cookie::split_parse(cookies.as_str())
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == self.name);
        let value = ours.as_ref().map(Cookie::value);
        let (sessions, id) = self.sessions.with_cookie(value);
        let sealed = match (id, &ours) {
            (Some(id), _) => Some(self.sealed(id)),
            (None, Some(ours)) => self.resealed(ours),
            (None, None) => None,
        };
        if let Some(sealed) = sealed
            && let Ok(value) = HeaderValue::from_str(&replaced(&cookies, self.name, &sealed))
        {
            headers.insert(header::COOKIE, value);
        }
        sessions
    }

    /// The value of a cookie that holds this id.
    fn sealed(&self, id: Id) -> String {
        let mut jar = CookieJar::new();
        let open = Cookie::new(self.name, id.to_string());
        jar.private_mut(&self.current).add(open);
        let sealed = jar.get(self.name);
        sealed.map_or_else(String::new, |sealed| sealed.value().to_owned())
    }

    /// The value of a cookie sealed anew, if it was sealed with the previous secret.
    fn resealed(&self, cookie: &Cookie<'_>) -> Option<String> {
        let previous = self.previous.as_ref()?;
        let (jar, cookie) = (CookieJar::new(), cookie.clone().into_owned());
        if jar.private(&self.current).decrypt(cookie.clone()).is_some() {
            return None;
        }
        let open = jar.private(previous).decrypt(cookie)?;
        Some(self.sealed(open.value().parse().ok()?))
    }

    /// Completes what the answer says about the cookie.
    fn leave(&self, sessions: &Sessions, headers: &mut HeaderMap) {
        let (start, removal) = (format!("{}=", self.name), format!("{}=;", self.name));
        for (_, value) in headers
            .iter_mut()
            .filter(|(name, _)| *name == header::SET_COOKIE)
        {
            let Ok(text) = value.to_str() else { continue };
            let complete = if text.starts_with(&removal) {
                Some(format!("{text}{}", self.removal))
            } else if text.starts_with(&start) {
                let attributes = text.find(';').map_or("", |at| &text[at..]);
                sessions
                    .cookie()
                    .map(|sealed| format!("{start}{sealed}{attributes}"))
            } else {
                None
            };
            if let Some(complete) = complete.and_then(|text| HeaderValue::from_str(&text).ok()) {
                *value = complete;
            }
        }
    }
}

/// A `Cookie` header with another value under this name.
fn replaced(header: &str, name: &str, value: &str) -> String {
    let cookies = Cookie::split_parse(header.to_owned()).filter_map(Result::ok);
    let cookies: Vec<String> = cookies
        .map(|cookie| {
            if cookie.name() == name {
                format!("{name}={value}")
            } else {
                cookie.stripped().to_string()
            }
        })
        .collect();
    cookies.join("; ")
}

/// Gives a request its session, and the answer its cookie.
pub(crate) async fn session(
    State(SessionCookie(cookie)): State<SessionCookie>,
    mut request: Request,
    next: Next,
) -> Response {
    let sessions = cookie.arrive(request.headers_mut());
    request.extensions_mut().insert(sessions.clone());
    let answer = cookie.layer(sessions.clone()).layer(next).oneshot(request);
    let mut response = answer.await.into_response();
    cookie.leave(&sessions, response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use environment::Env;
    use event_bus::WithoutRedis;
    use session_store::MemorySessions;

    use super::*;

    #[test]
    fn a_cookie_of_the_previous_secret_is_sealed_anew_and_others_pass() {
        let (old, new) = ("1".repeat(32), "2".repeat(32));
        let cookie = |current: &str, previous: &str| {
            let mut env = Env::from_pairs([
                ("SESSION_SECRET", current),
                ("SESSION_SECRET_PREVIOUS", previous),
                ("DISCORD_CLIENT_ID", "1"),
                ("DISCORD_CLIENT_SECRET", "s"),
            ]);
            let config = Arc::new(Config::read_with(&mut env, WithoutRedis::Memory));
            env.finish().unwrap();
            SessionCookie::new(&config, MemorySessions::new().into()).0
        };
        let (before, during) = (cookie(&old, ""), cookie(&new, &old));
        let id = Id::default();
        let arrived = |cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_str(cookies).unwrap());
            during.arrive(&mut headers);
            headers[header::COOKIE].to_str().unwrap().to_owned()
        };
        let resealed = arrived(&format!("theme=dark; fanfare={}", before.sealed(id)));
        assert!(resealed.starts_with("theme=dark; "), "{resealed}");
        let ours = Cookie::split_parse(resealed)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == "fanfare")
            .unwrap();
        let opened = CookieJar::new().private(&during.current).decrypt(ours);
        assert_eq!(opened.unwrap().value(), id.to_string());
        for untouched in [
            "fanfare=garbage; theme=dark".to_owned(),
            format!("fanfare={}", during.sealed(id)),
        ] {
            assert_eq!(arrived(&untouched), untouched);
        }
    }
}

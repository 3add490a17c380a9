use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use session_store::Sessions;
use tower_sessions::{
    SessionManagerLayer,
    cookie::{Cookie, CookieJar, Key, SameSite},
    service::PrivateCookie,
};

use crate::config::Config;

/// The layer that gives each request its session.
pub(crate) fn layer(
    config: &Config,
    sessions: Sessions,
) -> SessionManagerLayer<Sessions, PrivateCookie> {
    let layer = SessionManagerLayer::new(sessions)
        .with_name(config.cookie_name())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(config.is_secure())
        .with_path("/")
        .with_expiry(super::expiry(config.session_ttl));
    let layer = match &config.cookie_domain {
        Some(domain) => layer.with_domain(domain.clone()),
        None => layer,
    };
    layer.with_private(Key::derive_from(config.session_secret.expose().as_bytes()))
}

/// What the cookie needs beyond the session layer.
#[derive(Clone)]
pub(crate) struct CookieCare {
    name: &'static str,
    current: Key,
    previous: Option<Key>,
    /// Attributes that a removal has to repeat: browsers ignore the removal of a `__Host-` cookie without `Secure`.
    removal: Arc<str>,
}

impl CookieCare {
    pub(crate) fn new(config: &Config) -> Self {
        let key = |secret: &environment::Secret| Key::derive_from(secret.expose().as_bytes());
        let secure = if config.is_secure() { "; Secure" } else { "" };
        Self {
            name: config.cookie_name(),
            current: key(&config.session_secret),
            previous: config.session_secret_previous.as_ref().map(key),
            removal: format!("; HttpOnly; SameSite=Lax{secure}").into(),
        }
    }

    /// The `Cookie` header with our cookie sealed anew, if it was sealed with the previous secret.
    fn resealed(&self, header: &str) -> Option<String> {
        let previous = self.previous.as_ref()?;
        let mut changed = false;
        let cookies: Vec<String> = Cookie::split_parse(header.to_owned())
            .filter_map(Result::ok)
            .map(|cookie| {
                let ours = cookie.name() == self.name;
                let jar = CookieJar::new();
                if !ours || jar.private(&self.current).decrypt(cookie.clone()).is_some() {
                    return cookie.stripped().to_string();
                }
                let Some(open) = jar.private(previous).decrypt(cookie.clone()) else {
                    return cookie.stripped().to_string();
                };
                changed = true;
                let mut sealed = CookieJar::new();
                sealed.private_mut(&self.current).add(open);
                sealed
                    .get(self.name)
                    .map(|cookie| cookie.stripped().to_string())
                    .unwrap_or_default()
            })
            .collect();
        changed.then(|| cookies.join("; "))
    }
}

/// Accepts cookies sealed with the previous secret, and completes the removal of a cookie.
pub(crate) async fn care(
    State(care): State<CookieCare>,
    mut request: Request,
    next: Next,
) -> Response {
    let cookies = request
        .headers()
        .get(header::COOKIE)
        .and_then(|cookies| cookies.to_str().ok());
    if let Some(resealed) = cookies.and_then(|cookies| care.resealed(cookies))
        && let Ok(value) = HeaderValue::from_str(&resealed)
    {
        request.headers_mut().insert(header::COOKIE, value);
    }
    let mut response = next.run(request).await;
    let removal = format!("{}=;", care.name);
    for value in response
        .headers_mut()
        .iter_mut()
        .filter(|(name, _)| *name == header::SET_COOKIE)
        .map(|(_, v)| v)
    {
        let Ok(text) = value.to_str() else { continue };
        if text.starts_with(&removal)
            && let Ok(complete) = HeaderValue::from_str(&format!("{text}{}", care.removal))
        {
            *value = complete;
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_the_previous_secret_is_sealed_anew_and_others_pass() {
        let (old, new) = (Key::derive_from(&[1; 32]), Key::derive_from(&[2; 32]));
        let mut jar = CookieJar::new();
        jar.private_mut(&old).add(Cookie::new("fanfare", "the id"));
        let sealed = jar.get("fanfare").unwrap().to_string();
        let care = CookieCare {
            name: "fanfare",
            current: new.clone(),
            previous: Some(old),
            removal: "".into(),
        };
        let resealed = care.resealed(&format!("theme=dark; {sealed}")).unwrap();
        let ours = Cookie::split_parse(resealed.clone())
            .filter_map(Result::ok)
            .find(|c| c.name() == "fanfare")
            .unwrap();
        assert_eq!(
            CookieJar::new()
                .private(&new)
                .decrypt(ours)
                .unwrap()
                .value(),
            "the id"
        );
        assert!(resealed.starts_with("theme=dark; "));
        assert_eq!(care.resealed("fanfare=garbage; theme=dark"), None);
    }
}

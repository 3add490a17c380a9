use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, Url, header, redirect};

use crate::target::Target;

/// How often a login may be sent on.
const MOST_REDIRECTS: usize = 10;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// A client that follows no redirects: the login is followed by hand, to see its cookies.
pub(crate) fn client() -> anyhow::Result<Client> {
    // Fails if somebody installed one before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(REQUEST_TIMEOUT)
        .build()
        .context("an HTTP client can't be made")
}

/// Signs in through the simulator, which approves by itself (`SIM_AUTO_APPROVE`); returns the `Cookie` header.
pub(crate) async fn sign_in(client: &Client, target: &Target) -> anyhow::Result<String> {
    let mut next = Url::parse(&format!("{target}/auth/login?returnTo=/"))?;
    let ours = next.origin();
    let mut cookies = BTreeMap::new();
    for _ in 0..MOST_REDIRECTS {
        let to_ours = next.origin() == ours;
        let mut request = client.get(next.clone());
        if to_ours {
            request = request.header(header::COOKIE, cookie_header(&cookies));
        }
        let reply = request.send().await.context("signing in: no answer")?;
        if to_ours {
            keep_cookies(&reply, &mut cookies);
        }
        let Some(location) = reply.headers().get(header::LOCATION) else {
            let status = reply.status();
            if to_ours && status.is_success() && !cookies.is_empty() {
                return Ok(cookie_header(&cookies));
            }
            bail!(
                "signing in ends at {} with {status}; is SIM_AUTO_APPROVE set?",
                next.path()
            );
        };
        next = next.join(
            location
                .to_str()
                .context("signing in: an unreadable address")?,
        )?;
        Target::check_loopback(&next)?;
    }
    bail!("signing in goes round in circles")
}

fn keep_cookies(reply: &Response, cookies: &mut BTreeMap<String, String>) {
    for cookie in reply.headers().get_all(header::SET_COOKIE) {
        let pair = cookie
            .to_str()
            .ok()
            .and_then(|text| text.split(';').next()?.split_once('='));
        if let Some((name, value)) = pair {
            cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

fn cookie_header(cookies: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

//! Signing in: `/auth/login`, Discord's page, a button, and back.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, StatusCode, Url, header};
use tokio::time::Instant;

use crate::deployment::LOOK_EVERY;

/// How long it may take until the guilds of a user are known.
const KNOWN_WITHIN: Duration = Duration::from_secs(30);

/// How long people try again who are told that signing in is not possible at the moment.
const SIGNED_IN_WITHIN: Duration = Duration::from_secs(30);

/// How often a login may be sent on.
const MOST_STEPS: usize = 10;

/// Signs a user in and returns the `Cookie` header, at the latest when Redis has been back for a while.
pub(super) async fn sign_in(client: &Client, base: &str, user: &str) -> anyhow::Result<String> {
    let deadline = Instant::now() + SIGNED_IN_WITHIN;
    loop {
        match go_through(client, base, user).await? {
            Ok(cookie) => return Ok(cookie),
            Err(end) if Instant::now() > deadline => bail!("signing in ends at {end}"),
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Goes through a login once; the simulator's page is answered as if the user's button was pressed. `Err` within is where Fanfare
/// said that it is not available.
async fn go_through(
    client: &Client,
    base: &str,
    user: &str,
) -> anyhow::Result<Result<String, String>> {
    let mut next = Url::parse(&format!("{base}/auth/login?returnTo=/"))?;
    let ours = next.origin();
    let mut cookies = BTreeMap::new();
    for _ in 0..MOST_STEPS {
        let at_home = next.origin() == ours;
        let request = if at_home {
            client
                .get(next.clone())
                .header(header::COOKIE, written(&cookies))
        } else {
            press(client, &next, user)
        };
        let reply = request.send().await.context("signing in: no answer")?;
        if at_home {
            keep(&reply, &mut cookies);
        }
        let Some(location) = reply.headers().get(header::LOCATION) else {
            let status = reply.status();
            if at_home && status.is_success() && !cookies.is_empty() {
                return Ok(Ok(written(&cookies)));
            }
            if at_home && status == StatusCode::SERVICE_UNAVAILABLE {
                return Ok(Err(format!("{} with {status}", next.path())));
            }
            bail!("signing in ends at {} with {status}", next.path());
        };
        next = next.join(location.to_str()?)?;
    }
    bail!("signing in goes round in circles")
}

/// Waits until Fanfare knows that these guilds are the user's.
pub(super) async fn wait_for_guilds(
    client: &Client,
    base: &str,
    cookie: &str,
    guilds: &[u64],
) -> anyhow::Result<()> {
    let deadline = Instant::now() + KNOWN_WITHIN;
    loop {
        let request = client.get(format!("{base}/api/guilds"));
        let reply = request.header(header::COOKIE, cookie).send().await?;
        let known = reply.text().await?;
        let mut names = guilds.iter().map(|guild| format!("\"{guild}\""));
        if names.all(|name| known.contains(&name)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("{guilds:?} do not become known: {known}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The form of Discord's page: what the address says, and who one is.
fn press(client: &Client, page: &Url, user: &str) -> reqwest::RequestBuilder {
    let mut action = page.clone();
    action.set_query(None);
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    form.push(("user".to_owned(), user.to_owned()));
    client.post(action).form(&form)
}

fn keep(reply: &Response, cookies: &mut BTreeMap<String, String>) {
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

fn written(cookies: &BTreeMap<String, String>) -> String {
    let pairs = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("; ")
}

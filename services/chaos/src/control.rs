//! The simulator's control API: making things happen, making them go wrong, reading what was emitted.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::browser::OUTCAST;

/// How long one request may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Acts that a sequence plays at most; it is stopped long before.
const LONGEST_PLAY: u64 = 100_000;

/// Entries of the log in one request.
const PAGE: usize = 5_000;

/// A client of the simulator.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    base: String,
    client: Client,
}

/// One dispatch that the simulator emitted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dispatch {
    /// Counts from 1, without holes.
    pub(crate) n: u64,
    /// Unix µs.
    pub(crate) at_micros: u64,
    /// Discord's name of it.
    pub(crate) t: String,
    /// What Discord sends.
    pub(crate) d: Value,
}

#[derive(Deserialize)]
struct Page {
    first: u64,
    last: u64,
    entries: Vec<Dispatch>,
}

/// What people do by themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Play<'a> {
    pub(crate) seed: u64,
    /// Acts a second.
    pub(crate) rate: u32,
    pub(crate) guilds: &'a [u64],
    /// Kinds of acts.
    pub(crate) kinds: &'a [&'a str],
    /// What stands in everything that is written.
    pub(crate) mark: &'a str,
}

/// What the sessions of the bot went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sessions {
    /// How many are connected.
    pub(crate) connected: usize,
    /// How many there are.
    pub(crate) all: usize,
    /// RESUMEs that were served.
    pub(crate) resumes: u64,
    /// IDENTIFYs that were served.
    pub(crate) identifies: u64,
}

impl Control {
    pub(crate) fn new(port: u16) -> anyhow::Result<Self> {
        Ok(Self {
            base: format!("http://127.0.0.1:{port}"),
            client: client()?,
        })
    }

    /// Its address, without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Everything that is.
    pub(crate) async fn state(&self) -> anyhow::Result<Value> {
        self.get("control/state").await
    }

    /// What the bot may read of a guild by REST: `channels`, `roles`.
    pub(crate) async fn rest(&self, guild: u64, what: &str) -> anyhow::Result<Value> {
        let url = format!("{}/api/v10/guilds/{guild}/{what}", self.base);
        let request = self
            .client
            .get(url)
            .header("authorization", "Bot chaos")
            .header("user-agent", "DiscordBot (chaos, 1)");
        answer(request).await
    }

    /// Makes something happen.
    pub(crate) async fn act(&self, act: &str, fields: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/control/{act}", self.base);
        answer(self.client.post(url).json(fields)).await
    }

    /// Makes something go wrong.
    pub(crate) async fn fault(&self, fields: &Value) -> anyhow::Result<Value> {
        self.act("fault", fields).await
    }

    /// Ends what lasts of the faults.
    pub(crate) async fn heal(&self) -> anyhow::Result<()> {
        self.delete("control/fault").await
    }

    /// What the bot's sessions went through so far.
    pub(crate) async fn sessions(&self) -> anyhow::Result<Sessions> {
        let state = self.state().await?;
        let list = state["sessions"].as_array().cloned().unwrap_or_default();
        let total = &self.get("control/stats").await?["total"];
        let count = |what: &str| total[what].as_u64().unwrap_or_default();
        let connected = list.iter().filter(|session| session["connected"] == true);
        Ok(Sessions {
            connected: connected.count(),
            all: list.len(),
            resumes: count("resume"),
            identifies: count("identify"),
        })
    }

    /// The number of the newest dispatch.
    pub(crate) async fn newest(&self) -> anyhow::Result<u64> {
        Ok(self.page(u64::MAX - 1, 1).await?.last)
    }

    /// Everything emitted after a number, in order.
    pub(crate) async fn log(&self, since: u64) -> anyhow::Result<Vec<Dispatch>> {
        let mut found: Vec<Dispatch> = Vec::new();
        loop {
            let since = found.last().map_or(since, |newest| newest.n);
            let page = self.page(since, PAGE).await?;
            if page.first > since + 1 && page.last > since {
                bail!(
                    "the simulator's log begins at {}, {} is needed",
                    page.first,
                    since + 1
                );
            }
            if page.entries.is_empty() {
                return Ok(found);
            }
            found.extend(page.entries);
        }
    }

    async fn page(&self, since: u64, limit: usize) -> anyhow::Result<Page> {
        let path = format!("control/log?since={since}&limit={limit}");
        Ok(serde_json::from_value(self.get(&path).await?)?)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.client.get(format!("{}/{path}", self.base))).await
    }

    /// Lets people act by themselves in these guilds, the same way for the same seed, until told to stop.
    pub(crate) async fn play(&self, play: Play<'_>) -> anyhow::Result<()> {
        let guilds: Vec<String> = play.guilds.iter().map(u64::to_string).collect();
        let sequence = json!({
            "seed": play.seed, "rate": play.rate, "guilds": guilds, "count": LONGEST_PLAY,
            "kinds": play.kinds, "outcasts": [OUTCAST], "mark": play.mark,
        });
        self.act("sequence", &sequence).await.map(|_| ())
    }

    /// Stops it.
    pub(crate) async fn stop(&self) -> anyhow::Result<()> {
        self.delete("control/sequence").await
    }

    async fn delete(&self, path: &str) -> anyhow::Result<()> {
        answer(self.client.delete(format!("{}/{path}", self.base)))
            .await
            .map(|_| ())
    }
}

/// A client that follows no redirects and goes through no proxy.
pub(crate) fn client() -> anyhow::Result<Client> {
    // Fails if somebody installed one before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_WITHIN)
        .build()
        .context("an HTTP client can't be made")
}

async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let reply = request
        .send()
        .await
        .context("the simulator does not answer")?;
    let (status, url) = (reply.status(), reply.url().clone());
    let text = reply.text().await?;
    if !status.is_success() {
        bail!("the simulator refuses {}: {status} {text}", url.path());
    }
    serde_json::from_str(&text).with_context(|| format!("no JSON from {}: {text}", url.path()))
}

//! A simulator on a free port, and ways to ask it.

use std::{
    net::SocketAddr,
    sync::Once,
    time::{Duration, Instant},
};

use lifecycle::Lifecycle;
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};
use simulator::{App, Config, Control};

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

static PROVIDER: Once = Once::new();

pub(crate) struct Stage {
    pub(crate) addr: SocketAddr,
    pub(crate) control: Control,
    pub(crate) http: Client,
    lifecycle: Lifecycle,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Sessions can be started as fast as one likes, unless `change` says otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider()
                .install_default()
                .unwrap();
        });
        let mut config = Config {
            identify_interval: Duration::ZERO,
            ..Config::default()
        };
        change(&mut config);
        let app = App::build(config).await.unwrap();
        let (addr, control, lifecycle) = (app.addr(), app.control(), Lifecycle::new());
        app.start(&lifecycle);
        let http = Client::builder()
            .timeout(DEADLINE)
            .redirect(Policy::none())
            .user_agent("DiscordBot (https://example.org, 1.0)")
            .build()
            .unwrap();
        Self {
            addr,
            control,
            http,
            lifecycle,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A REST call of the bot.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.url(&format!("/api/v10{path}"));
        self.http
            .request(method, url)
            .header("authorization", "Bot token")
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.call(Method::GET, path)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        answer(self.call(method, path).json(body)).await
    }

    #[track_caller]
    pub(crate) fn act(&self, act: &str, fields: Value) -> Value {
        self.control.act(act, fields).unwrap()
    }

    #[track_caller]
    pub(crate) fn fault(&self, fields: Value) {
        self.control.fault(fields).unwrap();
    }

    /// The id of the thing with this name in a list of the default guild: channels, roles, members.
    #[track_caller]
    pub(crate) fn id(&self, list: &str, name: &str) -> String {
        let state = self.control.state();
        let home = guild(&state, "Fanfare Café").clone();
        let found = home[list]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {list}"))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[track_caller]
    pub(crate) fn guild(&self, name: &str) -> String {
        guild(&self.control.state(), name)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn home(&self) -> String {
        self.guild("Fanfare Café")
    }

    pub(crate) fn sessions(&self) -> Vec<Value> {
        self.control.state()["sessions"].as_array().unwrap().clone()
    }

    /// Waits until the sessions look as wanted.
    pub(crate) async fn until_sessions(&self, wanted: impl Fn(&[Value]) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !wanted(&self.sessions()) {
            assert!(Instant::now() < end, "{:?}", self.sessions());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.lifecycle.begin_drain();
    }
}

#[track_caller]
pub(crate) fn guild<'a>(state: &'a Value, name: &str) -> &'a Value {
    state["guilds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|guild| guild["name"] == name)
        .unwrap()
}

pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response: Response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(json!(null)))
}

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use parking_lot::Mutex;
use reqwest::{Client, RequestBuilder, Response, header, redirect};
use tokio::task::JoinHandle;

use crate::replica::{PATIENCE, Replica};

/// One person's browser.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) base: String,
    cookie: Arc<Mutex<String>>,
}

/// One event as a browser dispatches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispatched {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

/// An open stream.
pub(crate) struct Stream {
    state: Arc<Mutex<State>>,
    reader: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    text: String,
    events: Vec<Dispatched>,
    last_event_id: String,
    ended: bool,
}

pub(crate) fn client() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

impl Browser {
    pub(crate) fn new(replica: &Replica) -> Self {
        Self {
            client: client(),
            base: replica.url.clone(),
            cookie: Arc::default(),
        }
    }

    /// Goes to Discord and comes back.
    pub(crate) async fn signed_in(replica: &Replica) -> Self {
        let browser = Self::new(replica);
        let answer = browser.sign_in().await;
        assert_eq!(
            (
                answer.status().as_u16(),
                &answer.headers()[header::LOCATION]
            ),
            (303, &"/rooms".parse().unwrap())
        );
        browser
    }

    pub(crate) async fn sign_in(&self) -> Response {
        let to_discord = self.get("/auth/login?returnTo=/rooms").await;
        assert_eq!(to_discord.status(), 303);
        let back = client().get(location(&to_discord)).send().await.unwrap();
        self.get_url(&location(&back)).await
    }

    /// The same person at another replica.
    pub(crate) fn at(&self, replica: &Replica) -> Self {
        Self {
            base: replica.url.clone(),
            ..self.clone()
        }
    }

    pub(crate) fn cookie(&self) -> String {
        self.cookie.lock().clone()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, format!("{}{path}", self.base))
            .header(header::COOKIE, self.cookie())
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.get_url(&format!("{}{path}", self.base)).await
    }

    pub(crate) async fn get_url(&self, url: &str) -> Response {
        let answer = self
            .client
            .get(url)
            .header(header::COOKIE, self.cookie())
            .send()
            .await
            .unwrap();
        self.keep(&answer);
        answer
    }

    pub(crate) fn keep(&self, answer: &Response) {
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            pair.clone_into(&mut self.cookie.lock());
        }
    }

    pub(crate) async fn stream(&self, query: &str) -> Stream {
        self.resume(query, None).await
    }

    pub(crate) async fn resume(&self, query: &str, last_event_id: Option<&str>) -> Stream {
        // No time-out for the whole: a stream does not end.
        let client = Client::builder().connect_timeout(PATIENCE).build().unwrap();
        let mut request = client
            .get(format!("{}/api/stream?{query}", self.base))
            .header(header::COOKIE, self.cookie());
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let answer = tokio::time::timeout(PATIENCE, request.send())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(answer.status(), 200);
        let state = Arc::new(Mutex::new(State::default()));
        let reader = tokio::spawn(read(answer, Arc::clone(&state)));
        Stream { state, reader }
    }
}

pub(crate) fn location(answer: &Response) -> String {
    answer.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned()
}

/// Reads by the rules of the WHATWG.
async fn read(answer: Response, state: Arc<Mutex<State>>) {
    let mut body = answer.bytes_stream();
    let (mut rest, mut name, mut data, mut id) =
        (String::new(), String::new(), Vec::new(), String::new());
    while let Some(Ok(part)) = body.next().await {
        let part = std::str::from_utf8(&part).expect("the stream is UTF-8");
        state.lock().text.push_str(part);
        rest.push_str(part);
        while let Some(end) = rest.find('\n') {
            let line: String = rest.drain(..=end).collect();
            let line = line.trim_end_matches('\n');
            if line.is_empty() {
                let mut state = state.lock();
                state.last_event_id.clone_from(&id);
                let event = Dispatched {
                    name: std::mem::take(&mut name),
                    id: id.clone(),
                    data: data.join("\n"),
                };
                if !std::mem::take(&mut data).is_empty() {
                    state.events.push(event);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "event" => name = value,
                "data" => data.push(value),
                "id" => id = value,
                _ => {}
            }
        }
    }
    state.lock().ended = true;
}

impl Stream {
    pub(crate) fn events(&self) -> Vec<Dispatched> {
        self.state.lock().events.clone()
    }

    pub(crate) fn text(&self) -> String {
        self.state.lock().text.clone()
    }

    pub(crate) fn last_event_id(&self) -> String {
        self.state.lock().last_event_id.clone()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state.lock().ended
    }

    /// Waits until so many events are there.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Dispatched> {
        self.wait_until(|stream| stream.events().len() >= count)
            .await;
        self.events()
    }

    pub(crate) async fn wait_for_end(&self) {
        self.wait_until(Stream::has_ended).await;
    }

    pub(crate) async fn wait_until(&self, reached: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !reached(self) {
            assert!(
                tokio::time::Instant::now() < deadline,
                "it did not come to that: {}",
                self.text()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

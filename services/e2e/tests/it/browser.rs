//! A browser as far as streams are concerned: signs in with a cookie, reads server-sent events by the book.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use reqwest::{Client, Response, header};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{process::PATIENCE, stack::client};

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) base: String,
    cookies: BTreeMap<String, String>,
    client: Client,
}

/// One event of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) event: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// An open stream and what came so far.
pub(crate) struct Stream {
    received: Arc<Mutex<Vec<Received>>>,
    reader: JoinHandle<()>,
}

impl Browser {
    /// Follows the login from `/auth/login` through Discord and back.
    pub(crate) async fn sign_in(base: &str) -> Self {
        let mut browser = Self {
            base: base.to_owned(),
            cookies: BTreeMap::new(),
            client: client(),
        };
        let mut next = format!("{base}/auth/login?returnTo=/");
        for _ in 0..8 {
            let ours = next.starts_with(base);
            let mut request = browser.client.get(&next);
            if ours {
                request = request.header(header::COOKIE, browser.cookie());
            }
            let reply = request
                .send()
                .await
                .unwrap_or_else(|error| panic!("{next}: {error}"));
            if ours {
                browser.keep_cookies(&reply);
            }
            let Some(location) = reply.headers().get(header::LOCATION) else {
                assert!(
                    reply.status().is_success(),
                    "{next}: {} {:?}",
                    reply.status(),
                    reply.text().await
                );
                return browser;
            };
            let location = location.to_str().expect("a location is text");
            next = if location.starts_with('/') {
                format!("{base}{location}")
            } else {
                location.to_owned()
            };
        }
        panic!("the login goes round in circles: {next}");
    }

    /// The `Cookie` header.
    pub(crate) fn cookie(&self) -> String {
        self.cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// The same person at another replica.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// GET with the cookie.
    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self
            .client
            .get(format!("{}{path}", self.base))
            .header(header::COOKIE, self.cookie());
        request.send().await.expect("web answers")
    }

    /// Calls a function, as a page of ours would.
    pub(crate) async fn call(&self, function: &str, input: &Value) -> Response {
        let request = self
            .client
            .post(format!("{}/api/rpc/{function}", self.base))
            .header(header::COOKIE, self.cookie())
            .header(header::ORIGIN, &self.base)
            .json(input);
        request.send().await.expect("web answers")
    }

    /// Opens `/api/stream?query`, with `Last-Event-ID` if given, and waits for its head.
    pub(crate) async fn stream(&self, query: &str, last_event_id: Option<&str>) -> Stream {
        let mut request = Client::builder()
            .build()
            .expect("a client")
            .get(format!("{}/api/stream?{query}", self.base));
        request = request.header(header::COOKIE, self.cookie());
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let reply = request.send().await.expect("web answers");
        assert_eq!(reply.status(), 200, "a stream opens");
        assert_eq!(reply.headers()[header::CONTENT_TYPE], "text/event-stream");
        let received = Arc::new(Mutex::new(Vec::new()));
        let reader = tokio::spawn(read(reply, received.clone()));
        Stream { received, reader }
    }

    fn keep_cookies(&mut self, reply: &Response) {
        for cookie in reply.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie is text");
            if let Some((name, value)) =
                text.split(';').next().and_then(|pair| pair.split_once('='))
            {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Stream {
    /// What came so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no reader panicked").clone()
    }

    /// Waits for an event.
    pub(crate) async fn wait_for(
        &self,
        what: &str,
        wanted: impl Fn(&Received) -> bool,
    ) -> Received {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(found) = self.received().into_iter().find(&wanted) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never came: {what}; came: {:#?}", self.received());
    }

    /// Whether the server ended it.
    pub(crate) fn ended(&self) -> bool {
        self.reader.is_finished()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Reads events as the WHATWG rules say: fields by line, dispatched at the empty line, the id kept.
async fn read(reply: Response, received: Arc<Mutex<Vec<Received>>>) {
    let mut body = reply.bytes_stream();
    let mut buffer = Vec::new();
    let (mut event, mut data, mut id) = (String::new(), Vec::<String>::new(), String::new());
    while let Some(Ok(chunk)) = body.next().await {
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let line = String::from_utf8(line).expect("a stream is UTF-8");
            let line = line.trim_end_matches('\n');
            if line.is_empty() {
                if !data.is_empty() {
                    let data = serde_json::from_str(&data.join("\n")).expect("the data is JSON");
                    let event = std::mem::take(&mut event);
                    received.lock().expect("no reader panicked").push(Received {
                        event,
                        id: id.clone(),
                        data,
                    });
                }
                event.clear();
                data.clear();
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut event),
                "data" => data.push(value.to_owned()),
                "id" => value.clone_into(&mut id),
                _ => {}
            }
        }
    }
}

use std::{io, sync::Arc};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing::{Level, subscriber::DefaultGuard};

use crate::{
    browser::{Browser, client},
    replica::Deployment,
};

/// What is logged by this thread, on which a test's replicas run.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The lines with a message, oldest first.
    fn told(&self, message: &str) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines
            .filter(|line: &Value| line["message"] == message)
            .collect()
    }
}

#[tokio::test]
async fn sign_ins_and_refusals_are_logged() {
    let (log, _guard) = Log::begin();
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let made_up = Browser::new(&web)
        .get("/auth/callback?code=a&state=b")
        .await;
    assert_eq!(made_up.status(), 400);
    assert_eq!(log.told("a sign-in failed")[0]["outcome"], "stale");
    let browser = Browser::signed_in(&web).await;
    let user = log.told("somebody signed in")[0]["user_id"].clone();
    assert_eq!(user, "80351110224678912");

    let refused = || log.told("a request was refused");
    let before = refused().len();
    assert_eq!(Browser::new(&web).get("/api/me").await.status(), 401);
    assert_eq!(
        refused().len(),
        before,
        "who is not signed in yet is no news"
    );
    let call = |request: reqwest::RequestBuilder| {
        let call = request.json(&json!({"name": "Lounge"}));
        async move { call.send().await.unwrap().status() }
    };
    let path = "/api/rpc/createRoom";
    let nobodys = client().post(format!("{}{path}", web.url));
    assert_eq!(call(nobodys).await, 401);
    let foreign = browser.request("POST", path);
    let foreign = foreign.header("origin", "https://evil.example");
    assert_eq!(call(foreign).await, 403);
    let lines = &refused()[before..];
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(lines[0]["code"], "unauthorized");
    assert_eq!(lines[1]["code"], "forbidden");
    assert_eq!(lines[1]["span"]["user_id"], user, "{lines:#?}");
    assert_eq!(lines[1]["span"]["path"], path);
    assert_eq!(lines[1]["from"], "127.0.0.1");
    assert!(lines[1]["timestamp"].as_str().unwrap().ends_with('Z'));

    let out = browser
        .request("POST", "/auth/logout")
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(log.told("somebody signed out")[0]["user_id"], user);
}

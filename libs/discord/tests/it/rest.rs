use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use contracts::{GuildId, UserId};
use discord::{
    Rest, RestError,
    rest::{RestObserver, RestRequest},
};
use environment::Secret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use crate::running::TOKEN;

/// Answers each request with the next reply, the last one again and again.
struct Server {
    api_url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(replies: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_url = format!("http://{}/api/v10", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let noted = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => request.push(byte),
                        Err(_) => break,
                    }
                }
                let reply = {
                    let mut noted = noted.lock().unwrap();
                    noted.push(String::from_utf8_lossy(&request).into_owned());
                    replies[(noted.len() - 1).min(replies.len() - 1)].clone()
                };
                stream.write_all(reply.as_bytes()).await.ok();
            }
        });
        Self {
            api_url,
            requests,
            task,
        }
    }

    fn rest(&self) -> Rest {
        Rest::new(&Secret::from(TOKEN), &self.api_url).unwrap()
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn reply(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn the_gateway_is_found_with_the_bots_token() {
    let body = r#"{"url":"wss://gateway.discord.gg","shards":2,"session_start_limit":
        {"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":1}}"#;
    let server = Server::start(vec![reply(200, "", body)]).await;
    let bot = server.rest().gateway_bot().await.unwrap();
    assert_eq!(
        (bot.url.as_str(), bot.shards),
        ("wss://gateway.discord.gg", 2)
    );
    assert_eq!(bot.session_start_limit.remaining, 999);
    let request = server.requests()[0].to_lowercase();
    assert!(
        request.starts_with("get /api/v10/gateway/bot "),
        "{request}"
    );
    assert!(
        request.contains(&format!("authorization: bot {TOKEN}")),
        "{request}"
    );
    assert!(request.contains("user-agent: discordbot ("), "{request}");
}

#[tokio::test]
async fn a_user_who_is_no_member_is_none() {
    let server = Server::start(vec![
        reply(
            200,
            "",
            r#"{"user":{"id":"2","username":"nelly"},"roles":["7"]}"#,
        ),
        reply(404, "", r#"{"code":10007,"message":"Unknown Member"}"#),
        reply(404, "", r#"{"code":10004,"message":"Unknown Guild"}"#),
    ])
    .await;
    let (rest, guild, user) = (server.rest(), GuildId::new(1), UserId::new(2));
    let member = rest.guild_member(guild, user).await.unwrap().unwrap();
    assert_eq!(member.user.unwrap().username, "nelly");
    assert_eq!(rest.guild_member(guild, user).await, Ok(None));
    let missing = rest.guild_member(guild, user).await;
    assert_eq!(missing, Err(RestError::NotFound { code: 10_004 }));
}

#[tokio::test]
async fn server_errors_are_tried_again_a_few_times() {
    let server = Server::start(vec![
        reply(502, "", "<html>Bad Gateway</html>"),
        reply(503, "", r#"{"code":0,"message":"busy"}"#),
        reply(200, "", r#"{"id":"9","username":"bot","bot":true}"#),
    ])
    .await;
    assert_eq!(server.rest().current_user().await.unwrap().username, "bot");
    assert_eq!(server.requests().len(), 3);

    let server = Server::start(vec![reply(500, "", r#"{"code":0,"message":"oops"}"#)]).await;
    let failed = server.rest().current_user().await;
    assert!(
        matches!(failed, Err(RestError::Unavailable(_))),
        "{failed:?}"
    );
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_refused_token_is_not_sent_again() {
    let body = r#"{"code":0,"message":"401: Unauthorized"}"#;
    let server = Server::start(vec![reply(401, "", body)]).await;
    let rest = server.rest();
    for _ in 0..3 {
        let error = rest.current_application().await.unwrap_err();
        assert_eq!(error, RestError::Unauthorized);
        assert!(!error.to_string().contains(TOKEN));
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn refusals_tell_what_the_caller_can_do() {
    let server = Server::start(vec![
        reply(403, "", r#"{"code":50001,"message":"Missing Access"}"#),
        reply(
            400,
            "",
            r#"{"code":50035,"message":"Invalid Form Body","errors":{}}"#,
        ),
        reply(200, "", "not JSON"),
    ])
    .await;
    let rest = server.rest();
    let ask = || rest.guild_member(GuildId::new(1), UserId::new(2));
    assert_eq!(ask().await, Err(RestError::Forbidden { code: 50_001 }));
    let rejected = RestError::Rejected {
        code: 50_035,
        message: "Invalid Form Body".into(),
    };
    assert_eq!(ask().await, Err(rejected));
    assert_eq!(ask().await, Err(RestError::Unintelligible));
}

#[tokio::test]
async fn a_limit_of_a_bucket_is_waited_for() {
    let headers = "x-ratelimit-scope: user\r\nx-ratelimit-bucket: b\r\nx-ratelimit-limit: 1\r\n\
                   x-ratelimit-remaining: 0\r\nx-ratelimit-reset-after: 0.3\r\nretry-after: 1\r\n";
    let body = r#"{"message":"slow","retry_after":0.3,"global":false}"#;
    let server = Server::start(vec![
        reply(429, headers, body),
        reply(200, "", r#"{"id":"9","username":"bot"}"#),
    ])
    .await;
    let start = std::time::Instant::now();
    server.rest().current_user().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(250));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_limit_that_names_no_bucket_is_not_stormed() {
    let headers = "x-ratelimit-scope: global\r\nx-ratelimit-global: true\r\nretry-after: 1\r\n";
    let body = r#"{"message":"slow","retry_after":1.0,"global":true}"#;
    let server = Server::start(vec![reply(429, headers, body)]).await;
    let limited = server.rest().current_user().await;
    assert!(
        matches!(limited, Err(RestError::RateLimited { .. })),
        "{limited:?}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let api_url = format!("http://127.0.0.1:{port}/api/v10");
    let rest = Rest::new(&Secret::from(TOKEN), &api_url).unwrap();
    let failed = rest.current_user().await;
    assert_eq!(failed, Err(RestError::Unavailable("could not connect")));
    assert!(!format!("{rest:?}").contains(TOKEN));
}

/// Keeps what it hears.
#[derive(Default)]
struct Notes(Mutex<Vec<RestRequest>>);

impl RestObserver for Notes {
    fn ended(&self, request: &RestRequest) {
        self.0.lock().unwrap().push(request.clone());
    }
}

#[tokio::test]
async fn every_request_is_told_with_its_family_its_wait_and_its_outcome() {
    let headers = "x-ratelimit-scope: user\r\nx-ratelimit-bucket: b\r\nx-ratelimit-limit: 1\r\n\
                   x-ratelimit-remaining: 0\r\nx-ratelimit-reset-after: 0.3\r\nretry-after: 1\r\n";
    let slow = r#"{"message":"slow","retry_after":0.3,"global":false}"#;
    let gone = r#"{"message":"Unknown Member","code":10007}"#;
    let server = Server::start(vec![reply(429, headers, slow), reply(404, "", gone)]).await;
    let notes = Arc::new(Notes::default());
    let rest = server.rest().observed(notes.clone());
    for user in [1, 2] {
        let member = rest.guild_member(GuildId::new(7), UserId::new(user)).await;
        assert_eq!(member, Ok(None));
    }
    let notes = notes.0.lock().unwrap().clone();
    let told: Vec<_> = notes
        .iter()
        .map(|request| {
            (
                request.method,
                request.route.as_str(),
                request.outcome,
                request.sends,
            )
        })
        .collect();
    let member = |sends| ("GET", "/guilds/{id}/members/{id}", "not-found", sends);
    assert_eq!(told, [member(2), member(1)]);
    let limit = Duration::from_millis(250);
    assert!(
        notes[0].waited >= limit && notes[1].waited < limit,
        "the first waits for the limit: {notes:?}"
    );
    assert!(notes.iter().all(|request| request.waited <= request.took));
}

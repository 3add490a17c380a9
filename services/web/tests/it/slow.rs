//! Readers that are slow, and readers that have stopped.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    browser::{Browser, Stream},
    publisher::ROOM,
    replica::{Deployment, GUILD, PATIENCE, Replica},
};

/// More events than the ring and the kernel's buffers hold.
const COUNT: u64 = 30_000;

/// A browser whose socket the test reads by hand.
struct Reader {
    socket: TcpStream,
    text: Vec<u8>,
}

impl Reader {
    /// Opens a stream and waits for its first bytes.
    async fn open(web: &Replica, browser: &Browser) -> Self {
        let mut socket = TcpStream::connect(web.addr).await.unwrap();
        let head = format!(
            "GET /api/stream HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
            web.addr,
            browser.cookie()
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut reader = Self {
            socket,
            text: Vec::new(),
        };
        while !reader.text().contains("\nid: ") {
            assert!(reader.read(1 << 10).await);
        }
        reader
    }

    /// Reads so many bytes at most; false when the connection is over.
    async fn read(&mut self, most: usize) -> bool {
        let mut part = vec![0; most];
        let read = tokio::time::timeout(PATIENCE, self.socket.read(&mut part)).await;
        let count = read.unwrap().unwrap_or(0);
        self.text.extend_from_slice(&part[..count]);
        count > 0
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    fn has(&self, user: u64) -> bool {
        let end = &self.text[self.text.len().saturating_sub(2_000)..];
        String::from_utf8_lossy(end).contains(&format!("\"userId\":\"{user}\""))
    }

    /// The users whose events are there whole, and the id of the last of them.
    fn users(&self) -> (Vec<u64>, String) {
        let text: String = self.text().split("\r\n").collect::<Vec<_>>().concat();
        let mut users = Vec::new();
        let mut cursor = String::new();
        for block in text.split_inclusive("\n\n") {
            let Some(user) = block.split("\"userId\":\"").nth(1) else {
                continue;
            };
            let (Some(id), true) = (block.split("id: ").nth(1), block.ends_with("}\n\n")) else {
                continue;
            };
            users.push(user.split('"').next().unwrap().parse().unwrap());
            id.lines().next().unwrap().clone_into(&mut cursor);
        }
        (users, cursor)
    }
}

async fn quick(browser: &Browser) -> Stream {
    let quick = browser.stream("").await;
    quick
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    quick
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_has_stopped_is_cut_off_alone_and_goes_on_by_its_cursor() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let mut stopped = Reader::open(&web, &browser).await;
    let quick = quick(&browser).await;
    for user in 1..=COUNT {
        deployment.publisher.join(GUILD, ROOM, user).await;
    }
    assert_eq!(quick.wait(COUNT as usize).await.len(), COUNT as usize);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while web.metric("fanfare_slow_consumer_closes_total") < 1.0
        || web.metric("fanfare_streams_active") > 1.0
    {
        assert!(tokio::time::Instant::now() < deadline, "it is not cut off");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!quick.has_ended());
    while stopped.read(1 << 16).await {}
    let (mut users, cursor) = stopped.users();
    assert!(!users.is_empty() && users.len() < COUNT as usize);
    let resumed = browser.resume("", Some(&cursor)).await;
    let rest = resumed.wait(COUNT as usize - users.len()).await;
    users.extend(rest.iter().map(|event| {
        let json: serde_json::Value = serde_json::from_str(&event.data).unwrap();
        json["userId"].as_str().unwrap().parse::<u64>().unwrap()
    }));
    assert_eq!(users, (1..=COUNT).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_slow_but_reads_is_served_in_order_and_stays() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let mut slow = Reader::open(&web, &browser).await;
    let quick = quick(&browser).await;
    for user in 1..=COUNT {
        deployment.publisher.join(GUILD, ROOM, user).await;
        if user % 100 == 0 {
            assert!(slow.read(8 << 10).await);
        }
    }
    quick.wait(COUNT as usize).await;
    assert!(!slow.has(COUNT), "it is behind");
    while !slow.has(COUNT) {
        assert!(slow.read(64 << 10).await, "it was cut off");
    }
    assert!(web.metric("fanfare_catch_up_reads_total") >= 1.0);
    let text = slow.text();
    assert_eq!(text.matches("event: voice.joined").count(), COUNT as usize);
}

#[tokio::test]
async fn a_reader_that_has_stopped_does_not_hold_up_the_end() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let _stopped = Reader::open(&web, &browser).await;
    for user in 1..=COUNT {
        deployment.publisher.join(GUILD, ROOM, user).await;
    }
    web.begin_stop();
    // As long as it is there, the others are still answered.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let ready = browser.get("/api/ready").await;
        if ready.status() == 503 {
            let body = ready.text().await.unwrap();
            assert!(body.contains("draining"), "{body}");
            break;
        }
        assert!(tokio::time::Instant::now() < deadline);
    }
    let turned_away = browser.stream("").await;
    turned_away.wait_for_end().await;
    assert_eq!(turned_away.events()[0].data, r#"{"reason":"draining"}"#);
    assert!(turned_away.text().starts_with("retry: "));
    assert!(web.stop().await, "it ends within the grace period");
}

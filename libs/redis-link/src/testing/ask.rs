use std::{net::Ipv4Addr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Follows every command, so that the end of its answer is seen.
const END: &str = "end-of-answer";

/// What the server on this port answers to a command.
pub(super) async fn ask(port: u16, command: &str) -> Option<String> {
    let exchange = async {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        let both = format!("{command}\r\nPING {END}\r\n");
        socket.write_all(both.as_bytes()).await.ok()?;
        let (mut answer, mut buffer) = (String::new(), [0; 4096]);
        loop {
            let count = socket.read(&mut buffer).await.ok()?;
            answer.push_str(&String::from_utf8_lossy(&buffer[..count]));
            let end = answer.find(&format!("${}\r\n{END}\r\n", END.len()));
            if let Some(end) = end {
                answer.truncate(end);
                return Some(answer);
            }
            if count == 0 {
                return None;
            }
        }
    };
    tokio::time::timeout(TIMEOUT, exchange).await.ok()?
}

/// Whether what this master does reaches as many replicas. (It calls one online that still loads and is sent nothing yet.)
pub(super) async fn streams_to(master: u16, replicas: usize) -> bool {
    let both = format!("PUBLISH settled now\r\nWAIT {replicas} 500");
    let answer = ask(master, &both).await;
    answer.is_some_and(|answer| answer.ends_with(&format!(":{replicas}\r\n")))
}

/// Waits until something holds.
///
/// # Panics
///
/// If it does not in time.
pub(super) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + super::START_TIMEOUT;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

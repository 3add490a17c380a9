use std::{net::Ipv4Addr, sync::Arc};

use axum::routing::get;
use prometheus::Registry;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::*;
use crate::server::addresses::Addresses;

/// How long a head may take here.
const WITHIN: Duration = Duration::from_millis(300);

/// A client, and the server's task of its connection.
async fn connected() -> (TcpStream, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (socket, from) = accepted.unwrap();
    let peer = Peer::new(from.ip());
    let places = Arc::new(Semaphore::new(1));
    let counted = Addresses::default().enter(peer, 1).unwrap();
    let incoming = Incoming {
        socket,
        peer,
        kept: Kept::new(places.acquire_owned().await.unwrap(), counted),
    };
    let router = Router::new().route("/", get(async || "here"));
    let metrics = Arc::new(Metrics::register(&Registry::new()).unwrap());
    let served = tokio::spawn(serve(incoming, router, WITHIN, Arc::default(), metrics));
    (client.unwrap(), served)
}

/// The connection is closed, and its place free.
async fn ends(served: tokio::task::JoinHandle<()>) {
    let ended = timeout(WITHIN * 10, served).await;
    ended.expect("it is closed").unwrap();
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let (mut client, served) = connected().await;
    let slow = tokio::spawn(async move {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "
            .iter()
            .chain([b'x'; 500].iter());
        for byte in head {
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(WITHIN / 10).await;
        }
    });
    ends(served).await;
    slow.abort();
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_closed() {
    let (_client, served) = connected().await;
    ends(served).await;
}

#[tokio::test]
async fn a_connection_that_is_idle_after_an_answer_is_closed() {
    let (mut client, served) = connected().await;
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let read = timeout(WITHIN * 10, client.read_to_end(&mut answer)).await;
    read.expect("it is closed").unwrap();
    assert!(String::from_utf8_lossy(&answer).ends_with("here"));
    ends(served).await;
}

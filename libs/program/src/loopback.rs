//! HTTP to another process on this machine.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    client::conn::http1,
    header::{CONNECTION, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// How long a process on this machine may take for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest answer that is read, in bytes; a longer one is an error.
const LONGEST_ANSWER: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// Nobody listens, or the connection broke.
    #[error("{0}")]
    Connection(#[from] io::Error),
    /// It is no HTTP, or it broke off.
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// The answer can't be read.
    #[error("the answer can't be read: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// It took too long.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
}

/// Where a server that listens on `bind` is reached from its own machine.
pub(crate) fn address(bind: IpAddr, port: u16) -> SocketAddr {
    let ip = match bind {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        named => named,
    };
    SocketAddr::new(ip, port)
}

/// Asks, and reads the whole answer: its status and its text.
pub(crate) async fn ask(
    method: Method,
    address: SocketAddr,
    path: &'static str,
    body: String,
) -> Result<(StatusCode, String), Unanswered> {
    let exchange = exchange(method, address, path, body);
    timeout(PATIENCE, exchange)
        .await
        .unwrap_or(Err(Unanswered::Late))
}

async fn exchange(
    method: Method,
    address: SocketAddr,
    path: &'static str,
    body: String,
) -> Result<(StatusCode, String), Unanswered> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = method;
    *request.uri_mut() = hyper::Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
    if let Ok(host) = address.to_string().parse() {
        headers.insert(HOST, host);
    }
    let answer = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER)
            .collect()
            .await;
        let bytes = body.map_err(Unanswered::Body)?.to_bytes();
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    };
    // The connection moves the bytes; it ends after the answer has, or takes the answer with it.
    let (answer, _ended) = tokio::join!(answer, connection);
    answer
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    async fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn status_and_text_are_read() {
        let told = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nnope";
        let address = answering(told).await;
        let (status, text) = ask(Method::GET, address, "/health", String::new())
            .await
            .unwrap();
        assert_eq!((status.as_u16(), text.as_str()), (503, "nope"));
    }

    #[tokio::test]
    async fn what_is_no_http_and_nobody_are_errors() {
        let address = answering("hello, I am no HTTP server\r\n\r\n").await;
        let answer = ask(Method::GET, address, "/", String::new()).await;
        assert!(matches!(answer, Err(Unanswered::Http(_))), "{answer:?}");
        // Whoever listened there is gone.
        let answer = ask(Method::GET, address, "/", String::new()).await;
        assert!(
            matches!(answer, Err(Unanswered::Connection(_))),
            "{answer:?}"
        );
    }

    #[test]
    fn a_server_on_every_address_is_asked_on_loopback() {
        let ask = |bind: &str| address(bind.parse().unwrap(), 1).to_string();
        assert_eq!(ask("0.0.0.0"), "127.0.0.1:1");
        assert_eq!(ask("::"), "[::1]:1");
        assert_eq!(ask("192.0.2.7"), "192.0.2.7:1");
    }
}

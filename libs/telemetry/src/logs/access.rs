//! `GET /log` and `PUT /log`: the filter of the logs, for this machine only.

use std::net::IpAddr;

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, connect_info::Connected},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
    serve::IncomingStream,
};
use tokio::net::TcpListener;

use super::control::{LogControlError, log_control};

/// The longest filter that is taken, in bytes.
const LONGEST_FILTER: usize = 4 << 10;

/// Both ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    own: Option<IpAddr>,
    peer: IpAddr,
}

impl Connected<IncomingStream<'_, TcpListener>> for Ends {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self {
            own: stream.io().local_addr().ok().map(|address| address.ip()),
            peer: stream.remote_addr().ip(),
        }
    }
}

impl Ends {
    /// From an address of this machine to itself, so nobody else's (a service may listen on one address only, which is not loopback).
    fn same_machine(self) -> bool {
        self.peer.to_canonical().is_loopback() || self.own == Some(self.peer)
    }
}

/// The routes, for a server that is not public.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/log", get(read).put(write))
        .layer(DefaultBodyLimit::max(LONGEST_FILTER))
        .layer(middleware::from_fn(guard))
}

/// Lets in who is on this machine, asks for it by address and was not sent on by a proxy: neither another host nor a page in a browser on
/// this one, whatever name it made of its address.
async fn guard(request: Request, next: Next) -> Response {
    let ends = request.extensions().get::<ConnectInfo<Ends>>();
    let near = ends.is_some_and(|ConnectInfo(ends)| ends.same_machine());
    if near && direct(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "only from the machine itself\n").into_response()
    }
}

fn direct(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    let named = host.is_some_and(|host| {
        let host = host.host().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok()
    });
    let strange = ["forwarded", "x-forwarded-for", "via", "origin"];
    named && !strange.iter().any(|name| headers.contains_key(*name))
}

/// The filter that holds, as it was written.
async fn read() -> Response {
    match log_control() {
        Some(control) => format!("{}\n", control.current()).into_response(),
        None => absent(),
    }
}

/// Another filter, or none for the configured one; answers what holds from now on.
async fn write(body: String) -> Response {
    let Some(control) = log_control() else {
        return absent();
    };
    let changed = match body.trim() {
        "" => control.reset(),
        written => control.set(written),
    };
    match changed {
        Ok(()) => read().await,
        Err(error @ LogControlError::Filter(_)) => {
            (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response()
        }
        Err(error @ LogControlError::Gone(_)) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
        }
    }
}

fn absent() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "nothing is logged here\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(own: &str, peer: &str) -> Ends {
        Ends {
            own: own.parse().ok(),
            peer: peer.parse().unwrap(),
        }
    }

    #[test]
    fn only_the_machine_itself_is_near() {
        assert!(ends("127.0.0.1", "127.0.0.1").same_machine());
        assert!(ends("::ffff:127.0.0.1", "::ffff:127.0.0.1").same_machine());
        assert!(ends("10.0.0.5", "10.0.0.5").same_machine());
        assert!(!ends("10.0.0.5", "10.0.0.6").same_machine());
        assert!(!ends("", "10.0.0.6").same_machine());
    }

    #[test]
    fn neither_a_proxy_nor_a_page_is_direct() {
        let ask = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                let name: header::HeaderName = name.parse().unwrap();
                (name, value.parse().unwrap())
            });
            direct(&headers.collect())
        };
        assert!(ask(&[("host", "127.0.0.1:9101")]));
        assert!(ask(&[("host", "[::1]:9101")]));
        assert!(ask(&[("host", "localhost:9101")]));
        assert!(!ask(&[]));
        assert!(!ask(&[("host", "rebound.example:9101")]));
        assert!(!ask(&[
            ("host", "127.0.0.1"),
            ("origin", "http://localhost:3000")
        ]));
        assert!(!ask(&[
            ("host", "127.0.0.1"),
            ("x-forwarded-for", "192.0.2.1")
        ]));
    }
}

//! Where a request comes from, behind whatever proxies are trusted.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use ipnet::IpNet;

use crate::{error::ApiError, state::AppState};

/// Who is at the other end of a connection; the server puts it among the extensions of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The address of a client: the peer's, or, if the peer is a trusted proxy, the last one in `X-Forwarded-For` that is not
/// itself a trusted proxy's. What stands before it anybody may have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(IpAddr);

impl Peer {
    /// The peer, with an IPv4 address written as such whatever socket it came through.
    pub(crate) fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// Whether it is one of these networks' hosts.
    pub(crate) fn is_in(self, networks: &[IpNet]) -> bool {
        is_in(self.0, networks)
    }
}

impl ClientAddress {
    pub(crate) fn of(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let mut client = peer.0;
        let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        let hops = lines.iter().rev().flat_map(|line| {
            let line = line.to_str().unwrap_or_default();
            line.rsplit(',').map(str::trim)
        });
        for hop in hops {
            if !is_in(client, trusted) {
                break;
            }
            // What can't be read hides where the request came from before it.
            let Some(address) = address(hop) else { break };
            client = address;
        }
        Self(client)
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }

    /// What limits count by: the address, or the network of 64 bits that one client of IPv6 has to itself.
    pub(crate) fn network(self) -> String {
        network(self.0)
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<Peer>().copied();
        let peer = peer.ok_or(ApiError::Internal)?;
        Ok(Self::of(
            peer,
            &parts.headers,
            &state.config.trusted_proxies,
        ))
    }
}

/// See [`ClientAddress::network`].
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    let parsed = match bare {
        Some((inner, _)) => inner.parse().ok(),
        None => text
            .parse()
            .ok()
            .or_else(|| text.split_once(':')?.0.parse().ok()),
    };
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"].map(|net| net.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let client = ClientAddress::of(Peer::new(peer.parse().unwrap()), &headers, &trusted);
        client.0.to_string()
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_clients() {
        let table: &[(&str, &[&str], &str)] = &[
            // Nobody in between.
            ("203.0.113.5", &[], "203.0.113.5"),
            ("10.0.0.1", &[], "10.0.0.1"),
            // Somebody who is not trusted says something.
            ("203.0.113.5", &["198.51.100.1"], "203.0.113.5"),
            ("203.0.113.5", &["10.0.0.1"], "203.0.113.5"),
            // One proxy, two proxies, what the client itself wrote.
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 192.0.2.7"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            (
                "10.0.0.1",
                &["10.9.9.9, 198.51.100.1,10.0.0.2"],
                "198.51.100.1",
            ),
            // Several lines are one list.
            (
                "10.0.0.1",
                &["1.2.3.4", "198.51.100.1", "10.0.0.2"],
                "198.51.100.1",
            ),
            // Only proxies: the first of them.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // Nonsense hides what is before it.
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            // Ports, brackets, IPv4 within IPv6.
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("::ffff:203.0.113.5", &["198.51.100.1"], "203.0.113.5"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
        ];
        for (peer, forwarded, expected) in table {
            assert_eq!(of(peer, forwarded), *expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_client_of_ipv6_is_its_network() {
        for (address, expected) in [
            ("203.0.113.5", "203.0.113.5"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected);
        }
    }
}

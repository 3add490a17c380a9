use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Where web reaches this instance if nobody has said so: the address that is listened on, or, if those are all, the one
/// that this machine has towards others. `None` = it has none.
pub(crate) fn advertised(configured: Option<&str>, listening: SocketAddr) -> Option<String> {
    if let Some(configured) = configured {
        return Some(configured.to_owned());
    }
    let ip = match listening.ip() {
        ip if ip.is_unspecified() => outward()?,
        ip => ip,
    };
    let address = SocketAddr::new(ip, listening.port());
    Some(format!("ws://{address}"))
}

/// The address that packets to others leave from. Nothing is sent: connecting a datagram socket only asks for the route.
fn outward() -> Option<IpAddr> {
    /// An address that is nobody's (RFC 5737), reached by the default route.
    const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_counts_then_what_is_listened_on() {
        let listening = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(
            advertised(Some("wss://gateway.example"), listening).as_deref(),
            Some("wss://gateway.example")
        );
        assert_eq!(
            advertised(None, listening).as_deref(),
            Some("ws://127.0.0.1:8080")
        );
        assert_eq!(
            advertised(None, "[::1]:80".parse().unwrap()).as_deref(),
            Some("ws://[::1]:80")
        );
        let everywhere = advertised(None, "0.0.0.0:8080".parse().unwrap());
        assert!(everywhere.is_none_or(|url| !url.contains("0.0.0.0") && url.ends_with(":8080")));
    }
}

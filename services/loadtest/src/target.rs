use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use url::{Host, Url};

/// An HTTP server on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    base: String,
    address: SocketAddr,
}

impl Target {
    /// A server on this port of 127.0.0.1.
    pub(crate) fn local(port: u16) -> Self {
        Self {
            base: format!("http://127.0.0.1:{port}"),
            address: (Ipv4Addr::LOCALHOST, port).into(),
        }
    }

    /// An error unless the address is on this machine.
    pub(crate) fn check_loopback(url: &Url) -> anyhow::Result<()> {
        url.as_str()
            .parse::<Self>()
            .map(|_| ())
            .map_err(anyhow::Error::msg)
    }

    /// Scheme, host and port, without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Where to connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the `Host` header says.
    pub(crate) fn authority(&self) -> &str {
        self.base.trim_start_matches("http://")
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
        let port = url.port_or_known_default().unwrap_or(80);
        let host = match url.host() {
            Some(Host::Domain("localhost")) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            _ => {
                return Err(format!(
                    "`{text}` is not on loopback: load stays on this machine"
                ));
            }
        };
        if url.scheme() != "http" || !host.is_loopback() {
            return Err(format!(
                "`{text}` is not http:// on loopback: load stays on this machine"
            ));
        }
        Ok(Self {
            base: url.origin().ascii_serialization(),
            address: SocketAddr::new(host, port),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_keeps_host_and_port_and_drops_the_path() {
        let target: Target = "http://localhost:3000/some/page".parse().unwrap();
        assert_eq!(target.base(), "http://localhost:3000");
        assert_eq!(target.authority(), "localhost:3000");
        assert_eq!(target.address(), "127.0.0.1:3000".parse().unwrap());
        let six: Target = "http://[::1]:9".parse().unwrap();
        assert_eq!(six.address(), "[::1]:9".parse().unwrap());
    }
}

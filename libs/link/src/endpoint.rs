use environment::Secret;
use url::Url;

/// Where a gateway serves LINK.
pub const PATH: &str = "/link";

/// The WebSocket subprotocol, which carries the version. A client that names none is taken for one of this version.
pub const PROTOCOL: &str = "fanfare.link.v1";

/// Shortest token that is accepted, in characters.
pub const TOKEN_LENGTH: usize = 32;

/// The largest message that a gateway sends, in bytes: a snapshot of large guilds. It answers an error in place of a larger one.
pub const MAX_ANSWER: usize = 128 << 20;

/// One gateway's LINK, and what opens it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    url: Url,
    pub(crate) token: Secret,
}

/// Text that is no address of a LINK.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address that begins with ws:// or wss://")]
pub struct InvalidAddress(String);

impl Endpoint {
    /// The LINK at this address; one without a path means [`PATH`].
    pub fn new(address: &str, token: Secret) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(address.to_owned());
        let mut url = Url::parse(address.trim()).map_err(|_| invalid())?;
        if !matches!(url.scheme(), "ws" | "wss") || url.host_str().is_none() {
            return Err(invalid());
        }
        if matches!(url.path(), "" | "/") {
            url.set_path(PATH);
        }
        Ok(Self { url, token })
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        self.url.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_means_link() {
        for (given, meant) in [
            ("ws://gateway:8080", "ws://gateway:8080/link"),
            ("ws://gateway:8080/", "ws://gateway:8080/link"),
            ("wss://g.example/other", "wss://g.example/other"),
            ("ws://[fe80::1]:8080", "ws://[fe80::1]:8080/link"),
        ] {
            let endpoint = Endpoint::new(given, Secret::from("t")).unwrap();
            assert_eq!(endpoint.address(), meant);
        }
        for bad in ["http://gateway", "gateway:8080", "", "ws://"] {
            assert!(Endpoint::new(bad, Secret::from("t")).is_err(), "{bad}");
        }
    }
}

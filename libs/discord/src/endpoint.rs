use url::Url;

use crate::Compression;

/// A URL that is not a Gateway's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidEndpoint {
    #[error("the Gateway URL is not a URL: {0}")]
    NotAUrl(#[from] url::ParseError),
    #[error("the Gateway URL must begin with wss:// or ws://")]
    Scheme,
}

/// The address to connect to: the base with our query (Gateway, "Connecting"). Resuming uses the
/// same query.
pub(crate) fn endpoint(base: &str, compression: Compression) -> Result<Url, InvalidEndpoint> {
    let mut url = Url::parse(base)?;
    if !matches!(url.scheme(), "wss" | "ws") {
        return Err(InvalidEndpoint::Scheme);
    }
    url.set_fragment(None);
    url.query_pairs_mut()
        .clear()
        .append_pair("v", "10")
        .append_pair("encoding", "json");
    if let Some(compress) = compression.query() {
        url.query_pairs_mut().append_pair("compress", compress);
    }
    Ok(url)
}

/// The address at which a session is resumed, unless it is unusable or would carry the token in
/// clear text where the original one does not.
pub(crate) fn resume_endpoint(
    resume_url: &str,
    original: &Url,
    compression: Compression,
) -> Option<Url> {
    let url = endpoint(resume_url, compression).ok()?;
    (url.scheme() == "wss" || original.scheme() == "ws").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_tells_version_encoding_and_compression() {
        let of = |base, compression| endpoint(base, compression).unwrap().to_string();
        assert_eq!(
            of("wss://gateway.discord.gg", Compression::Zstd),
            "wss://gateway.discord.gg/?v=10&encoding=json&compress=zstd-stream"
        );
        assert_eq!(
            of("ws://127.0.0.1:4000/gateway?v=6&x=1#y", Compression::None),
            "ws://127.0.0.1:4000/gateway?v=10&encoding=json"
        );
        assert_eq!(
            of("ws://h/resume/", Compression::Zlib),
            "ws://h/resume/?v=10&encoding=json&compress=zlib-stream"
        );
    }

    #[test]
    fn what_is_no_gateway_is_refused() {
        for base in ["", "gateway.discord.gg", "https://discord.com", "wss://"] {
            endpoint(base, Compression::None).unwrap_err();
        }
    }

    #[test]
    fn the_token_never_moves_from_tls_to_clear_text() {
        let secure = endpoint("wss://a", Compression::None).unwrap();
        let plain = endpoint("ws://a", Compression::None).unwrap();
        assert!(resume_endpoint("ws://b", &secure, Compression::None).is_none());
        assert!(resume_endpoint("wss://b", &secure, Compression::None).is_some());
        assert!(resume_endpoint("ws://b", &plain, Compression::None).is_some());
        assert!(resume_endpoint("nonsense", &plain, Compression::None).is_none());
    }
}

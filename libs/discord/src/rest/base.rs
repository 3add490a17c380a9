use url::Url;

/// The one version of the interface that we speak.
const PATH: &str = "/api/v10";

/// `DISCORD_API_URL` can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiUrl {
    /// Not a URL.
    #[error("the API URL is not a URL: {0}")]
    NotAUrl(#[from] url::ParseError),
    /// Neither http nor https.
    #[error("the API URL must begin with https:// or http://")]
    Scheme,
    /// Another path.
    #[error("the API URL must end in {PATH}, without query: https://discord.com{PATH}")]
    Path,
    /// A user name or password.
    #[error("the API URL must not contain a user name or password")]
    Credentials,
}

/// Where requests go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// Host, with a port unless it is the scheme's own.
    pub(super) authority: String,
    /// http rather than https.
    pub(super) plain: bool,
}

pub(super) fn parse(api_url: &str) -> Result<Base, InvalidApiUrl> {
    let url = Url::parse(api_url)?;
    let plain = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return Err(InvalidApiUrl::Scheme),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidApiUrl::Credentials);
    }
    if url.path().trim_end_matches('/') != PATH || url.query().is_some() {
        return Err(InvalidApiUrl::Path);
    }
    let host = url.host_str().unwrap_or_default();
    let authority = url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok(Base { authority, plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_kept() {
        let of = |api_url| parse(api_url).unwrap();
        let discord = Base {
            authority: "discord.com".into(),
            plain: false,
        };
        assert_eq!(of("https://discord.com/api/v10"), discord);
        assert_eq!(of("https://discord.com:443/api/v10/"), discord);
        let local = Base {
            authority: "127.0.0.1:4000".into(),
            plain: true,
        };
        assert_eq!(of("http://127.0.0.1:4000/api/v10"), local);
        assert_eq!(of("http://[::1]:4000/api/v10").authority, "[::1]:4000");
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let of = |api_url| parse(api_url).unwrap_err();
        assert_eq!(of("https://discord.com/api"), InvalidApiUrl::Path);
        assert_eq!(of("https://discord.com/api/v9"), InvalidApiUrl::Path);
        assert_eq!(of("https://discord.com/api/v10?x=1"), InvalidApiUrl::Path);
        assert_eq!(of("ftp://discord.com/api/v10"), InvalidApiUrl::Scheme);
        assert_eq!(
            of("https://a:b@discord.com/api/v10"),
            InvalidApiUrl::Credentials
        );
        assert!(matches!(
            of("discord.com/api/v10"),
            InvalidApiUrl::NotAUrl(_)
        ));
        assert!(of("https://discord.com").to_string().contains("/api/v10"));
    }
}

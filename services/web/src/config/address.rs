use std::net::IpAddr;

use environment::{Env, Variable};
use ipnet::IpNet;
use url::{Host, Url};

/// Stands in for an address that is missing or wrong; the fault is reported.
fn placeholder() -> Url {
    Url::parse("http://localhost").expect("this is an address")
}

/// An absolute http or https address.
pub(super) fn url(env: &mut Env, variable: &Variable) -> Url {
    let text = env.text(variable).unwrap_or_default();
    match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
        _ => {
            env.fault(
                variable,
                format!("`{text}` is not an address that begins with https:// or http://"),
            );
            placeholder()
        }
    }
}

/// An address without a slash at the end.
pub(super) fn text(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// Where browsers find us. Plain http is accepted on loopback only: elsewhere cookies and events would cross the network
/// in the clear.
pub(super) fn base_url(env: &mut Env, variable: &Variable, port: u16) -> Url {
    if env.text(variable).is_none() {
        let url = Url::parse(&format!("http://localhost:{port}"));
        return url.unwrap_or_else(|_| placeholder());
    }
    let url = url(env, variable);
    if url.scheme() == "http" && !is_loopback(&url) {
        env.fault(
            variable,
            format!("`{url}` is plain http on a public host, where sign-ins can be read by others; use https (plain http is for localhost only)"),
        );
    }
    if url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
    {
        env.fault(
            variable,
            format!(
                "`{url}` has more than scheme, host and port; Fanfare lives at the root of its host"
            ),
        );
    }
    url
}

/// Whether an address can't leave this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A list of origins.
pub(super) fn origins(env: &mut Env, variable: &Variable) -> Vec<String> {
    let mut origins = Vec::new();
    for text in env.list::<String>(variable) {
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.path() == "/"
                && url.query().is_none()
        });
        match url {
            Some(url) if url.scheme() == "https" || is_loopback(&url) => {
                origins.push(url.origin().ascii_serialization());
            }
            _ => env.fault(
                variable,
                format!("`{text}` is not an origin like https://app.example.com"),
            ),
        }
    }
    origins
}

/// A domain that the host of the base address lies in.
pub(super) fn cookie_domain(env: &mut Env, variable: &Variable, base: &Url) -> Option<String> {
    let text = env.text(variable)?;
    let domain = text.trim().trim_start_matches('.').to_ascii_lowercase();
    let host = base.host_str().unwrap_or_default();
    if host == domain || host.ends_with(&format!(".{domain}")) && domain.contains('.') {
        return Some(domain);
    }
    env.fault(
        variable,
        format!("`{text}` does not contain the host of BASE_URL, `{host}`"),
    );
    None
}

/// Networks, or single addresses.
pub(super) fn networks(env: &mut Env, variable: &Variable) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for text in env.list::<String>(variable) {
        let single = text.parse::<IpAddr>().map(IpNet::from);
        match text.parse::<IpNet>().or(single) {
            Ok(network) => networks.push(network.trunc()),
            Err(_) => env.fault(
                variable,
                format!("`{text}` is no network: write 10.0.0.0/8 or 192.0.2.7"),
            ),
        }
    }
    networks
}

/// Where the gateway's LINK is; an address without a path means `/link`.
pub(super) fn gateway_url(env: &mut Env, variable: &Variable) -> Option<String> {
    let text = env.text(variable)?;
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| ["ws", "wss"].contains(&url.scheme()) && url.host_str().is_some());
    let Some(mut url) = url else {
        env.fault(
            variable,
            format!("`{text}` is not an address that begins with ws:// or wss://"),
        );
        return None;
    };
    if url.path() == "/" {
        url.set_path("/link");
    }
    Some(url.into())
}

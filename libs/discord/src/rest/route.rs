use std::fmt::Write as _;

/// The family of a path: what names one thing is replaced by what it is, and the query is left out. So it holds no id and no
/// webhook's token, and there are no more of them than kinds of requests.
pub(super) fn route(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut route = String::with_capacity(path.len());
    let mut before = ["", ""];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let kind = match before {
            ["webhooks", _] => Some("token"),
            [_, "reactions"] => Some("emoji"),
            _ if part.bytes().all(|byte| byte.is_ascii_digit()) => Some("id"),
            _ => None,
        };
        let _ = match kind {
            Some(kind) => write!(route, "/{{{kind}}}"),
            None => write!(route, "/{part}"),
        };
        before = [before[1], part];
    }
    route
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_no_thing_and_no_secret() {
        for (path, expected) in [
            ("gateway/bot", "/gateway/bot"),
            ("users/@me/guilds?limit=200&after=0", "/users/@me/guilds"),
            ("guilds/1/members/2", "/guilds/{id}/members/{id}"),
            ("channels/5/messages?after=1", "/channels/{id}/messages"),
            (
                "channels/5/messages/6/reactions/%F0%9F%8E%89/@me",
                "/channels/{id}/messages/{id}/reactions/{emoji}/@me",
            ),
            ("webhooks/7/aB-c_9?wait=true", "/webhooks/{id}/{token}"),
            ("webhooks/7/12345", "/webhooks/{id}/{token}"),
            ("channels/5/webhooks", "/channels/{id}/webhooks"),
            (
                "channels/5/permissions/9",
                "/channels/{id}/permissions/{id}",
            ),
        ] {
            assert_eq!(route(path), expected);
        }
    }
}

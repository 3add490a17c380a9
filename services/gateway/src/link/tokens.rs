use axum::http::{HeaderMap, header};
use environment::Secret;
use subtle::{Choice, ConstantTimeEq as _};

/// The tokens that open LINK: the one in use, and the one before during a rotation.
pub(crate) struct Tokens(Vec<Secret>);

impl Tokens {
    /// `None` = LINK is not served.
    pub(crate) fn new(current: Option<&Secret>, previous: Option<&Secret>) -> Option<Self> {
        let current = current?;
        let all = std::iter::once(current).chain(previous);
        Some(Self(all.cloned().collect()))
    }

    /// Whether a request shows one of them. How long that takes tells nothing but the length of what was shown.
    pub(super) fn accept(&self, headers: &HeaderMap) -> bool {
        let shown = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, token)| token.trim());
        let mut accepted = Choice::from(0);
        for token in &self.0 {
            accepted |= token.expose().as_bytes().ct_eq(shown.as_bytes());
        }
        accepted.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tokens_open_it_and_nothing_else_does() {
        let (new, old) = (Secret::from("new-token"), Secret::from("old-token"));
        let tokens = Tokens::new(Some(&new), Some(&old)).unwrap();
        for (value, accepted) in [
            (Some("Bearer new-token"), true),
            (Some("bearer old-token"), true),
            (Some("Bearer  new-token "), true),
            (Some("Bearer new-toke"), false),
            (Some("Bearer new-token2"), false),
            (Some("Bearer "), false),
            (Some("Bearer"), false),
            (Some("Basic new-token"), false),
            (Some("new-token"), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(tokens.accept(&headers), accepted, "{value:?}");
        }
        assert!(Tokens::new(None, Some(&old)).is_none());
    }
}

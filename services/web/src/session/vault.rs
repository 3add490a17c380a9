use environment::Secret;
use tower_sessions::cookie::{Cookie, CookieJar, Key};

/// Separates the key for tokens from the key for cookies.
const PURPOSE: &str = "fanfare tokens v1:";

/// Seals Discord's tokens before they go into a session, so that the session store alone is of no use to a thief.
#[derive(Clone)]
pub(crate) struct Vault {
    keys: Vec<Key>,
}

impl Vault {
    /// Seals with the first secret, opens with any.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let derive =
            |secret: &Secret| Key::derive_from(format!("{PURPOSE}{}", secret.expose()).as_bytes());
        Self {
            keys: secrets.into_iter().map(derive).collect(),
        }
    }

    /// Encrypts and signs; `name` says what it is and is needed to open it.
    pub(crate) fn seal(&self, name: &'static str, text: &str) -> String {
        let mut jar = CookieJar::new();
        if let Some(key) = self.keys.first() {
            jar.private_mut(key).add(Cookie::new(name, text.to_owned()));
        }
        jar.get(name)
            .map(|sealed| sealed.value().to_owned())
            .unwrap_or_default()
    }

    /// What was sealed; `None` if it was not sealed with our keys under this name.
    pub(crate) fn open(&self, name: &'static str, sealed: &str) -> Option<String> {
        let cookie = Cookie::new(name, sealed.to_owned());
        let open = |key| CookieJar::new().private(key).decrypt(cookie.clone());
        self.keys
            .iter()
            .find_map(open)
            .map(|open| open.value().to_owned())
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_with_either_secret_and_under_its_name_only() {
        let (old, new) = (Secret::from("a".repeat(32)), Secret::from("b".repeat(32)));
        let sealed = Vault::new([&old]).seal("tokens", "the token");
        assert!(!sealed.contains("token"));
        assert_eq!(
            Vault::new([&new, &old]).open("tokens", &sealed).as_deref(),
            Some("the token")
        );
        assert_eq!(Vault::new([&new]).open("tokens", &sealed), None);
        assert_eq!(Vault::new([&old]).open("other", &sealed), None);
        assert_eq!(Vault::new([&old]).open("tokens", "garbage"), None);
    }
}

//! Answers as they are kept: sealed, since some hold an invite's token.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use environment::Secret;
use sha2::{Digest as _, Sha256};

/// Separates this key from any other use of the secret.
const PURPOSE: &[u8] = b"fanfare answers v1\0";

/// Bytes of a nonce, which is random and stands before what it seals.
const NONCE: usize = 12;

/// What seals and opens. All gateways of a deployment have the same.
pub(crate) struct Seal(Aes256Gcm);

impl Seal {
    /// A seal made of a secret that gateways alone have.
    pub(crate) fn new(secret: &Secret) -> Self {
        let key = Sha256::new()
            .chain_update(PURPOSE)
            .chain_update(secret.expose());
        Self(Aes256Gcm::new(&key.finalize()))
    }

    /// Encrypts and authenticates; `name` says what it is and is needed to open it.
    pub(super) fn seal(&self, name: &str, text: &str) -> Option<String> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: text.as_bytes(),
            aad: name.as_bytes(),
        };
        let sealed = self.0.encrypt(Nonce::from_slice(&nonce), payload).ok()?;
        Some(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed under this name; `None` if it was not, or by somebody else.
    pub(super) fn open(&self, name: &str, sealed: &str) -> Option<String> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, msg) = bytes.split_at_checked(NONCE)?;
        let aad = name.as_bytes();
        let opened = self
            .0
            .decrypt(Nonce::from_slice(nonce), Payload { msg, aad });
        String::from_utf8(opened.ok()?).ok()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_by_its_secret_and_under_its_name_only() {
        let seal = Seal::new(&Secret::from("the bot's token"));
        let sealed = seal.seal("command", "the answer").unwrap();
        assert!(!sealed.contains("answer"));
        assert_ne!(seal.seal("command", "the answer").unwrap(), sealed);
        let open = |seal: &Seal, name, text: &str| seal.open(name, text);
        assert_eq!(
            open(&seal, "command", &sealed).as_deref(),
            Some("the answer")
        );
        assert_eq!(open(&seal, "another", &sealed), None);
        let other = Seal::new(&Secret::from("another token"));
        assert_eq!(open(&other, "command", &sealed), None);
        for garbage in ["", "AAAA", "not base64!", &sealed[1..], "{\"done\":{}}"] {
            assert_eq!(open(&seal, "command", garbage), None, "{garbage}");
        }
    }
}

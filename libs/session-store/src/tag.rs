use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tower_sessions::session::Id;

/// Separates the tag from any other use of SHA-256 on a session's id.
const PURPOSE: &[u8] = b"fanfare session tag v1\0";

/// A name for a session that may be told to others: it is derived from the id, which can't be found from it.
pub fn tag(id: &Id) -> String {
    let digest = Sha256::new()
        .chain_update(PURPOSE)
        .chain_update(id.0.to_be_bytes());
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_one_session_and_does_not_hold_its_id() {
        let (one, two) = (Id(0x0123_4567_89ab_cdef), Id(2));
        assert_eq!(tag(&one), tag(&one));
        assert_ne!(tag(&one), tag(&two));
        assert_eq!(tag(&one).len(), 43);
        assert!(!tag(&one).contains(&one.to_string()));
    }
}

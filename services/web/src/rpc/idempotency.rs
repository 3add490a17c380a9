use axum::http::{HeaderMap, HeaderName};
use contracts::problem::FieldProblem;
use uuid::Uuid;

/// Asked again with the same key, nothing is done twice.
pub(crate) static HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key.
pub(crate) const LONGEST: usize = 255;

/// The key that was sent, or a new one.
pub(super) fn key(headers: &HeaderMap) -> Result<String, FieldProblem> {
    let wrong = || FieldProblem {
        field: "Idempotency-Key".to_owned(),
        code: "invalid".to_owned(),
        message: format!("has to be given once: 1 to {LONGEST} visible ASCII characters"),
    };
    let mut given = headers.get_all(&HEADER).iter();
    let Some(key) = given.next() else {
        return Ok(Uuid::new_v4().to_string());
    };
    let visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
    if given.next().is_some() || !visible || !(1..=LONGEST).contains(&key.len()) {
        return Err(wrong());
    }
    key.to_str().map(str::to_owned).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_as_it_is_and_made_up_where_there_is_none() {
        let read = |keys: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for key in keys {
                headers.append(&HEADER, axum::http::HeaderValue::from_bytes(key).unwrap());
            }
            key(&headers)
        };
        assert_eq!(read(&[b"retry-7/a"]).as_deref(), Ok("retry-7/a"));
        assert!(read(&[&[b'x'; LONGEST]]).is_ok());
        assert_ne!(read(&[]), read(&[]));
        let long = [b'x'; LONGEST + 1];
        for wrong in [
            &[&long[..]][..],
            &[b""],
            &[b"a b"],
            &[b"\xff"],
            &[b"a", b"b"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}

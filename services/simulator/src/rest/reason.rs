//! Why something is done, for the audit log. Source: the page Audit Log, "Audit Log Reason".

use axum::http::HeaderMap;

use crate::world::Refusal;

const HEADER: &str = "x-audit-log-reason";

/// Most characters of a reason.
const LENGTH: usize = 512;

/// The reason of a call, with its percent signs resolved.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let refusal = |code, message: &str| Refusal::form("X-Audit-Log-Reason", code, message);
    let text = value.to_str().ok().and_then(decoded);
    let text = text.ok_or_else(|| {
        refusal(
            "STRING_TYPE_CONVERT",
            "Could not interpret value as string.",
        )
    })?;
    if !(1..=LENGTH).contains(&text.chars().count()) {
        let message = format!("Must be between 1 and {LENGTH} in length.");
        return Err(refusal("BASE_TYPE_BAD_LENGTH", &message));
    }
    Ok(Some(text))
}

/// UTF-8 with percent signs; `None` for what is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if *first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_hold_any_letter_but_not_too_many() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, value.parse().unwrap());
            read(&headers)
        };
        assert_eq!(read("by%20In%C3%AAs 42").unwrap().unwrap(), "by Inês 42");
        assert_eq!(read("a%2").unwrap_err().code, 50_035);
        assert_eq!(read("%FF").unwrap_err().code, 50_035);
        assert_eq!(read(&"x".repeat(512)).unwrap().unwrap().len(), 512);
        assert_eq!(read(&"x".repeat(513)).unwrap_err().code, 50_035);
    }
}

use percent_encoding::utf8_percent_encode;

use super::send::PLAIN;

/// Most bytes of a reason as it is sent (Audit Log, "X-Audit-Log-Reason" takes 512 characters).
const LONGEST: usize = 512;

/// What the guild's audit log shows beside what the bot did: who asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReason(String);

impl AuditReason {
    /// A reason; what is too long is cut.
    pub fn new(text: &str) -> Self {
        let mut encoded = String::new();
        for character in text.chars() {
            let mut bytes = [0; 4];
            let next = utf8_percent_encode(character.encode_utf8(&mut bytes), PLAIN).to_string();
            if encoded.len() + next.len() > LONGEST {
                break;
            }
            encoded.push_str(&next);
        }
        Self(encoded)
    }

    /// As it stands in the header.
    pub(super) fn header(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_ascii_and_never_too_long() {
        let reason = AuditReason::new("Fanfare: createRoom for Zoë\r\n (80351110224678912)");
        assert_eq!(
            reason.header(),
            "Fanfare%3A%20createRoom%20for%20Zo%C3%AB%0D%0A%20%2880351110224678912%29"
        );
        let long = AuditReason::new(&"ë".repeat(500));
        assert!(long.header().len() <= LONGEST && long.header().ends_with("%C3%AB"));
    }
}

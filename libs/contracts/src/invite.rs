//! Invites to private rooms: what is handed out, and what names one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::GuildId;

/// Random bytes of a token: nobody guesses 192 bits.
const SECRET: usize = 24;

/// Whoever has it may join a room. It names its guild, so that it can be brought to the right gateway. A secret.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteToken {
    guild: GuildId,
    secret: [u8; SECRET],
}

/// Text that is no token or no id of an invite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an invite")]
pub struct InvalidInvite;

impl InviteToken {
    /// A token of so many random bytes.
    pub const fn new(guild: GuildId, secret: [u8; SECRET]) -> Self {
        Self { guild, secret }
    }

    /// The guild of its room.
    pub const fn guild(&self) -> GuildId {
        self.guild
    }
}

/// 64 hexadecimal digits: the guild's, then the secret's.
impl fmt::Display for InviteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.guild.get())?;
        self.secret
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InviteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InviteToken")
            .field("guild", &self.guild)
            .finish_non_exhaustive()
    }
}

impl FromStr for InviteToken {
    type Err = InvalidInvite;

    fn from_str(text: &str) -> Result<Self, InvalidInvite> {
        if text.len() != 16 + 2 * SECRET {
            return Err(InvalidInvite);
        }
        let mut secret = [0; SECRET];
        let guild = hex(&text.as_bytes()[..16])?;
        for (byte, digits) in secret.iter_mut().zip(text.as_bytes()[16..].chunks_exact(2)) {
            *byte = u8::try_from(hex(digits)?).map_err(|_| InvalidInvite)?;
        }
        Ok(Self::new(GuildId::new(guild), secret))
    }
}

/// Names an invite, for revoking it; of no use for joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InviteId {
    guild: GuildId,
    number: u64,
}

impl InviteId {
    /// An invite of a guild.
    pub const fn new(guild: GuildId, number: u64) -> Self {
        Self { guild, number }
    }

    /// The guild of its room.
    pub const fn guild(&self) -> GuildId {
        self.guild
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for InviteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.guild.get(), self.number)
    }
}

impl FromStr for InviteId {
    type Err = InvalidInvite;

    fn from_str(text: &str) -> Result<Self, InvalidInvite> {
        if text.len() != 32 {
            return Err(InvalidInvite);
        }
        let (guild, number) = text.as_bytes().split_at(16);
        Ok(Self::new(GuildId::new(hex(guild)?), hex(number)?))
    }
}

/// Lower-case digits alone, so that one invite is written in one way.
fn hex(digits: &[u8]) -> Result<u64, InvalidInvite> {
    digits.iter().try_fold(0, |number: u64, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return Err(InvalidInvite),
        };
        Ok(number << 4 | u64::from(value))
    })
}

macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

as_text!(InviteToken, InviteId);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tokens_and_ids_are_read_as_they_were_written(guild: u64, number: u64, secret: [u8; SECRET]) {
            let token = InviteToken::new(GuildId::new(guild), secret);
            prop_assert_eq!(token.to_string().parse::<InviteToken>(), Ok(token));
            let id = InviteId::new(GuildId::new(guild), number);
            prop_assert_eq!(id.to_string().parse::<InviteId>(), Ok(id));
        }

        #[test]
        fn anything_else_is_refused(text in ".{0,70}") {
            if let Ok(token) = text.parse::<InviteToken>() {
                prop_assert_eq!(token.to_string(), text.clone());
            }
            if let Ok(id) = text.parse::<InviteId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = InviteToken::new(GuildId::new(5), [0xab; SECRET]);
        assert!(!format!("{token:?}").contains("ab"));
    }
}

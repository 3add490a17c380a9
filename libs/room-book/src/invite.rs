use std::time::Duration;

use contracts::{
    ChannelId, UserId,
    invite::{InviteId, InviteToken},
};
use sha2::{Digest as _, Sha256};

use crate::{BookError, MAX_USES};

/// An invite to be entered.
#[derive(Debug, Clone, Copy)]
pub struct NewInvite<'a> {
    /// Of random bytes; it names the guild.
    pub token: &'a InviteToken,
    /// The room.
    pub channel: ChannelId,
    /// Who hands it out.
    pub maker: UserId,
    /// `None` = as long as the room.
    pub expires_in: Option<Duration>,
    /// 1 to [`crate::MAX_USES`]; `None` = any number.
    pub max_uses: Option<u32>,
}

impl NewInvite<'_> {
    /// Refuses what the book could not hold.
    pub(crate) fn check(&self) -> Result<(), BookError> {
        match self.max_uses {
            Some(uses) if !(1..=MAX_USES).contains(&uses) => {
                Err(BookError::TooMuch("that number of uses"))
            }
            _ => Ok(()),
        }
    }
}

/// What became of a new invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// It is valid from now on.
    Entered(InviteId),
    /// The room has [`crate::INVITES_PER_ROOM`] already.
    Full,
    /// The room is not in the book.
    NoRoom,
}

/// A valid invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invite {
    /// Names it; of no use for joining.
    pub id: InviteId,
    /// The room.
    pub channel: ChannelId,
    /// Who handed it out.
    pub maker: UserId,
}

/// What is kept of a token: SHA-256 of its text, in hexadecimal digits.
pub(crate) fn hashed(token: &InviteToken) -> String {
    hex(&Sha256::digest(token.to_string()))
}

/// The id of a token's invite: the first 64 bits of what is kept of it, from which the token can't be found.
pub fn invite_id(token: &InviteToken) -> InviteId {
    let digest = Sha256::digest(token.to_string());
    let number = digest
        .iter()
        .take(8)
        .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    InviteId::new(token.guild(), number)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

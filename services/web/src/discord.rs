//! What web asks of Discord, always with a user's own token or as the application; the bot's token is never here.

mod client;
mod error;
mod member;
mod tokens;

pub(crate) use client::Discord;
pub(crate) use error::DiscordError;
pub(crate) use member::Member;
pub(crate) use tokens::Tokens;

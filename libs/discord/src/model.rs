//! The payloads of Discord that Fanfare carries, as far as it reads them.
//!
//! Parsing is tolerant: fields that are missing, null or unknown and enumeration values that are
//! unknown never fail. A field of the wrong type does, and so does a missing id without which the
//! payload says nothing.

mod channel;
mod emoji;
mod guild;
mod lenient;
mod member;
mod message;
mod presence;
mod reaction;
mod ready;
mod role;
mod thread;
mod timestamp;
mod typing;
mod user;
mod voice;
mod webhook;

pub use channel::{Channel, ChannelType, OverwriteTarget, PermissionOverwrite};
pub use emoji::Emoji;
pub use guild::{CurrentGuild, Guild, GuildCreate, GuildDelete, GuildUpdate, UnavailableGuild};
pub use member::{Member, MemberAdd, MemberChunk, MemberRemove, MemberUpdate};
pub use message::{
    Attachment, Mention, Message, MessageDelete, MessageDeleteBulk, MessageReference,
    ReactionCount, Sticker,
};
pub use presence::{Activity, ClientStatus, Presence, PresenceUser, Status};
pub use reaction::{ReactionAdd, ReactionRemove, ReactionRemoveAll, ReactionRemoveEmoji};
pub use ready::{Application, Ready};
pub use role::{Role, RoleDelete, RoleUpdate};
pub use thread::{
    ThreadDelete, ThreadListSync, ThreadMember, ThreadMemberUpdate, ThreadMembersUpdate,
    ThreadMetadata,
};
pub use timestamp::Timestamp;
pub use typing::TypingStart;
pub use user::User;
pub use voice::VoiceState;
pub use webhook::Webhook;

#[cfg(test)]
mod tests;

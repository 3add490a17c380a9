//! Channels, their overwrites, and moving people between them.

use contracts::{ChannelId, GuildId, UserId};
use serde::Serialize;
use serde_json::json;
use twilight_http::request::Method;

use super::{AuditReason, Rest, RestError, send::Change};
use crate::model::{Channel, OverwriteTarget, PermissionOverwrite};

/// Discord's number of a voice channel.
const VOICE: u8 = 2;

/// A voice channel to be made (Guild, "Create Guild Channel").
#[derive(Debug, Clone)]
pub struct NewRoom<'a> {
    /// 1 to 100 characters.
    pub name: &'a str,
    /// 0 to 99; 0 = no limit.
    pub user_limit: u32,
    /// The category that it goes into.
    pub parent: Option<ChannelId>,
    /// In order; the bot can't give or take what it does not have itself.
    pub overwrites: &'a [PermissionOverwrite],
}

#[derive(Serialize)]
struct Overwrite {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type")]
    kind: u8,
    allow: String,
    deny: String,
}

fn overwrite(overwrite: &PermissionOverwrite) -> (u64, Overwrite) {
    let (id, kind) = match overwrite.target {
        OverwriteTarget::Role(role) => (role.get(), 0),
        OverwriteTarget::Member(user) => (user.get(), 1),
        OverwriteTarget::Other(id) => (id, 1),
    };
    let overwrite = Overwrite {
        id: None,
        kind,
        allow: overwrite.allow.to_string(),
        deny: overwrite.deny.to_string(),
    };
    (id, overwrite)
}

impl Rest {
    /// Makes a voice channel.
    pub async fn create_room(
        &self,
        guild: GuildId,
        room: &NewRoom<'_>,
        reason: &AuditReason,
    ) -> Result<Channel, RestError> {
        let overwrites = room.overwrites.iter().map(|new| {
            let (id, new) = overwrite(new);
            Overwrite {
                id: Some(id.to_string()),
                ..new
            }
        });
        let body = json!({
            "name": room.name,
            "type": VOICE,
            "user_limit": room.user_limit,
            "parent_id": room.parent,
            "permission_overwrites": overwrites.collect::<Vec<_>>(),
        });
        let path = format!("guilds/{guild}/channels");
        self.change(Change::new(Method::Post, path).json(&body).reason(reason))
            .await
    }

    /// A channel; an error tells if there is none or the bot does not see it.
    pub async fn channel(&self, channel: ChannelId) -> Result<Channel, RestError> {
        self.read(format!("channels/{channel}")).await
    }

    /// Removes a channel. One that is gone already is no error.
    pub async fn delete_channel(
        &self,
        channel: ChannelId,
        reason: &AuditReason,
    ) -> Result<(), RestError> {
        let change = Change::new(Method::Delete, format!("channels/{channel}")).reason(reason);
        match self.send(change).await {
            Ok(_)
            | Err(RestError::NotFound {
                code: UNKNOWN_CHANNEL,
            }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sets what a channel allows or denies somebody, in place of what it did.
    pub async fn put_overwrite(
        &self,
        channel: ChannelId,
        new: &PermissionOverwrite,
        reason: &AuditReason,
    ) -> Result<(), RestError> {
        let (id, body) = overwrite(new);
        let path = format!("channels/{channel}/permissions/{id}");
        self.send(Change::new(Method::Put, path).json(&body).reason(reason))
            .await
            .map(drop)
    }

    /// Takes somebody's overwrite out of a channel.
    pub async fn delete_overwrite(
        &self,
        channel: ChannelId,
        id: u64,
        reason: &AuditReason,
    ) -> Result<(), RestError> {
        let path = format!("channels/{channel}/permissions/{id}");
        self.send(Change::new(Method::Delete, path).reason(reason))
            .await
            .map(drop)
    }

    /// Moves a member who is in voice into a voice channel; false = the member is in none (Guild, "Modify Guild Member").
    pub async fn move_member(
        &self,
        guild: GuildId,
        user: UserId,
        channel: ChannelId,
        reason: &AuditReason,
    ) -> Result<bool, RestError> {
        let change = Change::new(Method::Patch, format!("guilds/{guild}/members/{user}"))
            .json(&json!({ "channel_id": channel }))
            .reason(reason);
        match self.send(change).await {
            Ok(_) => Ok(true),
            Err(RestError::Rejected {
                code: NOT_IN_VOICE, ..
            }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// JSON error codes (Opcodes and Status Codes, "JSON Error Codes").
const UNKNOWN_CHANNEL: u64 = 10_003;
const NOT_IN_VOICE: u64 = 40_032;

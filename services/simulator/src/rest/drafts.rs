//! Reading what a channel is to be. Source: the page Guild, "Create Guild Channel".

use serde_json::Value;

use super::fields::{Fields, bits, id};
use crate::world::{
    ChannelDraft, ChannelPatch, Id, Overwrite, OverwriteTarget, Refusal, World, kind,
    permissions as p,
};

/// Most overwrites of a channel.
const OVERWRITES: usize = 100;

impl Fields {
    /// The body of Create Guild Channel.
    pub(super) fn channel_draft(&self, world: &World, guild: Id) -> Result<ChannelDraft, Refusal> {
        let name = self.required_text("name", 1..=100)?;
        let number = self.number("type", 0..=u64::from(u8::MAX))?.unwrap_or(0);
        let kind_of = u8::try_from(number).unwrap_or(u8::MAX);
        let known = [
            kind::TEXT,
            kind::VOICE,
            kind::CATEGORY,
            kind::ANNOUNCEMENT,
            kind::STAGE,
            kind::FORUM,
        ];
        if !known.contains(&kind_of) {
            let message = "Value must be one of {0, 2, 4, 5, 13, 15}.";
            return Err(Refusal::form("type", "BASE_TYPE_CHOICES", message));
        }
        let mut draft = ChannelDraft::new(&name, kind_of);
        draft.topic = self.text("topic", 0..=1024)?;
        draft.parent = self.id("parent_id")?;
        let seats = if kind_of == kind::STAGE { 10_000 } else { 99 };
        draft.user_limit = self.number("user_limit", 0..=seats)?.unwrap_or(0);
        draft.bitrate = self.number("bitrate", 8_000..=96_000)?;
        draft.position = self.number("position", 0..=10_000)?;
        draft.nsfw = self.flag("nsfw")?.unwrap_or(false);
        draft.rate_limit_per_user = self.number("rate_limit_per_user", 0..=21_600)?.unwrap_or(0);
        draft.overwrites = self.overwrites(world, guild)?.unwrap_or_default();
        Ok(draft)
    }

    /// The body of Modify Channel.
    pub(super) fn channel_patch(
        &self,
        world: &World,
        guild: Id,
        kind_of: u8,
    ) -> Result<ChannelPatch, Refusal> {
        let seats = if kind_of == kind::STAGE { 10_000 } else { 99 };
        Ok(ChannelPatch {
            name: self.text("name", 1..=100)?,
            topic: self.field("topic", |fields| fields.text("topic", 0..=1024))?,
            parent: self.field("parent_id", |fields| fields.id("parent_id"))?,
            user_limit: self.number("user_limit", 0..=seats)?,
            bitrate: self.number("bitrate", 8_000..=96_000)?,
            position: self.number("position", 0..=10_000)?,
            nsfw: self.flag("nsfw")?,
            rate_limit_per_user: self.number("rate_limit_per_user", 0..=21_600)?,
            overwrites: self.overwrites(world, guild)?,
            archived: self.flag("archived")?,
            locked: self.flag("locked")?,
            ..ChannelPatch::default()
        })
    }

    /// The field `permission_overwrites`. Only what the bot itself has may be allowed or denied.
    fn overwrites(&self, world: &World, guild: Id) -> Result<Option<Vec<Overwrite>>, Refusal> {
        let Some(value) = self.value("permission_overwrites") else {
            return Ok(None);
        };
        let wrong = |at: usize| {
            let field = format!("permission_overwrites.{at}");
            Refusal::form(&field, "BASE_TYPE_REQUIRED", "This field is required")
        };
        let list = value.as_array().ok_or_else(|| wrong(0))?;
        if list.len() > OVERWRITES {
            return Err(Refusal::new(
                400,
                30_060,
                "Maximum number of channel permission overwrites reached (100)",
            ));
        }
        let mut overwrites: Vec<Overwrite> = Vec::with_capacity(list.len());
        for (at, entry) in list.iter().enumerate() {
            let overwrite = overwrite(entry).ok_or_else(|| wrong(at))?;
            check_overwrite(world, guild, &overwrite, 0)?;
            overwrites.retain(|known| known.id != overwrite.id);
            overwrites.push(overwrite);
        }
        Ok(Some(overwrites))
    }
}

fn overwrite(entry: &Value) -> Option<Overwrite> {
    let side = |name: &str| {
        entry
            .get(name)
            .filter(|value| !value.is_null())
            .map_or(Some(0), bits)
    };
    Some(Overwrite {
        id: id(entry.get("id")?)?,
        target: OverwriteTarget::of(entry.get("type").map_or(Some(0), bits)?)?,
        allow: side("allow")?,
        deny: side("deny")?,
    })
}

/// Whether the bot may set this overwrite: it holds each bit itself (in the guild, or in `also`), and
/// `MANAGE_ROLES` can be given in a channel by an administrator only.
pub(super) fn check_overwrite(
    world: &World,
    guild: Id,
    overwrite: &Overwrite,
    also: u64,
) -> Result<(), Refusal> {
    let own = p::in_guild(world.guild(guild)?, world.bot) | also;
    let bits = overwrite.allow | overwrite.deny;
    let gives_roles = bits & p::MANAGE_ROLES != 0 && own & p::ADMINISTRATOR == 0;
    if bits & !own != 0 || gives_roles {
        return Err(Refusal::missing_permissions());
    }
    Ok(())
}

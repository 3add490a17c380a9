use contracts::{
    ChannelId, GuildId, RoleId, UserId,
    event::VoiceFlags,
    state::{Channel, Overwrite, OverwriteTarget, Voice},
};

use crate::membership::Standing;

/// Somebody who has no role.
pub(in super::super) const SOMEBODY: UserId = UserId::new(900);

pub(in super::super) const VIEW: u64 = 1 << 10;
pub(in super::super) const CONNECT: u64 = 1 << 20;

/// What somebody without a role is in these guilds.
pub(in super::super) fn standings(guilds: &[GuildId]) -> Vec<Standing> {
    guilds.iter().map(|guild| standing(*guild, &[])).collect()
}

/// What somebody with some roles is in a guild, as was said before anything that a log tells.
pub(in super::super) fn standing(guild: GuildId, roles: &[u64]) -> Standing {
    Standing {
        guild,
        roles: roles.iter().copied().map(RoleId::new).collect(),
        joined_at: None,
        timed_out_until: None,
        asked_at: 0,
    }
}

pub(in super::super) fn channel(guild: GuildId, id: ChannelId, hidden: bool) -> Channel {
    let deny = if hidden { VIEW } else { 0 };
    Channel {
        id,
        kind: 2,
        name: format!("room {id}"),
        parent_id: None,
        position: 0,
        user_limit: 0,
        members: vec![],
        overwrites: vec![Overwrite {
            id: guild.get(),
            target: OverwriteTarget::Role,
            allow: 0,
            deny,
        }],
        obfuscated: false,
    }
}

pub(in super::super) fn voice(room: ChannelId, user: u64) -> Voice {
    Voice {
        user_id: UserId::new(user),
        channel_id: room,
        username: format!("user{user}"),
        display_name: format!("User {user}"),
        avatar: None,
        avatar_url: String::new(),
        flags: VoiceFlags::default(),
    }
}

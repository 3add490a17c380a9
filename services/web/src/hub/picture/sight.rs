use contracts::{
    ChannelId, GuildId,
    state::{Channel, OverwriteTarget},
};

/// Discord's permission bits that decide who sees what (Discord, "Permissions").
const ADMINISTRATOR: u64 = 1 << 3;
const VIEW_CHANNEL: u64 = 1 << 10;
const CONNECT: u64 = 1 << 20;

/// What @everyone may see of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sight {
    /// The channel itself and, of a room, the people in it.
    pub(crate) view: bool,
    /// What is written in it; a room's text needs CONNECT too.
    pub(crate) text: bool,
}

impl Sight {
    /// Nothing at all.
    pub(crate) const NONE: Self = Self {
        view: false,
        text: false,
    };

    /// Judges a channel by Discord's rules for somebody who has only the @everyone role. A public thread
    /// is judged by its parent; of obfuscated channels and private threads nobody sees anything.
    pub(crate) fn of<'a>(
        channel: &Channel,
        parent: impl FnOnce(ChannelId) -> Option<&'a Channel>,
        guild: GuildId,
        everyone: u64,
    ) -> Self {
        if channel.is_private_thread() || channel.obfuscated {
            Self::NONE
        } else if channel.is_thread() {
            let parent = channel.parent_id.and_then(parent);
            let parent = parent.filter(|parent| !parent.is_thread());
            parent.map_or(Self::NONE, |parent| Self::of_own(parent, guild, everyone))
        } else {
            Self::of_own(channel, guild, everyone)
        }
    }

    /// By the channel's own overwrites.
    fn of_own(channel: &Channel, guild: GuildId, everyone: u64) -> Self {
        if channel.obfuscated {
            return Self::NONE;
        }
        if everyone & ADMINISTRATOR != 0 {
            return Self {
                view: true,
                text: true,
            };
        }
        let own = channel.overwrites.iter().find(|overwrite| {
            overwrite.target == OverwriteTarget::Role && overwrite.id == guild.everyone().get()
        });
        let permissions = own.map_or(everyone, |own| everyone & !own.deny | own.allow);
        let view = permissions & VIEW_CHANNEL != 0;
        let connect = permissions & CONNECT != 0;
        Self {
            view,
            text: view && (connect || !channel.is_room()),
        }
    }
}

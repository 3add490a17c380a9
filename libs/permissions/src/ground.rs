use contracts::{
    ChannelId, GuildId, RoleId, UserId,
    state::{Channel, OverwriteTarget},
};

use crate::Permissions;

/// A member, as far as permissions go.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Who.
    pub user: UserId,
    /// Roles beside @everyone, in any order.
    pub roles: &'a [RoleId],
    /// Whether the member is timed out now.
    pub timed_out: bool,
}

/// Where permissions are looked up: a guild with its roles and channels.
pub trait Ground {
    /// The guild.
    fn guild(&self) -> GuildId;
    /// Its owner, who may do everything; `None` if it is not known.
    fn owner(&self) -> Option<UserId>;
    /// The bits of a role; `None` if there is no such role.
    fn role(&self, role: RoleId) -> Option<u64>;
    /// A channel; needed for the parents of threads.
    fn channel(&self, channel: ChannelId) -> Option<&Channel>;

    /// What a member may do in the guild, overwrites aside.
    fn in_guild(&self, subject: &Subject<'_>) -> Permissions {
        if self.owner() == Some(subject.user) {
            return Permissions::ALL;
        }
        let everyone = self.role(self.guild().everyone()).unwrap_or(0);
        let roles = subject.roles.iter().filter_map(|role| self.role(*role));
        let base = Permissions::from_bits(roles.fold(everyone, |sum, bits| sum | bits));
        if base.contains(Permissions::ADMINISTRATOR) {
            Permissions::ALL
        } else if subject.timed_out {
            base & Permissions::TIMED_OUT
        } else {
            base
        }
    }

    /// What a member may do in a channel or thread. Of an obfuscated channel nothing is known, so nobody may do anything.
    /// A thread follows its parent; a private one is for its members and for those who manage threads.
    fn in_channel(&self, channel: &Channel, subject: &Subject<'_>) -> Permissions {
        if !channel.is_thread() {
            let permissions = self.by_overwrites(channel, subject);
            return if permissions.contains(Permissions::SEND_MESSAGES) {
                permissions
            } else {
                permissions.without(Permissions::NEEDS_SENDING)
            };
        }
        let parent = channel.parent_id.and_then(|parent| self.channel(parent));
        let Some(parent) = parent.filter(|parent| !parent.is_thread()) else {
            return Permissions::NONE;
        };
        let permissions = self.by_overwrites(parent, subject);
        let inside = !channel.is_private_thread()
            || permissions.contains(Permissions::MANAGE_THREADS)
            || channel.members.contains(&subject.user);
        if inside {
            permissions
        } else {
            Permissions::NONE
        }
    }

    /// By the overwrites of a channel that is no thread (Discord, "Permission Overwrites" and "Implicit Permissions").
    fn by_overwrites(&self, channel: &Channel, subject: &Subject<'_>) -> Permissions {
        if channel.obfuscated {
            return Permissions::NONE;
        }
        let base = self.in_guild(subject);
        if base == Permissions::ALL {
            return base;
        }
        // A role that is gone may still stand in members and overwrites until Discord says otherwise.
        let has = |role| subject.roles.contains(&role) && self.role(role).is_some();
        let (mut everyone, mut roles, mut own) = (Rule::NOTHING, Rule::NOTHING, Rule::NOTHING);
        for overwrite in &channel.overwrites {
            let rule = match overwrite.target {
                OverwriteTarget::Role if overwrite.id == self.guild().everyone().get() => {
                    &mut everyone
                }
                OverwriteTarget::Role if has(RoleId::new(overwrite.id)) => &mut roles,
                OverwriteTarget::Member if overwrite.id == subject.user.get() => &mut own,
                _ => continue,
            };
            rule.allow |= overwrite.allow;
            rule.deny |= overwrite.deny;
        }
        let bits = own.on(roles.on(everyone.on(base.bits())));
        let mut permissions = Permissions::from_bits(bits);
        if subject.timed_out {
            permissions = permissions & Permissions::TIMED_OUT;
        }
        let locked = channel.is_room() && !permissions.contains(Permissions::CONNECT);
        if !permissions.contains(Permissions::VIEW_CHANNEL) {
            Permissions::NONE
        } else if locked {
            // What is left is to know of the room and of the people in it.
            Permissions::VIEW_CHANNEL
        } else {
            permissions
        }
    }
}

/// What the overwrites of one step say together: denials first, then grants.
struct Rule {
    allow: u64,
    deny: u64,
}

impl Rule {
    const NOTHING: Self = Self { allow: 0, deny: 0 };

    fn on(&self, bits: u64) -> u64 {
        bits & !self.deny | self.allow
    }
}

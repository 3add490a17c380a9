use contracts::{
    ChannelId, EventId, RoleId, UserId,
    state::{AudienceChange, Changed, Channel, Guild, Member, OverwriteTarget, Role},
};
use event_bus::GONE_LIMIT;

use super::{super::audience::Facts, Picture};

/// What a change of the audience leaves to be done for those who watch.
#[derive(Debug)]
pub(crate) struct Effect {
    /// Channels to be judged anew, in ascending order.
    pub(crate) channels: Vec<ChannelId>,
    /// By the classes with this role alone; `None` = by all.
    pub(crate) role: Option<RoleId>,
    /// Rooms that are no more though no event told so.
    pub(crate) vanished: Vec<ChannelId>,
    /// Users who may belong to another class.
    pub(crate) users: Users,
    /// What is known of a member from now on.
    pub(crate) member: Option<(UserId, Facts)>,
    /// Whether something that existed may be seen by others than before.
    pub(crate) shifts: bool,
}

/// Users who may belong to another class.
#[derive(Debug)]
pub(crate) enum Users {
    These(Vec<UserId>),
    WithRole(RoleId),
}

impl Effect {
    /// Nothing to be done.
    pub(crate) const fn none() -> Self {
        Self {
            channels: Vec::new(),
            role: None,
            vanished: Vec::new(),
            users: Users::These(Vec::new()),
            member: None,
            shifts: false,
        }
    }
}

impl Picture {
    /// Applies a change of who may see what, told by the entry with this id.
    pub(crate) fn change(&mut self, change: AudienceChange, id: EventId) -> Effect {
        self.rendered.clear();
        match change {
            AudienceChange::Guild(Changed { now, .. }) => self.set_facts(now),
            AudienceChange::Channel(Changed { now, .. }) => self.set_channel(now),
            AudienceChange::ChannelGone(gone) => {
                let mut effect = Effect::none();
                self.bury(gone.id, &mut effect);
                effect
            }
            AudienceChange::Role(Changed { now, .. }) => self.set_role(&now),
            AudienceChange::RoleGone(role) => {
                self.roles.remove(&role.id);
                Effect {
                    users: Users::WithRole(role.id),
                    shifts: true,
                    ..Effect::none()
                }
            }
            AudienceChange::GuildGone => self.end(),
            AudienceChange::Member(_) | AudienceChange::MemberGone(_) => {
                let member = Facts::of_change(&change, id);
                if let AudienceChange::Member(Changed { now, .. }) = change {
                    self.show_face(&now);
                }
                Effect {
                    member,
                    ..Effect::none()
                }
            }
        }
    }

    fn set_facts(&mut self, now: Guild) -> Effect {
        let owner = now.owner_id;
        let was = self.facts.replace(now).map(|was| was.owner_id);
        if was == Some(owner) {
            return Effect::none();
        }
        Effect {
            channels: self.every_channel(),
            users: Users::These(was.into_iter().chain([owner]).collect()),
            shifts: true,
            ..Effect::none()
        }
    }

    fn set_channel(&mut self, now: Channel) -> Effect {
        let id = now.id;
        let was = self.channel_or_gone(id).cloned();
        let same = was
            .as_ref()
            .is_some_and(|was| sight_of(was) == sight_of(&now));
        self.buried.retain(|gone| gone.id != id);
        let users = named(was.iter().chain([&now]));
        self.channels.insert(id, now);
        if same {
            return Effect::none();
        }
        let threads = self.all_channels();
        let threads = threads.filter(|other| other.is_thread() && other.parent_id == Some(id));
        let mut channels: Vec<_> = threads.map(|thread| thread.id).collect();
        channels.push(id);
        channels.sort_unstable();
        Effect {
            channels,
            users: Users::These(users),
            shifts: was.is_some(),
            ..Effect::none()
        }
    }

    fn set_role(&mut self, role: &Role) -> Effect {
        let was = self.roles.insert(role.id, role.permissions);
        if was == Some(role.permissions) {
            return Effect::none();
        }
        Effect {
            channels: self.every_channel(),
            role: Some(role.id),
            users: Users::WithRole(role.id),
            shifts: true,
            ..Effect::none()
        }
    }

    /// Somebody in a room may have a new name or avatar; snapshots show it.
    fn show_face(&mut self, now: &Member) {
        if let Some(voice) = self.voice.get_mut(&now.user_id) {
            voice.username.clone_from(&now.username);
            voice.display_name.clone_from(&now.display_name);
            voice.avatar.clone_from(&now.avatar);
            voice.avatar_url.clone_from(&now.avatar_url);
        }
    }

    fn end(&mut self) -> Effect {
        let mut effect = Effect::none();
        let all: Vec<_> = self.channels.keys().copied().collect();
        for id in all {
            self.bury(id, &mut effect);
        }
        self.voice.clear();
        self.facts = None;
        effect.vanished.sort_unstable();
        effect
    }

    /// Takes a channel away. What it was still decides about what happened in it before.
    fn bury(&mut self, id: ChannelId, effect: &mut Effect) {
        let Some(was) = self.channels.remove(&id) else {
            return;
        };
        self.voice.retain(|_, voice| voice.channel_id != id);
        effect.shifts |= was.is_room();
        // The gateway tells of a deleted room before this entry; a room still open would stay on screens for ever.
        if self.open.remove(&id) {
            effect.vanished.push(id);
        }
        self.buried.push_back(was);
        if self.buried.len() > GONE_LIMIT
            && let Some(oldest) = self.buried.pop_front()
        {
            effect.channels.push(oldest.id);
        }
    }

    fn every_channel(&self) -> Vec<ChannelId> {
        let mut all: Vec<_> = self.all_channels().map(|channel| channel.id).collect();
        all.sort_unstable();
        all
    }
}

/// What of a channel decides who sees it.
fn sight_of(channel: &Channel) -> impl PartialEq + '_ {
    (
        channel.kind,
        &channel.overwrites,
        &channel.members,
        channel.obfuscated,
        channel.parent_id.filter(|_| channel.is_thread()),
    )
}

/// The users that channels name.
fn named<'a>(channels: impl Iterator<Item = &'a Channel>) -> Vec<UserId> {
    let users = channels.flat_map(|channel| {
        let overwrites = channel.overwrites.iter();
        let own = overwrites.filter(|one| one.target == OverwriteTarget::Member);
        let own = own.map(|one| UserId::new(one.id));
        own.chain(channel.members.iter().copied())
    });
    let mut users: Vec<_> = users.collect();
    users.sort_unstable();
    users.dedup();
    users
}

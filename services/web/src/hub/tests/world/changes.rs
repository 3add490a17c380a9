use contracts::{
    ChannelId, Event, EventId, GuildId, RoleId, UserId,
    event::{MemberLeft, RoomDeleted, VoiceLeft},
    state::{AudienceChange, Changed, Channel, Guild, Member, Overwrite, OverwriteTarget, Role},
};
use event_bus::{EventBus as _, NewEntry, StateOp, StoredGuild};

use super::{World, channel, new};

impl World {
    /// What tells of a channel as it is from now on, and of what is stored of it.
    pub(super) async fn changed(&self, guild: GuildId, channel: &Channel) -> NewEntry {
        let cut = self.bus.snapshot(&[guild]).await.unwrap();
        let mut stored = cut.guilds.into_iter().flat_map(|cut| cut.state.channels);
        NewEntry::Audience(AudienceChange::Channel(Changed::from(
            stored.find(|was| was.id == channel.id),
            channel.clone(),
        )))
    }

    /// Replaces a room's channel, and tells of it after these events.
    async fn put(&self, guild: GuildId, channel: Channel, state: Vec<StateOp>, events: &[Event]) {
        let mut entries: Vec<_> = events.iter().map(|event| new(guild, event)).collect();
        entries.push(self.changed(guild, &channel).await);
        let state = state.into_iter().chain([StateOp::SetChannel(channel)]);
        self.publish(guild, false, state.collect(), entries, Vec::new())
            .await;
    }

    /// The bot itself loses sight of a room with one person in it: the gateway tells of both, then of the channel.
    pub(in super::super) async fn obfuscate(&self, guild: GuildId, room: ChannelId, user: u64) {
        let user_id = UserId::new(user);
        let left = Event::VoiceLeft(VoiceLeft {
            guild_id: guild,
            channel_id: None,
            user_id,
            previous_channel_id: Some(room),
            moved: false,
        });
        let deleted = Event::RoomDeleted(RoomDeleted {
            guild_id: guild,
            channel_id: room,
            access: None,
        });
        let hidden = Channel {
            obfuscated: true,
            ..channel(guild, room, true)
        };
        let state = vec![StateOp::RemoveVoice(user_id)];
        self.put(guild, hidden, state, &[left, deleted]).await;
    }

    /// Takes CONNECT of a room from everybody: the room stays in sight, its text does not.
    pub(in super::super) async fn silence(&self, guild: GuildId, room: ChannelId) {
        let mut silent = channel(guild, room, false);
        silent.overwrites[0].deny = 1 << 20;
        self.put(guild, silent, Vec::new(), &[]).await;
    }
}

impl World {
    async fn stored(&self, guild: GuildId) -> StoredGuild {
        let mut cut = self.bus.snapshot(&[guild]).await.unwrap();
        cut.guilds.remove(0).state
    }

    async fn change(&self, guild: GuildId, state: StateOp, change: AudienceChange) -> EventId {
        let entry = NewEntry::Audience(change);
        self.publish(guild, false, vec![state], vec![entry], Vec::new())
            .await;
        self.clock().await
    }

    /// Sets a channel's overwrites; a channel that was not there is new, and no event tells of it.
    pub(in super::super) async fn overwrite(
        &self,
        guild: GuildId,
        id: ChannelId,
        kind: u8,
        overwrites: &[(OverwriteTarget, u64, u64, u64)],
    ) {
        let overwrites = overwrites.iter();
        let overwrites = overwrites.map(|(target, id, allow, deny)| Overwrite {
            id: *id,
            target: *target,
            allow: *allow,
            deny: *deny,
        });
        let channel = Channel {
            kind,
            overwrites: overwrites.collect(),
            ..channel(guild, id, false)
        };
        self.put(guild, channel, Vec::new(), &[]).await;
    }

    /// A private thread, and who is in it.
    pub(in super::super) async fn thread(
        &self,
        guild: GuildId,
        id: ChannelId,
        parent: ChannelId,
        members: &[UserId],
    ) {
        let thread = Channel {
            kind: 12,
            parent_id: Some(parent),
            members: members.to_vec(),
            ..channel(guild, id, false)
        };
        self.put(guild, thread, Vec::new(), &[]).await;
    }

    /// Gives a role these permissions.
    pub(in super::super) async fn role(&self, guild: GuildId, role: u64, permissions: u64) {
        let now = Role {
            id: RoleId::new(role),
            name: String::new(),
            permissions,
            position: 0,
        };
        let roles = self.stored(guild).await.roles;
        let was = roles.into_iter().find(|was| was.id == now.id);
        let change = AudienceChange::Role(Changed::from(was, now.clone()));
        self.change(guild, StateOp::SetRole(now), change).await;
    }

    /// Takes a role away from the guild.
    pub(in super::super) async fn remove_role(&self, guild: GuildId, role: u64) {
        let role = RoleId::new(role);
        let roles = self.stored(guild).await.roles;
        if let Some(was) = roles.into_iter().find(|was| was.id == role) {
            self.change(
                guild,
                StateOp::RemoveRole(role),
                AudienceChange::RoleGone(was),
            )
            .await;
        }
    }

    /// Makes somebody the owner.
    pub(in super::super) async fn crown(&self, guild: GuildId, owner: UserId) {
        let was = self.stored(guild).await.guild;
        let now = Guild {
            owner_id: owner,
            ..was.clone()
        };
        let change = AudienceChange::Guild(Changed::from(Some(was), now.clone()));
        self.change(guild, StateOp::SetGuild(now), change).await;
    }

    /// Says since when the log tells of everybody who joins or leaves.
    pub(in super::super) async fn tell_members_since(&self, guild: GuildId, since: Option<u64>) {
        let was = self.stored(guild).await.guild;
        let now = Guild {
            members_since: since,
            ..was.clone()
        };
        let change = AudienceChange::Guild(Changed::from(Some(was), now.clone()));
        self.change(guild, StateOp::SetGuild(now), change).await;
    }

    /// Tells of a member's roles and time-out; the id of the entry.
    pub(in super::super) async fn member(
        &self,
        guild: GuildId,
        user: UserId,
        roles: &[u64],
        timed_out_until: Option<u64>,
    ) -> EventId {
        let now = Member {
            roles: roles.iter().copied().map(RoleId::new).collect(),
            timed_out_until,
            ..nelly(user, None)
        };
        let members = self.stored(guild).await.members;
        let was = members.into_iter().find(|was| was.user_id == user);
        let change = AudienceChange::Member(Changed::from(was, now.clone()));
        self.change(guild, StateOp::SetMember(now), change).await
    }

    /// Somebody comes into the guild, who joined at this Unix ms. That somebody left may be known or not.
    pub(in super::super) async fn enter(&self, guild: GuildId, user: UserId, joined_at: u64) {
        let now = nelly(user, Some(joined_at));
        let members = self.stored(guild).await.members;
        let was = members.into_iter().find(|was| was.user_id == user);
        let change = AudienceChange::Member(Changed::from(was, now.clone()));
        self.change(guild, StateOp::SetMember(now), change).await;
    }

    /// Somebody leaves the guild.
    pub(in super::super) async fn kick(&self, guild: GuildId, user: UserId) {
        let left = Event::MemberLeft(MemberLeft {
            guild_id: guild,
            user_id: user,
        });
        let gone = NewEntry::Audience(AudienceChange::MemberGone(user));
        let entries = vec![new(guild, &left), gone];
        let state = vec![StateOp::RemoveMember(user)];
        self.publish(guild, false, state, entries, Vec::new()).await;
    }
}

fn nelly(user_id: UserId, joined_at: Option<u64>) -> Member {
    Member {
        user_id,
        username: "nelly".to_owned(),
        display_name: "Nelly".to_owned(),
        avatar: None,
        avatar_url: String::new(),
        bot: false,
        roles: Vec::new(),
        timed_out_until: None,
        joined_at,
    }
}

//! What is true in the guilds of a shard: the memory that dispatches are compared with.

mod load;
mod members;
mod recent;

use std::collections::BTreeMap;

use contracts::{
    ChannelId, GuildId, MessageId, RoleId, UserId,
    event::PresenceActivity,
    state::{Channel, Guild, Member, Role, Voice},
};
use event_bus::{Position, StateOp, StoredGuild};

pub use members::MEMBER_LIMIT;
pub use recent::Recent;

use members::Members;

/// How many presences of a guild are remembered, to tell a change from a repetition. The oldest
/// goes first: its next update is then told although it may change nothing.
const PRESENCE_LIMIT: usize = 10_000;

/// How many edited messages of a guild are remembered, to tell an edit from a link preview. The
/// oldest goes first, with the same consequence.
const EDIT_LIMIT: usize = 1_000;

/// How many rooms of a guild it is remembered of when somebody left them last: as many as Discord
/// allows. The oldest goes first; it then counts as empty since that was seen.
const ROOM_LIMIT: usize = 500;

/// How many guilds that the bot left are remembered, so that a replay does not bring them back.
const GONE_LIMIT: usize = 1_000;

/// The guilds of one shard.
#[derive(Debug)]
pub struct Guilds {
    states: BTreeMap<GuildId, GuildState>,
    gone: Recent<GuildId, Position>,
    member_limit: usize,
}

impl Default for Guilds {
    fn default() -> Self {
        Self::with_member_limit(MEMBER_LIMIT)
    }
}

impl Guilds {
    /// No guilds, with another bound than [`MEMBER_LIMIT`] for the members of each.
    pub fn with_member_limit(limit: usize) -> Self {
        Self {
            states: BTreeMap::new(),
            gone: Recent::new(GONE_LIMIT),
            member_limit: limit,
        }
    }

    /// A guild, if it is known.
    pub fn guild(&self, guild: GuildId) -> Option<&GuildState> {
        self.states.get(&guild)
    }

    /// The ids of the guilds that are known.
    pub fn ids(&self) -> Vec<GuildId> {
        self.states.keys().copied().collect()
    }

    /// How many guilds are known.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    pub(crate) fn guild_mut(&mut self, guild: GuildId) -> Option<&mut GuildState> {
        self.states.get_mut(&guild)
    }

    /// Begins a guild anew.
    pub(crate) fn begin(&mut self, guild: Guild) -> &mut GuildState {
        let id = guild.id;
        self.states
            .insert(id, GuildState::new(guild, self.member_limit));
        self.states
            .get_mut(&id)
            .expect("it was inserted one line above")
    }

    /// The bot left a guild by a change with this position.
    pub(crate) fn forget(&mut self, guild: GuildId, position: Position) {
        self.states.remove(&guild);
        self.gone.remove(guild);
        self.gone.insert(guild, position);
    }

    /// Whether the bot left a guild at this position or later.
    pub(crate) fn left_since(&self, guild: GuildId, position: Position) -> bool {
        self.gone.value(guild).is_some_and(|left| *left >= position)
    }
}

/// What is true in one guild.
///
/// The first group of fields is what the bus stores too; it changes by `GuildState::apply` only,
/// so that memory and store take the same steps. The second group is memory of this process.
#[derive(Debug)]
pub struct GuildState {
    guild: Guild,
    channels: BTreeMap<ChannelId, Channel>,
    roles: BTreeMap<RoleId, Role>,
    voice: BTreeMap<UserId, Voice>,
    members: Members,

    /// Position of the last change that was made, published or about to be.
    pub(crate) position: Option<Position>,
    /// Unix ms of the last entry that was stored when it was loaded.
    pub(crate) told_until: u64,
    /// People in rooms that the bot does not see: nobody is told of them until the room shows.
    pub(crate) unseen: BTreeMap<UserId, Voice>,
    /// The presence that was told last.
    pub(crate) presences: Recent<UserId, (String, Vec<PresenceActivity>)>,
    /// When somebody left a room last (Unix ms).
    pub(crate) left: Recent<ChannelId, u64>,
    /// When messages were edited last (Unix ms).
    pub(crate) edits: Recent<MessageId, u64>,
    /// Whether `members` has been seen to hold every member of the guild.
    pub(crate) members_complete: bool,
}

impl GuildState {
    fn new(guild: Guild, member_limit: usize) -> Self {
        Self {
            guild,
            channels: BTreeMap::new(),
            roles: BTreeMap::new(),
            voice: BTreeMap::new(),
            members: Members::new(member_limit),
            position: None,
            told_until: 0,
            unseen: BTreeMap::new(),
            presences: Recent::new(PRESENCE_LIMIT),
            left: Recent::new(ROOM_LIMIT),
            edits: Recent::new(EDIT_LIMIT),
            members_complete: false,
        }
    }

    /// Its facts.
    pub fn guild(&self) -> &Guild {
        &self.guild
    }

    /// A channel or thread.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id)
    }

    /// All channels and active threads.
    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values()
    }

    /// A role.
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.roles.get(&id)
    }

    /// All roles.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// Where a user is in voice, in a room that shows.
    pub fn voice(&self, user: UserId) -> Option<&Voice> {
        self.voice.get(&user)
    }

    /// Everybody in a room that shows.
    pub fn voices(&self) -> impl Iterator<Item = &Voice> {
        self.voice.values()
    }

    /// Who is in a room that shows.
    pub fn people(&self, channel: ChannelId) -> Vec<UserId> {
        self.voice
            .values()
            .filter(|voice| voice.channel_id == channel)
            .map(|voice| voice.user_id)
            .collect()
    }

    /// A member, if known.
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.member(user)
    }

    /// The members that are known.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    /// How many members are remembered at most.
    pub(crate) fn member_limit(&self) -> usize {
        self.members.limit()
    }

    /// Whether a channel is a room of which anybody may be told: known, and visible to the bot.
    pub fn shows(&self, channel: ChannelId) -> bool {
        self.channels.get(&channel).is_some_and(shown)
    }

    /// The position of its last change.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Takes the step that the store takes.
    pub(crate) fn apply(&mut self, op: &StateOp) {
        match op {
            StateOp::SetGuild(guild) => self.guild = guild.clone(),
            StateOp::SetChannel(channel) => {
                self.channels.insert(channel.id, channel.clone());
            }
            StateOp::RemoveChannel(id) => {
                self.channels.remove(id);
            }
            StateOp::SetRole(role) => {
                self.roles.insert(role.id, role.clone());
            }
            StateOp::RemoveRole(id) => {
                self.roles.remove(id);
            }
            StateOp::SetVoice(voice) => {
                self.voice.insert(voice.user_id, voice.clone());
            }
            StateOp::RemoveVoice(user) => {
                self.voice.remove(user);
            }
            StateOp::SetMember(member) => self.members.insert(member.clone()),
            StateOp::RemoveMember(user) => self.members.remove(*user),
            StateOp::RemoveGuild => {
                self.channels.clear();
                self.roles.clear();
                self.voice.clear();
                self.members.clear();
            }
        }
    }

    /// The member to forget so that the bound holds; never somebody in voice.
    pub(crate) fn surplus_member(&mut self) -> Option<UserId> {
        let voice = &self.voice;
        self.members.surplus(|user| voice.contains_key(&user))
    }

    /// All of it as the steps that write it whole.
    pub fn whole(&self) -> Vec<StateOp> {
        std::iter::once(StateOp::SetGuild(self.guild.clone()))
            .chain(self.roles.values().cloned().map(StateOp::SetRole))
            .chain(self.channels.values().cloned().map(StateOp::SetChannel))
            .chain(self.members.iter().cloned().map(StateOp::SetMember))
            .chain(self.voice.values().cloned().map(StateOp::SetVoice))
            .collect()
    }

    /// All of it as the bus stores it.
    pub fn stored(&self) -> StoredGuild {
        StoredGuild {
            guild: self.guild.clone(),
            channels: self.channels.values().cloned().collect(),
            roles: self.roles.values().cloned().collect(),
            voice: self.voice.values().cloned().collect(),
            members: self.members.iter().cloned().collect(),
        }
    }
}

/// Whether a channel is a room that the bot sees.
pub(crate) fn shown(channel: &Channel) -> bool {
    channel.is_room() && !channel.obfuscated
}

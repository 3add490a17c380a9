/// The events that browsers of a run ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    VoiceJoined,
    VoiceLeft,
    VoiceUpdated,
    RoomCreated,
    RoomUpdated,
    RoomDeleted,
    MessageCreated,
    MessageUpdated,
    MessageDeleted,
    ReactionAdded,
    ReactionRemoved,
    ReactionCleared,
    TypingStarted,
    MemberJoined,
    MemberUpdated,
    MemberLeft,
}

impl Kind {
    pub(crate) const ALL: [Self; 16] = [
        Self::VoiceJoined,
        Self::VoiceLeft,
        Self::VoiceUpdated,
        Self::RoomCreated,
        Self::RoomUpdated,
        Self::RoomDeleted,
        Self::MessageCreated,
        Self::MessageUpdated,
        Self::MessageDeleted,
        Self::ReactionAdded,
        Self::ReactionRemoved,
        Self::ReactionCleared,
        Self::TypingStarted,
        Self::MemberJoined,
        Self::MemberUpdated,
        Self::MemberLeft,
    ];

    /// As browsers know it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::VoiceJoined => "voice.joined",
            Self::VoiceLeft => "voice.left",
            Self::VoiceUpdated => "voice.updated",
            Self::RoomCreated => "room.created",
            Self::RoomUpdated => "room.updated",
            Self::RoomDeleted => "room.deleted",
            Self::MessageCreated => "message.created",
            Self::MessageUpdated => "message.updated",
            Self::MessageDeleted => "message.deleted",
            Self::ReactionAdded => "reaction.added",
            Self::ReactionRemoved => "reaction.removed",
            Self::ReactionCleared => "reaction.cleared",
            Self::TypingStarted => "typing.started",
            Self::MemberJoined => "member.joined",
            Self::MemberUpdated => "member.updated",
            Self::MemberLeft => "member.left",
        }
    }

    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a stream that does not choose carries it.
    pub(crate) fn is_default(self) -> bool {
        self.is_about_rooms()
    }

    /// Whether it is part of the picture of the rooms.
    pub(crate) fn is_about_rooms(self) -> bool {
        matches!(
            self,
            Self::VoiceJoined
                | Self::VoiceLeft
                | Self::VoiceUpdated
                | Self::RoomCreated
                | Self::RoomUpdated
                | Self::RoomDeleted
        )
    }

    /// Whether it is told only to those who are there at the moment.
    pub(crate) fn is_live_only(self) -> bool {
        self == Self::TypingStarted
    }
}

/// What makes one event the same as another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) guild: u64,
    pub(crate) kind: Kind,
    /// The channel whose viewers may receive it, or the guild, if all its members may.
    pub(crate) channel: u64,
    /// The user or the message that it is about.
    pub(crate) subject: u64,
    /// What else it says.
    pub(crate) detail: String,
}

/// One event as a browser gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) key: Key,
    /// A message's text, which may be taken away when the message is deleted.
    pub(crate) content: Option<String>,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            guild,
            kind,
            channel,
            subject,
            detail,
        } = self;
        let name = kind.name();
        write!(
            f,
            "{name} guild {guild} channel {channel} of {subject} [{detail}]"
        )
    }
}

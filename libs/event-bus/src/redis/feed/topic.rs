use contracts::GuildId;
use redis_link::RedisLink;

/// The name of the channel of signals, behind the prefix.
pub(in crate::redis) const CONTROL: &str = "control";

/// What a subscription may hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// What is meant for this subscription alone: its probes and ticks.
    Own,
    /// Signals to all.
    Control,
    /// The entries of a guild.
    Guild(GuildId),
}

/// The names of the channels of a subscription.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    own: String,
    control: String,
    /// What the name of a guild's channel begins with.
    guilds: String,
}

impl Channels {
    pub(super) fn new(link: &RedisLink) -> Self {
        Self {
            own: link.key(&format!("tick:{}", uuid::Uuid::new_v4())),
            control: link.key(CONTROL),
            guilds: link.key("events:"),
        }
    }

    pub(super) fn own(&self) -> &str {
        &self.own
    }

    pub(super) fn name(&self, topic: Topic) -> String {
        match topic {
            Topic::Own => self.own.clone(),
            Topic::Control => self.control.clone(),
            Topic::Guild(guild) => format!("{}{guild}", self.guilds),
        }
    }

    pub(super) fn topic(&self, name: &str) -> Option<Topic> {
        if name == self.own {
            return Some(Topic::Own);
        }
        if name == self.control {
            return Some(Topic::Control);
        }
        let guild = name.strip_prefix(&*self.guilds)?.parse().ok()?;
        Some(Topic::Guild(guild))
    }
}

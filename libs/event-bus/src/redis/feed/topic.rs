use contracts::GuildId;
use redis_link::RedisLink;

/// What a subscription may hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// What is meant for this subscription alone: its probes and ticks.
    Own,
    /// The entries of a guild.
    Guild(GuildId),
}

/// The names of the channels of a subscription.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    own: String,
    /// What the name of a guild's channel begins with.
    guilds: String,
}

impl Channels {
    pub(super) fn new(link: &RedisLink) -> Self {
        Self {
            own: link.key(&format!("tick:{}", uuid::Uuid::new_v4())),
            guilds: link.key("events:"),
        }
    }

    pub(super) fn own(&self) -> &str {
        &self.own
    }

    pub(super) fn name(&self, topic: Topic) -> String {
        match topic {
            Topic::Own => self.own.clone(),
            Topic::Guild(guild) => format!("{}{guild}", self.guilds),
        }
    }

    pub(super) fn topic(&self, name: &str) -> Option<Topic> {
        if name == self.own {
            return Some(Topic::Own);
        }
        let guild = name.strip_prefix(&*self.guilds)?.parse().ok()?;
        Some(Topic::Guild(guild))
    }
}

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::GuildId;

/// One of the connections that share a bot's guilds (Gateway, "Sharding").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardId {
    /// Number of this shard, from 0.
    pub id: u32,
    /// How many shards there are; at least 1.
    pub count: u32,
}

impl ShardId {
    /// A bot's only shard.
    pub const ONE: Self = Self { id: 0, count: 1 };

    /// The number of the shard that hears of this guild.
    pub fn of(guild: GuildId, count: u32) -> u32 {
        ((guild.get() >> 22) % u64::from(count.max(1))) as u32
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.id, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guild_belongs_to_the_shard_of_its_upper_bits() {
        let guild = GuildId::new(41_771_983_423_143_937);
        assert_eq!(ShardId::of(guild, 1), 0);
        assert_eq!(
            u64::from(ShardId::of(guild, 10)),
            (41_771_983_423_143_937_u64 >> 22) % 10
        );
    }

    #[test]
    fn no_shards_at_all_is_taken_for_one() {
        assert_eq!(ShardId::of(GuildId::new(u64::MAX), 0), 0);
    }
}

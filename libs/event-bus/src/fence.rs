use contracts::ShardId;

/// Who may publish what a shard hears: of two instances that both believe to hold it, the one with the higher token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence {
    /// The shard.
    pub shard: ShardId,
    /// Drawn anew at each take-over; higher than all before.
    pub token: u64,
}

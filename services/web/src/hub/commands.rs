use contracts::GuildId;
use tokio::sync::oneshot;

/// What streams ask of the follow loop, which alone changes what is followed.
#[derive(Debug)]
pub(crate) enum Command {
    /// Follow a guild; told true when it is followed, false if the bus is away.
    Open(GuildId, oneshot::Sender<bool>),
    /// Bring all guilds to one id by reading their logs; told true when it is done.
    Level(oneshot::Sender<bool>),
}

/// Most commands that wait; who has one more waits for room.
pub(crate) const COMMANDS: usize = 1024;

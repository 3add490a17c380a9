use contracts::GuildId;
use tokio::sync::oneshot;

/// A stream asks the follow loop, which alone changes what is followed, to follow a guild. Told true when it is followed,
/// false if the bus is away.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) guild: GuildId,
    pub(crate) told: oneshot::Sender<bool>,
}

/// Most such requests that wait; who has one more waits for room.
pub(crate) const REQUESTS: usize = 1024;

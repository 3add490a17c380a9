use fred::{
    error::Error,
    interfaces::{ClientLike, EventInterface},
    types::{Message, config::Server},
};
use redis_link::{RedisConfig, RedisLink, Role};
use tokio::sync::broadcast;

/// The connection of a subscription, and what its client tells of it.
pub(super) struct Line {
    pub(super) link: RedisLink,
    pub(super) errors: broadcast::Receiver<(Error, Option<Server>)>,
    pub(super) connects: broadcast::Receiver<Server>,
    pub(super) messages: broadcast::Receiver<Message>,
}

impl Line {
    /// A connection of its own, which begins to connect.
    pub(super) fn open(config: &RedisConfig) -> Self {
        let link = RedisLink::connect(config, Role::Subscriber);
        Self {
            errors: link.client().error_rx(),
            connects: link.client().reconnect_rx(),
            messages: link.client().message_rx(),
            link,
        }
    }

    /// Whether the client believes that it is connected; while it does not, it connects again by itself.
    pub(super) fn is_connected(&self) -> bool {
        self.link.client().is_connected()
    }

    /// After the client has given up its channels of events.
    pub(super) fn listen_again(&mut self) {
        self.errors = self.link.client().error_rx();
        self.connects = self.link.client().reconnect_rx();
        self.messages = self.link.client().message_rx();
    }

    /// Leaves out what waits.
    pub(super) fn skip_waiting(&mut self) {
        self.messages = self.messages.resubscribe();
    }
}

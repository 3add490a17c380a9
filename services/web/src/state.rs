#[cfg(test)]
pub(crate) mod staged;

use std::{ops::Deref, sync::Arc};

use event_bus::EventBus;
use gateway_registry::GatewayRegistry;
use lifecycle::{CancellationToken, Lifecycle};
use limits::Limits;
use link::Commands;
use session_store::Sessions;

use crate::{
    config::Config, discord::Discord, hub::Hub, membership::Memberships, metrics::Metrics,
    session::vault::Vault, stream_token::StreamTokens, streams::Streams,
};

/// What handlers work with. Clones share it.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// The parts of [`AppState`].
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    pub(crate) hub: Hub,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) sessions: Sessions,
    pub(crate) discord: Arc<Discord>,
    pub(crate) memberships: Arc<Memberships>,
    pub(crate) vault: Vault,
    pub(crate) streams: Streams,
    pub(crate) stream_tokens: StreamTokens,
    pub(crate) commands: Arc<dyn Commands>,
    pub(crate) limits: Arc<dyn Limits>,
    pub(crate) registry: Option<Arc<dyn GatewayRegistry>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) drain: CancellationToken,
    pub(crate) tasks: Lifecycle,
}

impl AppState {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether this replica is stopping.
    pub(crate) fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

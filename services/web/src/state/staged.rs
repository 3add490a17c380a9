use std::sync::Arc;

use environment::Env;
use event_bus::{EventBus, WithoutRedis};
use lifecycle::{CancellationToken, Lifecycle};
use limits::{Limits, MemoryLimits};
use prometheus::Registry;
use session_store::{MemorySessions, Sessions};

use super::{AppState, Parts};
use crate::{
    config::Config, discord::Discord, hub::tests::script::Stage, membership::Memberships,
    metrics::Metrics, session::vault::Vault, stream_token::StreamTokens, streams::Streams,
};

/// What handlers work with on a bus that a test directs; its Discord never answers.
pub(crate) fn staged(stage: &Stage, membership_ttl: &str) -> AppState {
    let mut env = Env::from_pairs([
        ("SESSION_SECRET", "0123456789abcdef0123456789abcdef"),
        ("DISCORD_CLIENT_ID", "1"),
        ("DISCORD_CLIENT_SECRET", "s"),
        ("DISCORD_API_URL", "http://127.0.0.1:9/api"),
        ("MEMBERSHIP_TTL_SECONDS", membership_ttl),
    ]);
    let config = Arc::new(Config::read_with(&mut env, WithoutRedis::Memory));
    env.finish().unwrap();
    let metrics = Arc::new(Metrics::register(&Registry::new()).unwrap());
    let discord = Arc::new(Discord::new(&config).unwrap());
    let vault = Vault::new([&config.session_secret]);
    let bus: Arc<dyn EventBus> = Arc::new(stage.script.clone());
    let limits: Arc<dyn Limits> = Arc::new(MemoryLimits::default());
    let memberships = Arc::new(Memberships::new(
        Arc::clone(&discord),
        Arc::clone(&bus),
        Arc::clone(&limits),
        vault.clone(),
        config.membership_ttl,
    ));
    let stop = CancellationToken::new();
    let (streams, _leases) =
        Streams::new(20, Arc::clone(&limits), Arc::clone(&metrics), stop.clone());
    let sessions: Sessions = MemorySessions::new().into();
    AppState::new(Parts {
        hub: stage.hub.clone(),
        bus,
        stream_tokens: StreamTokens::new(&config, vault.clone(), sessions.clone()),
        sessions,
        memberships,
        discord,
        vault,
        streams,
        commands: Arc::new(link::NoGateway),
        limits,
        registry: None,
        metrics,
        drain: stop,
        tasks: Lifecycle::new(),
        config,
    })
}

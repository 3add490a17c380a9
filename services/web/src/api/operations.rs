use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{Json, extract::State};
use contracts::operations::{
    GatewayState, HubState, Operations, RegistryState, ReplicaState, ShardState,
};
use gateway_registry::{CAPACITY, GatewayRegistry, RegistryError, SHARD_LIMIT};
use tokio::time::timeout;
use tracing::warn;

use super::looking::Looking;
use crate::{error::ApiError, hub::Health, state::AppState};

/// How long the registry may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the registry says.
#[derive(Default)]
struct Registered {
    gateways: Vec<GatewayState>,
    shard_count: Option<u32>,
    next_shard_count: Option<u32>,
    shards: Vec<ShardState>,
}

/// `GET /api/operations`, for operators. Everybody else finds nothing there, signed in or not.
pub(crate) async fn operations(
    State(state): State<AppState>,
    looking: Result<Looking, ApiError>,
) -> Result<Json<Operations>, ApiError> {
    let Looking(signed_in) = match looking {
        Err(ApiError::Unauthorized) => return Err(ApiError::NotFound),
        looking => looking?,
    };
    if !state.config.operators.contains(&signed_in.user.id) {
        return Err(ApiError::NotFound);
    }
    let (registry, registered) = match &state.registry {
        None => (RegistryState::None, Registered::default()),
        Some(registry) => match timeout(PATIENCE, ask(registry)).await {
            Ok(Ok(registered)) => (RegistryState::Known, registered),
            Ok(Err(error)) => {
                warn!(component = "Internal", %error, "the registry could not answer an operator");
                (RegistryState::Away, Registered::default())
            }
            Err(_late) => (RegistryState::Away, Registered::default()),
        },
    };
    let figures = state.hub.figures();
    let replica = ReplicaState {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        hub: match state.hub.health() {
            Health::Starting => HubState::Starting,
            Health::Ready => HubState::Ready,
            Health::Away => HubState::Away,
            Health::Repairing => HubState::Repairing,
            Health::Detached => HubState::Detached,
        },
        draining: state.is_draining(),
        streams: u32::try_from(state.streams.count()).unwrap_or(u32::MAX),
        guilds: u32::try_from(figures.guilds).unwrap_or(u32::MAX),
        ring_bytes: figures.ring_bytes as u64,
        complete: figures.complete,
    };
    Ok(Json(Operations {
        replica,
        registry,
        gateways: registered.gateways,
        shard_count: registered.shard_count,
        next_shard_count: registered.next_shard_count,
        shards: registered.shards,
    }))
}

async fn ask(registry: &Arc<dyn GatewayRegistry>) -> Result<Registered, RegistryError> {
    let count = registry.shard_count().await?;
    let leases = registry.leases().await?;
    let alive = registry.alive().await?;
    let mut connections: HashMap<(&str, u32), &str> = HashMap::new();
    for gateway in &alive {
        for shard in &gateway.shards {
            connections.insert((&gateway.instance, shard.id), &shard.state);
        }
    }
    let mut shards: Vec<_> = (0..count.map_or(0, |count| count.current).min(SHARD_LIMIT))
        .map(|id| ShardState {
            id,
            owner: None,
            connection: None,
        })
        .collect();
    for (id, owner) in leases {
        if let Some(shard) = shards.get_mut(id as usize) {
            let connection = connections.get(&(owner.as_str(), id));
            shard.connection = connection.map(|connection| (*connection).to_owned());
            shard.owner = Some(owner);
        }
    }
    let gateways = alive.into_iter().take(CAPACITY).map(|gateway| {
        let own = shards
            .iter()
            .filter(|shard| shard.owner.as_ref() == Some(&gateway.instance));
        GatewayState {
            shards: own.map(|shard| shard.id).collect(),
            instance: gateway.instance,
            version: gateway.version,
            started_at: gateway.started_at,
            heartbeat_at: gateway.heartbeat_at,
        }
    });
    Ok(Registered {
        gateways: gateways.collect(),
        shard_count: count.map(|count| count.current),
        next_shard_count: count.and_then(|count| count.next),
        shards,
    })
}

//! Who may start a session with Discord when: one budget and one rhythm for all instances.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use discord::{BudgetExhausted, IdentifyLimiter, Rest, SessionStartLimit, ShardId};
use gateway_registry::{Budget, GatewayRegistry, Permit};
use tokio::time::{sleep, timeout};
use tracing::{debug, error};

use crate::{metrics::Metrics, outage::Outage};

/// Discord allows one IDENTIFY per key within 5 s, measured where it arrives: the rest is for the
/// network's jitter.
const INTERVAL: Duration = Duration::from_millis(5_250);
/// Sessions may be started this long after `total` was granted (Gateway, "Session Start Limit").
const BUDGET_PERIOD: Duration = Duration::from_hours(24);
/// How long Discord may take to tell the budget; then what is known counts.
const PATIENCE: Duration = Duration::from_secs(10);

/// The limiter of a deployment: it asks the registry, and before it Discord, whose count is the truth.
pub(crate) struct SharedIdentifyLimiter {
    registry: Arc<dyn GatewayRegistry>,
    rest: Arc<Rest>,
    metrics: Arc<Metrics>,
    concurrency: AtomicU32,
    interval: Duration,
}

impl SharedIdentifyLimiter {
    pub(crate) fn new(
        registry: Arc<dyn GatewayRegistry>,
        rest: Arc<Rest>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            registry,
            rest,
            metrics,
            concurrency: AtomicU32::new(1),
            interval: INTERVAL,
        }
    }

    async fn ask_discord(&self) {
        match timeout(PATIENCE, self.rest.gateway_bot()).await {
            Ok(Ok(told)) => self.told(&told.session_start_limit).await,
            Ok(Err(error)) => {
                debug!(component = "Gateway", %error, "Discord does not tell the budget now");
            }
            Err(_) => debug!(
                component = "Gateway",
                "Discord does not tell the budget in time"
            ),
        }
    }

    /// Takes over what Discord told.
    pub(crate) async fn told(&self, limit: &SessionStartLimit) {
        self.concurrency
            .store(limit.max_concurrency.max(1), Ordering::Relaxed);
        let budget = Budget {
            total: limit.total,
            remaining: limit.remaining,
            resets_in: match limit.reset_after {
                0 => BUDGET_PERIOD,
                ms => Duration::from_millis(ms).min(BUDGET_PERIOD),
            },
        };
        self.metrics.identify_budget(budget.remaining);
        self.metrics.identify_budget_limit(budget.total);
        let mut outage = Outage::new("the budget of session starts can't be stored");
        while let Err(error) = self.registry.budget(budget).await {
            outage.wait(&error).await;
        }
    }
}

#[async_trait]
impl IdentifyLimiter for SharedIdentifyLimiter {
    async fn permit(&self, shard: ShardId) -> Result<(), BudgetExhausted> {
        self.ask_discord().await;
        let key = shard.id % self.concurrency.load(Ordering::Relaxed);
        let mut outage = Outage::new("nobody says whether a session may be started");
        loop {
            match self.registry.permit(key, self.interval).await {
                Ok(Permit::Granted { remaining }) => {
                    self.metrics.identify_budget(remaining);
                    return Ok(());
                }
                Ok(Permit::Wait(wait)) => sleep(wait).await,
                Ok(Permit::Exhausted { resets_in }) => {
                    error!(
                        component = "Gateway",
                        %shard,
                        resets_in_s = resets_in.as_secs(),
                        "Session starts are used up down to the reserve: this shard does not identify, or Discord would reset the token"
                    );
                    self.metrics.identify_refused();
                    return Err(BudgetExhausted { resets_in });
                }
                // Discord has not told yet, or the registry has forgotten: it is asked again.
                Ok(Permit::Untold) => {
                    outage
                        .wait("the budget of session starts is not known")
                        .await;
                    self.ask_discord().await;
                }
                Err(error) => outage.wait(&error).await,
            }
        }
    }
}

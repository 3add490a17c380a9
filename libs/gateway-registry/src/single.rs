mod instances;
mod moment;
mod shards;
mod starts;

use std::time::Duration;

use async_trait::async_trait;
use contracts::ShardId;
use parking_lot::Mutex;

use self::{instances::Instances, moment::Moment, shards::Shards, starts::Starts};
use crate::{
    Budget, Claim, GatewayRecord, GatewayRegistry, LONGEST, Lease, NewSession, Permit, Progress,
    RegistryError, Renewal, ShardCount, StoredSession, lease,
};

/// The registry of one process: the gateway and whoever asks for it live together.
#[derive(Debug, Default)]
pub struct SingleRegistry {
    instances: Mutex<Instances>,
    shards: Mutex<Shards>,
    starts: Mutex<Starts>,
}

impl SingleRegistry {
    /// A registry that knows nobody yet.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl GatewayRegistry for SingleRegistry {
    async fn announce(&self, record: &GatewayRecord, ttl: Duration) -> Result<(), RegistryError> {
        self.instances.lock().announce(record, ttl, Moment::now())
    }

    async fn withdraw(&self, instance: &str) -> Result<(), RegistryError> {
        self.instances.lock().withdraw(instance);
        Ok(())
    }

    async fn alive(&self) -> Result<Vec<GatewayRecord>, RegistryError> {
        Ok(self.instances.lock().alive(Moment::now()))
    }

    async fn shard_count(&self) -> Result<Option<ShardCount>, RegistryError> {
        Ok(self.shards.lock().count(Moment::now()))
    }

    async fn recount(&self, count: u32) -> Result<ShardCount, RegistryError> {
        lease::checked_count(count)?;
        Ok(self.shards.lock().recount(count, Moment::now()))
    }

    async fn leases(&self) -> Result<Vec<(u32, String)>, RegistryError> {
        Ok(self.shards.lock().leases(Moment::now()))
    }

    async fn claim(
        &self,
        shard: ShardId,
        owner: &str,
        ttl: Duration,
    ) -> Result<Claim, RegistryError> {
        lease::checked_shard(shard)?;
        let mut shards = self.shards.lock();
        Ok(shards.claim(shard, owner, ttl.min(LONGEST), Moment::now()))
    }

    async fn renew(
        &self,
        lease: &Lease,
        ttl: Duration,
        progress: Option<Progress>,
    ) -> Result<Renewal, RegistryError> {
        let mut shards = self.shards.lock();
        Ok(shards.renew(lease, ttl.min(LONGEST), progress, Moment::now()))
    }

    async fn begin_session(
        &self,
        lease: &Lease,
        session: NewSession<'_>,
    ) -> Result<Option<StoredSession>, RegistryError> {
        let mut shards = self.shards.lock();
        Ok(shards.begin_session(lease, session, Moment::now()))
    }

    async fn release(
        &self,
        lease: &Lease,
        progress: Option<Progress>,
    ) -> Result<(), RegistryError> {
        self.shards.lock().release(lease, progress, Moment::now());
        Ok(())
    }

    async fn budget(&self, told: Budget) -> Result<(), RegistryError> {
        self.starts.lock().budget(told, Moment::now());
        Ok(())
    }

    async fn permit(&self, key: u32, interval: Duration) -> Result<Permit, RegistryError> {
        let mut starts = self.starts.lock();
        Ok(starts.permit(key, interval.min(LONGEST), Moment::now()))
    }
}

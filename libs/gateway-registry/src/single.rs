use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{CAPACITY, GatewayRecord, GatewayRegistry, RegistryError};

/// The registry of one process: the gateway and whoever asks for it live together.
#[derive(Debug, Default)]
pub struct SingleRegistry {
    records: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Debug)]
struct Kept {
    record: GatewayRecord,
    expires: Instant,
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
        let now = Instant::now();
        let mut records = self.records.lock();
        records.retain(|_, kept| kept.expires > now);
        if records.len() >= CAPACITY && !records.contains_key(&record.instance) {
            return Err(RegistryError::Full);
        }
        let kept = Kept {
            record: GatewayRecord {
                heartbeat_at: unix_ms(),
                ..record.clone()
            },
            expires: now + ttl,
        };
        records.insert(record.instance.clone(), kept);
        Ok(())
    }

    async fn withdraw(&self, instance: &str) -> Result<(), RegistryError> {
        self.records.lock().remove(instance);
        Ok(())
    }

    async fn alive(&self) -> Result<Vec<GatewayRecord>, RegistryError> {
        let now = Instant::now();
        let mut records = self.records.lock();
        records.retain(|_, kept| kept.expires > now);
        Ok(records.values().map(|kept| kept.record.clone()).collect())
    }
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::moment::Moment;
use crate::{CAPACITY, GatewayRecord, RegistryError};

/// Who is alive.
#[derive(Debug, Default)]
pub(super) struct Instances {
    records: BTreeMap<String, Kept>,
}

#[derive(Debug)]
struct Kept {
    record: GatewayRecord,
    expires: Instant,
}

impl Instances {
    pub(super) fn announce(
        &mut self,
        record: &GatewayRecord,
        ttl: Duration,
        now: Moment,
    ) -> Result<(), RegistryError> {
        self.forget_expired(now);
        if self.records.len() >= CAPACITY && !self.records.contains_key(&record.instance) {
            return Err(RegistryError::Full);
        }
        let kept = Kept {
            record: GatewayRecord {
                heartbeat_at: now.unix,
                ..record.clone()
            },
            expires: now.instant + ttl,
        };
        self.records.insert(record.instance.clone(), kept);
        Ok(())
    }

    pub(super) fn withdraw(&mut self, instance: &str) {
        self.records.remove(instance);
    }

    pub(super) fn alive(&mut self, now: Moment) -> Vec<GatewayRecord> {
        self.forget_expired(now);
        self.records
            .values()
            .map(|kept| kept.record.clone())
            .collect()
    }

    fn forget_expired(&mut self, now: Moment) {
        self.records.retain(|_, kept| kept.expires > now.instant);
    }
}

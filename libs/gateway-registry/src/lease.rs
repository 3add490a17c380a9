use std::{fmt, time::Duration};

use contracts::ShardId;

use crate::{RegistryError, SHARD_LIMIT};

/// A shard that an instance holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The shard.
    pub shard: ShardId,
    /// The instance ([`crate::GatewayRecord::instance`]).
    pub owner: String,
    /// Drawn at the claim; higher than every one before. Says to the event bus whose changes count.
    pub fence: u64,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The shard is the caller's now.
    Granted {
        /// The lease.
        lease: Lease,
        /// The Discord session that the owner before it had, to be resumed.
        session: Option<StoredSession>,
    },
    /// Somebody holds it.
    Held {
        /// The instance that does.
        owner: String,
        /// Until it is free unless renewed.
        expires_in: Duration,
    },
    /// Shards are numbered otherwise now, or are about to be.
    Recounted(ShardCount),
}

/// What became of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The lease is held for another while.
    Held {
        /// A new count waits until all leases of this one are released.
        recount: bool,
    },
    /// It expired and somebody else has claimed the shard, or the record is gone.
    Lost,
}

/// How many shards the deployment has. One value for all instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardCount {
    /// The number in force.
    pub current: u32,
    /// The number that follows when all leases of the current one are released.
    pub next: Option<u32>,
    /// The number before; its instances may still run somewhere.
    pub previous: Option<u32>,
}

/// A session that Discord has just begun.
#[derive(Clone, Copy)]
pub struct NewSession<'a> {
    /// Discord's id of it. A secret.
    pub id: &'a str,
    /// The URL at which Discord wants it to be resumed.
    pub resume_url: &'a str,
    /// Sequence number of READY.
    pub seq: u64,
    /// What it was begun under ([`StoredSession::terms`]).
    pub terms: &'a str,
}

/// A session with Discord that another instance can resume.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Discord's id of it. A secret.
    pub id: String,
    /// The URL at which Discord wants it to be resumed.
    pub resume_url: String,
    /// Drawn when it began ([`crate::GatewayRegistry::begin_session`]).
    pub generation: u64,
    /// What it was begun under: intents and the like, in the instance's own words. One who wants other terms can't use it.
    pub terms: String,
    /// The watermark: every dispatch up to this sequence number is published or changes nothing.
    pub seq: u64,
    /// Unix ms when the watermark was stored, by the registry's clock.
    pub at: u64,
    /// Unix ms up to which everything is known, where the time since must still be made good: the session before this one
    /// was lost, and messages are yet to be fetched.
    pub unmended_since: Option<u64>,
}

impl StoredSession {
    /// Since when a session that follows this one must make good what it missed.
    pub(crate) fn known_up_to(&self) -> u64 {
        self.unmended_since.unwrap_or(self.at)
    }
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("generation", &self.generation)
            .field("seq", &self.seq)
            .field("at", &self.at)
            .field("unmended_since", &self.unmended_since)
            .finish_non_exhaustive()
    }
}

/// How far a session got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The session's generation; progress of another one is not looked at.
    pub generation: u64,
    /// The watermark ([`StoredSession::seq`]). It never falls.
    pub seq: u64,
    /// What happened before the session began is made good ([`StoredSession::unmended_since`] is cleared).
    pub mended: bool,
}

pub(crate) fn checked_count(count: u32) -> Result<u32, RegistryError> {
    if (1..=SHARD_LIMIT).contains(&count) {
        Ok(count)
    } else {
        Err(RegistryError::NoSuchCount(count))
    }
}

pub(crate) fn checked_shard(shard: ShardId) -> Result<ShardId, RegistryError> {
    checked_count(shard.count)?;
    if shard.id < shard.count {
        Ok(shard)
    } else {
        Err(RegistryError::NoSuchShard(shard))
    }
}

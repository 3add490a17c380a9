//! What the scripts answer, and what they are asked, as texts.

use std::time::Duration;

use contracts::ShardId;

use crate::{Claim, LONGEST, Lease, Permit, Progress, RegistryError, ShardCount, StoredSession};

/// A duration as the scripts take it: whole ms, at least one, so that nothing ends before it began.
pub(super) fn ms(duration: Duration) -> String {
    duration.min(LONGEST).as_millis().max(1).to_string()
}

pub(super) fn lease(lease: &Lease) -> Vec<String> {
    vec![
        lease.shard.id.to_string(),
        lease.shard.count.to_string(),
        lease.owner.clone(),
        lease.fence.to_string(),
    ]
}

pub(super) fn progress(progress: Option<Progress>) -> [String; 3] {
    progress.map_or_else(Default::default, |it| {
        [
            it.generation.to_string(),
            it.seq.to_string(),
            u8::from(it.mended).to_string(),
        ]
    })
}

pub(super) fn count(fields: &[String]) -> Result<Option<ShardCount>, RegistryError> {
    match fields {
        [] => Ok(None),
        [current, next, previous] => Ok(Some(ShardCount {
            current: number(current)?,
            next: optional(next)?,
            previous: optional(previous)?,
        })),
        _ => Err(unreadable()),
    }
}

pub(super) fn session(fields: &[String]) -> Result<Option<StoredSession>, RegistryError> {
    match fields {
        [] => Ok(None),
        [id, resume_url, generation, terms, seq, at, unmended_since] => Ok(Some(StoredSession {
            id: id.clone(),
            resume_url: resume_url.clone(),
            generation: number(generation)?,
            terms: terms.clone(),
            seq: number(seq)?,
            at: number(at)?,
            unmended_since: optional(unmended_since)?,
        })),
        _ => Err(unreadable()),
    }
}

pub(super) fn claim(
    fields: &[String],
    shard: ShardId,
    claimant: &str,
) -> Result<Claim, RegistryError> {
    match fields {
        [outcome, fence, stored @ ..] if outcome == "granted" => Ok(Claim::Granted {
            lease: Lease {
                shard,
                owner: claimant.to_owned(),
                fence: number(fence)?,
            },
            session: session(stored)?,
        }),
        [outcome, owner, left] if outcome == "held" => Ok(Claim::Held {
            owner: owner.clone(),
            expires_in: Duration::from_millis(number(left)?),
        }),
        [outcome, fields @ ..] if outcome == "recounted" => {
            count(fields)?.map(Claim::Recounted).ok_or_else(unreadable)
        }
        _ => Err(unreadable()),
    }
}

pub(super) fn permit(fields: &[String]) -> Result<Permit, RegistryError> {
    let [outcome, value @ ..] = fields else {
        return Err(unreadable());
    };
    match (outcome.as_str(), value) {
        ("granted", [remaining]) => Ok(Permit::Granted {
            remaining: number(remaining)?,
        }),
        ("wait", [left]) => Ok(Permit::Wait(Duration::from_millis(number(left)?))),
        ("exhausted", [left]) => Ok(Permit::Exhausted {
            resets_in: Duration::from_millis(number(left)?),
        }),
        ("untold", []) => Ok(Permit::Untold),
        _ => Err(unreadable()),
    }
}

fn optional<T: std::str::FromStr>(text: &str) -> Result<Option<T>, RegistryError> {
    if text.is_empty() {
        Ok(None)
    } else {
        number(text).map(Some)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, RegistryError> {
    text.parse().map_err(|_| unreadable())
}

/// What Redis holds is not what this version writes. Its text may be a secret and is not repeated.
pub(super) fn unreadable() -> RegistryError {
    RegistryError::Unavailable("Redis holds something unreadable under the keys of leases".into())
}

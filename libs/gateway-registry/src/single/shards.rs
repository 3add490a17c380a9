use std::{collections::BTreeMap, mem, time::Duration};

use contracts::ShardId;
use tokio::time::Instant;

use super::moment::Moment;
use crate::{Claim, Lease, NewSession, Progress, Renewal, ShardCount, StoredSession};

/// The count, and who holds which shard of it.
#[derive(Debug, Default)]
pub(super) struct Shards {
    count: Option<ShardCount>,
    /// Of shards of the current count that were ever claimed, by their numbers.
    records: BTreeMap<u32, Record>,
    /// What a shard's first session of the current count must make good ([`StoredSession::unmended_since`]).
    unmended_since: Option<u64>,
    /// The number drawn last.
    epoch: u64,
}

#[derive(Debug, Default)]
struct Record {
    holder: Option<Holder>,
    session: Option<StoredSession>,
}

#[derive(Debug)]
struct Holder {
    owner: String,
    fence: u64,
    expires: Instant,
}

impl Shards {
    /// The count in force, after a change that only waited for leases to end.
    pub(super) fn count(&mut self, now: Moment) -> Option<ShardCount> {
        let next = self.count?.next;
        if let Some(next) = next.filter(|_| !self.is_held(now)) {
            self.switch(next);
        }
        self.count
    }

    pub(super) fn recount(&mut self, wanted: u32, now: Moment) -> ShardCount {
        let count = self.count(now).unwrap_or(ShardCount {
            current: wanted,
            next: None,
            previous: None,
        });
        let waiting = ShardCount {
            next: (wanted != count.current).then_some(wanted),
            ..count
        };
        self.count = Some(waiting);
        self.count(now).unwrap_or(waiting)
    }

    pub(super) fn leases(&self, now: Moment) -> Vec<(u32, String)> {
        let held = self.records.iter().filter_map(|(id, record)| {
            let holder = record.held(now)?;
            Some((*id, holder.owner.clone()))
        });
        held.collect()
    }

    pub(super) fn claim(
        &mut self,
        shard: ShardId,
        owner: &str,
        ttl: Duration,
        now: Moment,
    ) -> Claim {
        let count = self
            .count(now)
            .unwrap_or_else(|| self.recount(shard.count, now));
        if count.current != shard.count {
            return Claim::Recounted(count);
        }
        if let Some(holder) = self.records.get(&shard.id).and_then(|it| it.held(now)) {
            return Claim::Held {
                owner: holder.owner.clone(),
                expires_in: holder.expires - now.instant,
            };
        }
        if count.next.is_some() {
            return Claim::Recounted(count);
        }
        let fence = self.draw(now);
        let record = self.records.entry(shard.id).or_default();
        record.holder = Some(Holder {
            owner: owner.to_owned(),
            fence,
            expires: now.instant + ttl,
        });
        Claim::Granted {
            lease: Lease {
                shard,
                owner: owner.to_owned(),
                fence,
            },
            session: record.session.clone(),
        }
    }

    pub(super) fn renew(
        &mut self,
        lease: &Lease,
        ttl: Duration,
        progress: Option<Progress>,
        now: Moment,
    ) -> Renewal {
        let recount = self.count.is_some_and(|count| count.next.is_some());
        let Some(record) = self.of(lease) else {
            return Renewal::Lost;
        };
        record.progressed(progress, now);
        if let Some(holder) = &mut record.holder {
            holder.expires = now.instant + ttl;
        }
        Renewal::Held { recount }
    }

    pub(super) fn begin_session(
        &mut self,
        lease: &Lease,
        session: NewSession<'_>,
        now: Moment,
    ) -> Option<StoredSession> {
        let before = self.of(lease)?.session.clone();
        if let Some(same) = before.as_ref().filter(|before| before.id == session.id) {
            return Some(same.clone());
        }
        let session = StoredSession {
            id: session.id.to_owned(),
            resume_url: session.resume_url.to_owned(),
            generation: self.draw(now),
            terms: session.terms.to_owned(),
            seq: session.seq,
            at: now.unix,
            unmended_since: before.map_or(self.unmended_since, |it| Some(it.known_up_to())),
        };
        self.of(lease)?.session = Some(session.clone());
        Some(session)
    }

    pub(super) fn release(&mut self, lease: &Lease, progress: Option<Progress>, now: Moment) {
        if let Some(record) = self.of(lease) {
            record.progressed(progress, now);
            record.holder = None;
        }
    }

    /// The record of a lease, unless it is lost.
    fn of(&mut self, lease: &Lease) -> Option<&mut Record> {
        let current = self.count?.current;
        let record = self.records.get_mut(&lease.shard.id)?;
        let holder = record.holder.as_ref()?;
        let same = lease.shard.count == current
            && holder.owner == lease.owner
            && holder.fence == lease.fence;
        same.then_some(record)
    }

    fn is_held(&self, now: Moment) -> bool {
        self.records
            .values()
            .any(|record| record.held(now).is_some())
    }

    fn switch(&mut self, to: u32) {
        let Some(count) = self.count else { return };
        let old = mem::take(&mut self.records);
        // a count that nobody has used leaves no instances behind
        let used = if old.is_empty() {
            count.previous
        } else {
            Some(count.current)
        };
        let since = (0..count.current).filter_map(|id| {
            let session = old.get(&id).and_then(|record| record.session.as_ref());
            session.map_or(self.unmended_since, |it| Some(it.known_up_to()))
        });
        self.unmended_since = since.min();
        self.count = Some(ShardCount {
            current: to,
            next: None,
            previous: used.filter(|previous| *previous != to),
        });
    }

    fn draw(&mut self, now: Moment) -> u64 {
        self.epoch = now.unix.max(self.epoch + 1);
        self.epoch
    }
}

impl Record {
    fn held(&self, now: Moment) -> Option<&Holder> {
        self.holder
            .as_ref()
            .filter(|holder| holder.expires > now.instant)
    }

    fn progressed(&mut self, progress: Option<Progress>, now: Moment) {
        let session = self.session.as_mut();
        let Some((session, progress)) = session
            .zip(progress)
            .filter(|(session, progress)| session.generation == progress.generation)
        else {
            return;
        };
        if progress.seq >= session.seq {
            session.seq = progress.seq;
            session.at = now.unix;
        }
        if progress.mended {
            session.unmended_since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(5);

    fn claim(shards: &mut Shards, id: u32, now: Moment) -> Lease {
        match shards.claim(ShardId { id, count: 2 }, "a", TTL, now) {
            Claim::Granted { lease, .. } => lease,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fences_rise_while_the_wall_clock_falls() {
        let mut shards = Shards::default();
        let now = Moment::now();
        let first = claim(&mut shards, 0, now);
        let past = Moment {
            unix: now.unix - 60_000,
            ..now
        };
        assert_eq!(claim(&mut shards, 1, past).fence, first.fence + 1);
    }

    #[test]
    fn a_lease_ends_with_its_last_moment() {
        let mut shards = Shards::default();
        let now = Moment::now();
        claim(&mut shards, 0, now);
        let later = |after| Moment {
            instant: now.instant + after,
            ..now
        };
        assert_eq!(shards.leases(later(TTL / 2)).len(), 1);
        assert!(shards.leases(later(TTL)).is_empty());
        claim(&mut shards, 0, later(TTL));
    }
}

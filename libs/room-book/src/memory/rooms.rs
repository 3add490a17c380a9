use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contracts::{
    ChannelId, GuildId, UserId,
    invite::{InviteId, InviteToken},
};
use tokio::time::Instant;

use crate::{
    INVITES_PER_ROOM, Invite, Invited, NewInvite, NewRoom, ROOMS_PER_GUILD, Room,
    invite::{hashed, invite_id},
};

/// Rooms and invites by guild. A guild without any takes no place.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    guilds: HashMap<GuildId, Guild>,
}

#[derive(Debug, Default)]
struct Guild {
    rooms: BTreeMap<ChannelId, Kept>,
    /// Name → for whom, until when.
    reserved: HashMap<String, (UserId, Instant)>,
    invites: HashMap<InviteId, KeptInvite>,
}

#[derive(Debug)]
struct Kept {
    owner: UserId,
    made_at: u64,
    empty_since: Option<Instant>,
    claim: Option<(String, Instant)>,
}

#[derive(Debug)]
struct KeptInvite {
    hash: String,
    channel: ChannelId,
    maker: UserId,
    until: Option<Instant>,
    max_uses: Option<u32>,
    used_by: BTreeSet<UserId>,
}

impl Rooms {
    pub(super) fn reserve(
        &mut self,
        guild: GuildId,
        owner: UserId,
        reservation: &str,
        most: u32,
        ttl: Duration,
    ) -> bool {
        let now = Instant::now();
        let kept = self.guilds.entry(guild).or_default();
        kept.reserved
            .retain(|name, (_, until)| *until > now && name != reservation);
        let rooms = kept.rooms.values().filter(|room| room.owner == owner);
        let reserved = kept.reserved.values().filter(|(user, _)| *user == owner);
        let own = rooms.count() + reserved.count();
        let granted =
            own < most as usize && kept.rooms.len() + kept.reserved.len() < ROOMS_PER_GUILD;
        if granted {
            let until = now + ttl;
            kept.reserved.insert(reservation.to_owned(), (owner, until));
        }
        self.tidy(guild);
        granted
    }

    pub(super) fn give_back(&mut self, guild: GuildId, reservation: &str) {
        if let Some(kept) = self.guilds.get_mut(&guild) {
            kept.reserved.remove(reservation);
        }
        self.tidy(guild);
    }

    pub(super) fn enter(&mut self, room: NewRoom, reservation: &str) {
        let kept = self.guilds.entry(room.guild).or_default();
        kept.reserved.remove(reservation);
        kept.rooms.entry(room.channel).or_insert_with(|| Kept {
            owner: room.owner,
            made_at: unix_ms(),
            empty_since: Some(Instant::now()),
            claim: None,
        });
    }

    pub(super) fn room(&self, guild: GuildId, channel: ChannelId) -> Option<Room> {
        let kept = self.guilds.get(&guild)?.rooms.get(&channel)?;
        Some(shown(guild, channel, kept))
    }

    pub(super) fn all(&self, guild: GuildId) -> Vec<Room> {
        let rooms = self.guilds.get(&guild).into_iter();
        rooms
            .flat_map(|kept| &kept.rooms)
            .map(|(channel, kept)| shown(guild, *channel, kept))
            .collect()
    }

    pub(super) fn forget(&mut self, guild: GuildId, channel: ChannelId) {
        if let Some(kept) = self.guilds.get_mut(&guild) {
            kept.rooms.remove(&channel);
            kept.invites.retain(|_, invite| invite.channel != channel);
        }
        self.tidy(guild);
    }

    pub(super) fn occupied(&mut self, guild: GuildId, channel: ChannelId) {
        if let Some(kept) = self.kept(guild, channel) {
            kept.empty_since = None;
        }
    }

    pub(super) fn empty(
        &mut self,
        guild: GuildId,
        channel: ChannelId,
        left: Option<Duration>,
    ) -> Option<Duration> {
        let now = Instant::now();
        let kept = self.kept(guild, channel)?;
        let left = left.and_then(|ago| now.checked_sub(ago));
        let since = match (kept.empty_since, left) {
            (Some(known), Some(left)) => known.max(left),
            (known, left) => known.or(left).unwrap_or(now),
        };
        kept.empty_since = Some(since);
        Some(now.duration_since(since))
    }

    pub(super) fn claim_removal(
        &mut self,
        guild: GuildId,
        channel: ChannelId,
        empty_for: Duration,
        claimant: &str,
        ttl: Duration,
    ) -> bool {
        let now = Instant::now();
        let Some(kept) = self.kept(guild, channel) else {
            return false;
        };
        let due = kept
            .empty_since
            .is_some_and(|since| now.duration_since(since) >= empty_for);
        let taken = kept
            .claim
            .as_ref()
            .is_some_and(|(by, until)| by != claimant && *until > now);
        if due && !taken {
            kept.claim = Some((claimant.to_owned(), now + ttl));
        }
        due && !taken
    }

    pub(super) fn add_invite(&mut self, new: &NewInvite<'_>) -> Invited {
        let (now, id) = (Instant::now(), invite_id(new.token));
        let known = self.guilds.get_mut(&id.guild());
        let Some(kept) = known.filter(|kept| kept.rooms.contains_key(&new.channel)) else {
            return Invited::NoRoom;
        };
        kept.invites.retain(|_, invite| invite.valid_at(now));
        let of_room = kept
            .invites
            .values()
            .filter(|invite| invite.channel == new.channel);
        if of_room.count() >= INVITES_PER_ROOM && !kept.invites.contains_key(&id) {
            return Invited::Full;
        }
        kept.invites.entry(id).or_insert_with(|| KeptInvite {
            hash: hashed(new.token),
            channel: new.channel,
            maker: new.maker,
            until: new.expires_in.map(|ttl| now + ttl),
            max_uses: new.max_uses,
            used_by: BTreeSet::new(),
        });
        Invited::Entered(id)
    }

    pub(super) fn use_invite(
        &mut self,
        token: &InviteToken,
        user: UserId,
        count: bool,
    ) -> Option<Invite> {
        let id = invite_id(token);
        let kept = self.guilds.get_mut(&id.guild())?.invites.get_mut(&id)?;
        if kept.hash != hashed(token) || !kept.valid_at(Instant::now()) {
            return None;
        }
        if let Some(max) = kept.max_uses
            && !kept.used_by.contains(&user)
        {
            if kept.used_by.len() >= max as usize {
                return None;
            }
            if count {
                kept.used_by.insert(user);
            }
        }
        Some(kept.shown(id))
    }

    pub(super) fn invite(&self, id: InviteId) -> Option<Invite> {
        let kept = self.guilds.get(&id.guild())?.invites.get(&id)?;
        kept.valid_at(Instant::now()).then(|| kept.shown(id))
    }

    pub(super) fn revoke(&mut self, id: InviteId) {
        if let Some(kept) = self.guilds.get_mut(&id.guild()) {
            kept.invites.remove(&id);
        }
    }

    fn kept(&mut self, guild: GuildId, channel: ChannelId) -> Option<&mut Kept> {
        self.guilds.get_mut(&guild)?.rooms.get_mut(&channel)
    }

    fn tidy(&mut self, guild: GuildId) {
        if let Some(kept) = self.guilds.get(&guild)
            && kept.rooms.is_empty()
            && kept.reserved.is_empty()
        {
            self.guilds.remove(&guild);
        }
    }
}

impl KeptInvite {
    fn valid_at(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until > now)
    }

    fn shown(&self, id: InviteId) -> Invite {
        Invite {
            id,
            channel: self.channel,
            maker: self.maker,
        }
    }
}

fn shown(guild: GuildId, channel: ChannelId, kept: &Kept) -> Room {
    let now = unix_ms();
    let since = |since: Instant| now.saturating_sub(since.elapsed().as_millis() as u64);
    Room {
        guild,
        channel,
        owner: kept.owner,
        made_at: kept.made_at,
        empty_since: kept.empty_since.map(since),
    }
}

fn unix_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| since.as_millis() as u64)
}

//! Comparing what a browser received with what it should have.

use std::collections::HashMap;

use super::{
    align::align,
    known::Known,
    model::{Emitted, Model},
    payload::Payload,
    picture,
    told::{Key, Kind, Told},
    twins::{self, Came},
    verdict::Verdict,
};
use crate::browser::{Profile, Record};

/// How far around an announced hole events may be missing or come as differences, in µs.
const HOLE_MARGIN: u64 = 2_000_000;

/// How long after Discord's new sessions browsers may be told of the differences, in µs: some are away meanwhile.
const DIFFERENCES_WITHIN: u64 = 15_000_000;

/// What a run is forgiven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mercy {
    /// `reset` and `gap` may come; what they announce is not counted as lost.
    pub(crate) announced: bool,
    /// When Discord had forgotten its sessions (Unix µs, from and to): what happened then comes as differences.
    pub(crate) forgotten: Vec<(u64, u64)>,
}

/// Judges every browser of so many replicas.
pub(crate) fn judge(
    model: &Model,
    browsers: &[(Profile, Record)],
    replicas: usize,
    mercy: &Mercy,
    since: u64,
    now: u64,
) -> Verdict {
    let mut verdict = Verdict::default();
    let known = Known::read(model, browsers, replicas);
    for (profile, record) in browsers {
        let court = Court {
            model,
            user: model
                .watchers
                .get(profile.user)
                .copied()
                .unwrap_or_default(),
            profile,
            record,
            known: &known,
            mercy,
            since,
            now,
        };
        verdict.next_browser();
        court.judge(&mut verdict);
    }
    verdict
}

/// One browser before its judge.
pub(super) struct Court<'a> {
    pub(super) model: &'a Model,
    /// Who sits before it.
    pub(super) user: u64,
    pub(super) profile: &'a Profile,
    pub(super) record: &'a Record,
    pub(super) known: &'a Known,
    mercy: &'a Mercy,
    /// Dispatches up to this number were before its time.
    since: u64,
    /// Unix µs.
    now: u64,
}

/// An event that a browser received.
#[derive(Clone, Copy)]
pub(super) struct Got<'a> {
    pub(super) at: u64,
    pub(super) told: &'a Told,
}

impl Court<'_> {
    fn judge(&self, verdict: &mut Verdict) {
        let who = self.profile.describe();
        for arrival in &self.record.arrivals {
            match &*arrival.payload {
                Payload::Told(_) => verdict.deliveries += 1,
                Payload::Reset(reason) => {
                    *verdict.resets.entry(reason.clone()).or_default() += 1;
                    let at = self.place(arrival.at_micros);
                    verdict.note(|| format!("{who}: reset {reason} {at}"));
                }
                Payload::Gap(guild) => {
                    verdict.gaps += 1;
                    verdict.note(|| format!("{who}: gap in guild {guild}"));
                }
                Payload::Unknown(what) => {
                    verdict.unexpected += 1;
                    verdict.note(|| format!("{who}: not asked for: {what}"));
                }
                Payload::Snapshot(_) | Payload::Unavailable(_) => {}
            }
        }
        verdict.backwards += self.record.backwards.len() as u64;
        if let Some((old, new)) = self.record.backwards.first() {
            verdict.note(|| format!("{who}: the id goes back from {old} to {new}"));
        }
        if let Some(why) = &self.record.gave_up {
            verdict.gave_up += 1;
            verdict.note(|| format!("{who}: an EventSource gives up at {why}"));
        }
        let mut guilds = self.model.guild_ids();
        guilds.retain(|guild| self.profile.sees(*guild));
        for guild in guilds {
            self.list(guild, verdict);
            self.rooms(guild, verdict);
        }
        self.foreign(verdict);
        self.hidden_names(verdict);
    }

    /// Events of guilds that the browser has no part in, or of kinds that it did not ask for.
    fn foreign(&self, verdict: &mut Verdict) {
        for arrival in &self.record.arrivals {
            if let Payload::Told(told) = &*arrival.payload
                && !(self.profile.sees(told.key.guild) && self.profile.wants(told.key.kind))
            {
                verdict.unexpected += 1;
                verdict
                    .note(|| format!("{}: not asked for: {}", self.profile.describe(), told.key));
            }
        }
    }

    /// The events of one guild, one after the other: first those that were to be seen when they were emitted, then, of what is
    /// left, those that became visible before they were delivered.
    fn list(&self, guild: u64, verdict: &mut Verdict) {
        let emitted = self.model.emitted(guild).iter();
        let emitted =
            emitted.filter(|emitted| emitted.n > self.since && self.is_listed(&emitted.told.key));
        let (due, later): (Vec<&Emitted>, Vec<&Emitted>) =
            emitted.partition(|emitted| self.is_seen(emitted, emitted.n));
        let got: Vec<Got<'_>> = self
            .record
            .arrivals
            .iter()
            .filter_map(|arrival| match &*arrival.payload {
                Payload::Told(told) => Some(Got {
                    at: arrival.at_micros,
                    told,
                }),
                _ => None,
            })
            .filter(|got| got.told.key.guild == guild && self.is_listed(&got.told.key))
            .collect();
        let mut numbers: HashMap<&Key, u32> = HashMap::new();
        let mut number = |key| {
            let next = numbers.len() as u32;
            *numbers.entry(key).or_insert(next)
        };
        let expected: Vec<u32> = due
            .iter()
            .map(|emitted| number(&emitted.told.key))
            .collect();
        let received: Vec<u32> = got.iter().map(|got| number(&got.told.key)).collect();
        let Some(pairs) = align(&expected, &received) else {
            verdict.lost += due.len() as u64;
            verdict.note(|| {
                format!(
                    "{}: guild {guild}: {} events expected, {} others received",
                    self.profile.describe(),
                    due.len(),
                    got.len()
                )
            });
            return;
        };
        self.compare(&due, &later, &got, &pairs, verdict);
        self.rooms_in_sight(guild, verdict);
    }

    /// Whether an event was to be seen after one of the dispatches from its own to this one. Its own counts as before and after:
    /// whoever leaves may hear of it or not.
    pub(super) fn is_seen(&self, emitted: &Emitted, until: u64) -> bool {
        let key = &emitted.told.key;
        let span = (emitted.n.saturating_sub(1), until);
        self.model
            .sights
            .ever(self.user, key.channel, key.kind, span)
    }

    /// Whether events like this are compared one by one. Those about a room that came into sight or went out of it are not:
    /// browsers are told of the room as a whole then, which [`Court::rooms`] looks at.
    fn is_listed(&self, key: &Key) -> bool {
        let steady = self.model.sights.steady(self.user, key.channel).is_some();
        self.profile.wants(key.kind) && (steady || !key.kind.is_about_rooms())
    }

    fn compare(
        &self,
        due: &[&Emitted],
        later: &[&Emitted],
        got: &[Got<'_>],
        pairs: &[(usize, usize)],
        verdict: &mut Verdict,
    ) {
        let mut paired = (vec![None; due.len()], vec![false; got.len()]);
        for (x, y) in pairs {
            paired.0[*x] = Some(got[*y].at);
            paired.1[*y] = true;
            self.one(due[*x], got[*y], verdict);
        }
        // Of several that are the same, one that was not owed may have been paired with what came of one that was.
        let mut same: HashMap<&Key, (Vec<&Emitted>, Vec<Came>)> = HashMap::new();
        let mut decided = self.now;
        for (emitted, at) in due.iter().zip(&paired.0).rev() {
            let (owed, came) = same.entry(&emitted.told.key).or_default();
            decided = at.unwrap_or(decided);
            let excused = self.is_excused(emitted);
            // What came before it happened was another one, and its own is not paired.
            let early = at.is_some_and(|at| at < emitted.at_micros);
            if !excused && !early && self.is_owed(emitted, decided) {
                owed.push(emitted);
            }
            let since = if excused { emitted.n } else { 0 };
            came.extend(at.map(|at| Came { since, at }));
        }
        let mut missing: HashMap<&Key, Vec<&Emitted>> = HashMap::new();
        for (key, (owed, came)) in same {
            missing.insert(key, twins::missing(&owed, came));
        }
        let who = self.profile.describe();
        let mut becoming: HashMap<&Key, Vec<&Emitted>> = HashMap::new();
        for emitted in later.iter().rev() {
            let same = becoming.entry(&emitted.told.key).or_default();
            same.push(emitted);
        }
        let unpaired = got.iter().zip(&paired.1).filter(|(_, paired)| !**paired);
        for (got, _) in unpaired.filter(|(got, _)| !self.is_difference(got.at)) {
            let key = &got.told.key;
            let at = self.place(got.at);
            let owed = missing.get_mut(key).and_then(Vec::pop).is_some();
            let hidden = becoming.get_mut(key).and_then(Vec::pop);
            if let Some(emitted) = hidden.filter(|_| !owed) {
                self.one(emitted, *got, verdict);
                continue;
            }
            let known = due.iter().any(|emitted| emitted.told.key == *key);
            let (count, what) = match (owed, known) {
                (true, _) => (&mut verdict.reordered, "out of order"),
                (false, true) => (&mut verdict.doubled, "doubled"),
                (false, false) if self.is_of_return(key, got.at) => continue,
                (false, false) => (&mut verdict.unexpected, "unexpected"),
            };
            *count += 1;
            let seen = self.model.sights.told(self.user, key.guild, key.channel);
            verdict.note(|| format!("{who}: {what}: {key} {at}; {seen}"));
        }
        let sights = &self.model.sights;
        let mut lost: Vec<_> = missing.into_values().flatten().collect();
        lost.sort_unstable_by_key(|emitted| emitted.n);
        verdict.lost += lost.len() as u64;
        for emitted in lost {
            let at = self.place(emitted.at_micros);
            let (key, n) = (&emitted.told.key, emitted.n);
            let seen = sights.told(self.user, key.guild, key.channel);
            verdict.note(|| format!("{who}: lost: {key} (dispatch {n}) {at}; {seen}"));
        }
    }

    /// One event that came: was it to be seen, and did it say what it should?
    fn one(&self, emitted: &Emitted, got: Got<'_>, verdict: &mut Verdict) {
        let key = &emitted.told.key;
        let who = self.profile.describe();
        let hidden = !self.is_seen(emitted, self.model.newest_at(got.at));
        let outside = self.is_outside(emitted) && !self.has_later_twin(emitted, got.at);
        let before = self.is_before(emitted, got.at) && !self.has_later_twin(emitted, got.at);
        if hidden || outside || before {
            verdict.leaked += 1;
            let (at, n) = (self.place(got.at), emitted.n);
            let why = match (hidden, outside) {
                (true, _) => "not to be seen",
                (false, true) => "from outside of the membership",
                (false, false) => "from before the membership",
            };
            verdict.note(|| format!("{who}: {why}: {key} (dispatch {n}) {at}"));
        }
        let same = got.told.content == emitted.told.content;
        let blanked = got.told.content.is_none() && self.model.is_deleted(key.subject);
        // What was written in a hole is fetched later, as it is by then.
        let fetched = self.is_announced(emitted.at_micros);
        if !same && !blanked && !fetched {
            verdict.altered += 1;
            verdict.note(|| format!("{who}: another text: {key}"));
        }
    }

    /// Whether an event may be missing whoever could see it.
    fn is_excused(&self, emitted: &Emitted) -> bool {
        let live_only = emitted.told.key.kind.is_live_only();
        live_only || emitted.optional || self.is_announced(emitted.at_micros)
    }

    /// Whether an event that did not come should have; `decided` = when the next one came. It is owed to whoever could see it
    /// from then until the next one: a browser that was away is told what it may see when it is back. To somebody who was
    /// kicked nothing is owed any more, since nobody says how soon the guild is theirs again.
    fn is_owed(&self, emitted: &Emitted, decided: u64) -> bool {
        let key = &emitted.told.key;
        let until = self.model.newest_at(decided).max(emitted.n);
        let kicked = self.model.kicked(key.guild, self.user);
        let span = (emitted.n.saturating_sub(1), until);
        kicked.is_none_or(|kicked| kicked > until)
            && (self.model.sights).always(self.user, key.channel, key.kind, span)
    }

    /// Whether something emitted then may be missing, because the browser was told so.
    pub(super) fn is_announced(&self, at: u64) -> bool {
        let within = |(from, to): (u64, u64)| {
            (from.saturating_sub(HOLE_MARGIN)..=to + HOLE_MARGIN).contains(&at)
        };
        let forgotten = self.mercy.forgotten.iter().copied();
        self.mercy.announced && forgotten.chain(self.resets()).any(within)
    }

    /// Whether what came then may be a difference that was found after Discord had forgotten its sessions.
    fn is_difference(&self, at: u64) -> bool {
        let mut forgotten = self.mercy.forgotten.iter();
        forgotten.any(|(from, to)| (*from..=to + DIFFERENCES_WITHIN).contains(&at))
    }

    /// From the last event before each reset until the reset.
    fn resets(&self) -> impl Iterator<Item = (u64, u64)> {
        let arrivals = &self.record.arrivals;
        arrivals.iter().enumerate().filter_map(|(place, arrival)| {
            let is_reset = matches!(*arrival.payload, Payload::Reset(_));
            let before = place
                .checked_sub(1)
                .map_or(0, |before| arrivals[before].at_micros);
            is_reset.then_some((before, arrival.at_micros))
        })
    }

    /// The rooms on the browser's screen at the end, if it follows them.
    fn rooms(&self, guild: u64, verdict: &mut Verdict) {
        let follows = Kind::ALL.into_iter().filter(|kind| kind.is_about_rooms());
        if !follows.clone().all(|kind| self.profile.wants(kind)) {
            return;
        }
        let Some(drawn) = picture::drawn(&self.record.arrivals, guild) else {
            return;
        };
        // Whoever was kicked was not told that the rooms are gone: the stream ended.
        if self.model.kicked(guild, self.user).is_some() {
            return;
        }
        let real = self.model.rooms(guild, self.user);
        if drawn != real {
            verdict.wrong_pictures += 1;
            let differing = |rooms: &picture::Rooms, others: &picture::Rooms| -> Vec<_> {
                let rooms = rooms
                    .iter()
                    .filter(|(id, room)| others.get(id) != Some(room));
                rooms.map(|(id, room)| (*id, room.clone())).collect()
            };
            verdict.note(|| {
                format!(
                    "{}: guild {guild}: shows {:?}, should show {:?}",
                    self.profile.describe(),
                    differing(&drawn, &real),
                    differing(&real, &drawn)
                )
            });
        }
    }

    /// When something was, in seconds before the end.
    pub(super) fn place(&self, micros: u64) -> String {
        format!(
            "{:.3} s before the end",
            (self.now.saturating_sub(micros)) as f64 / 1e6
        )
    }
}

//! How browsers differ: where they connect, how they read, what they want.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::oracle::Kind;

/// Where a browser connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Always the same replica, through its own wire.
    Replica(usize),
    /// Whatever replica the balancer chooses.
    Balanced,
    /// The next replica at each reconnect, through its own wire.
    Hopping,
}

/// One kind of browser.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) user: &'static str,
    pub(crate) place: Place,
    /// How long it reads, and how long it reads nothing then; none for one that reads at once.
    pub(crate) slow: Option<(Duration, Duration)>,
    /// How often it leaves and comes back by itself: a pause between these.
    pub(crate) restless: Option<(Duration, Duration)>,
    /// `events=`; `None` = what a stream carries that does not choose.
    pub(crate) events: Option<&'static str>,
    /// `guild=`; `None` = all.
    pub(crate) guild: Option<u64>,
    /// The guilds that it is told of.
    guilds: Vec<u64>,
    pub(crate) snapshot: bool,
}

/// The people who watch: owners, somebody with a role, others without. All are in the default guild; some are in others.
pub(crate) const USERS: [&str; 5] = ["nelly", "hana", "mason", "amara", OUTCAST];

/// The one of them who is kicked and comes back.
pub(crate) const OUTCAST: &str = "sofia";

/// What browsers ask for, often to seldom. Message events of everything but the first let probes be seen.
const WANTS: [Option<&str>; 9] = [
    Some("voice.*,room.*,message.*,reaction.*,gap"),
    None,
    Some("message.*"),
    Some("voice.*,message.created"),
    Some("room.*,message.created,message.deleted"),
    Some("reaction.*,message.*"),
    Some("typing.started,message.created"),
    Some("member.*,message.created"),
    // Nothing of this is ever emitted: an idle viewer whose cursor has to move on all the same.
    Some("presence.updated"),
];

impl Profile {
    /// The browsers of a run: each place, pace and wish occurs, the rest is drawn.
    pub(crate) fn draw(
        count: usize,
        replicas: usize,
        members: &BTreeMap<u64, BTreeSet<String>>,
        rng: &mut StdRng,
    ) -> Vec<Self> {
        let mut profiles = Vec::with_capacity(count);
        for number in 0..count {
            let place = match number % 4 {
                0 | 1 => Place::Balanced,
                // Each replica has some: they show how far it is.
                2 => Place::Replica(number / 4 % replicas),
                _ => Place::Hopping,
            };
            let slow = (number % 7 == 3).then(|| {
                let reads = Duration::from_millis(rng.random_range(200..2_000));
                (reads, Duration::from_millis(rng.random_range(300..1_500)))
            });
            let restless = (number % 5 == 4).then(|| {
                let shortest = rng.random_range(1_000..4_000);
                (
                    Duration::from_millis(shortest),
                    Duration::from_millis(shortest * 3),
                )
            });
            let events = WANTS[if number < WANTS.len() {
                number
            } else {
                rng.random_range(0..WANTS.len() - 1)
            }];
            // Another order in each round, so that everybody has browsers of every sort.
            let user = USERS[(number + number / USERS.len()) % USERS.len()];
            let of_user = members.iter().filter(|(_, names)| names.contains(user));
            let mut guilds: Vec<u64> = of_user.map(|(guild, _)| *guild).collect();
            // Whoever asks for one guild alone and is kicked is refused for good.
            let one = number % 3 == 2 && user != OUTCAST;
            let guild = guilds.choose(rng).copied().filter(|_| one);
            guilds.retain(|id| guild.is_none_or(|only| only == *id));
            let mut profile = Self {
                name: format!("browser {}", number + 1),
                user,
                place,
                slow,
                restless,
                events,
                guild,
                guilds,
                snapshot: number % 2 == 0,
            };
            // One that sees no probe needs the snapshot's id to begin with.
            profile.snapshot |= !profile.wants(Kind::MessageCreated);
            profiles.push(profile);
        }
        profiles
    }

    /// Whether it is told of this guild.
    pub(crate) fn sees(&self, guild: u64) -> bool {
        self.guilds.contains(&guild)
    }

    /// Whether it is told of this guild all the time.
    pub(super) fn stays_in(&self, guild: u64) -> bool {
        self.sees(guild) && self.user != OUTCAST
    }

    /// The guilds that it is told of.
    pub(super) fn guilds(&self) -> &[u64] {
        &self.guilds
    }

    /// Whether it asks for events of this kind.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        let Some(events) = self.events else {
            return kind.is_default();
        };
        events.split(',').any(|wish| match wish.strip_suffix(".*") {
            Some(family) => kind.name().split('.').next() == Some(family),
            None => wish == kind.name(),
        })
    }

    /// The address of its stream.
    pub(crate) fn path(&self) -> String {
        let snapshot = self.snapshot.then(|| "snapshot=1".to_owned());
        let events = self.events.map(|events| format!("events={events}"));
        let guild = self.guild.map(|guild| format!("guild={guild}"));
        let query: Vec<String> = [snapshot, events, guild].into_iter().flatten().collect();
        format!("/api/stream?{}", query.join("&"))
    }

    /// What it is, in a line.
    pub(crate) fn describe(&self) -> String {
        let place = match self.place {
            Place::Replica(index) => format!("at web {}", index + 1),
            Place::Balanced => "balanced".to_owned(),
            Place::Hopping => "hopping".to_owned(),
        };
        let slow = if self.slow.is_some() { ", slow" } else { "" };
        let restless = if self.restless.is_some() {
            ", restless"
        } else {
            ""
        };
        format!(
            "{} ({}, {place}{slow}{restless}, {})",
            self.name,
            self.user,
            self.path()
        )
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn drawn() -> Vec<Profile> {
        let names: BTreeSet<String> = USERS.iter().map(ToString::to_string).collect();
        let members = BTreeMap::from([(1, names), (2, BTreeSet::from(["nelly".to_owned()]))]);
        Profile::draw(40, 2, &members, &mut StdRng::seed_from_u64(7))
    }

    #[test]
    fn every_kind_of_browser_occurs() {
        let all = drawn();
        for wish in WANTS {
            assert!(all.iter().any(|profile| profile.events == wish), "{wish:?}");
        }
        assert!(all.iter().any(|profile| profile.slow.is_some()));
        assert!(all.iter().any(|profile| profile.restless.is_some()));
        assert!(all.iter().any(|profile| profile.guild.is_some()));
        assert!(all.iter().any(|profile| profile.place == Place::Hopping));
        assert!(
            all.iter()
                .any(|profile| matches!(profile.place, Place::Replica(_)))
        );
    }

    #[test]
    fn the_same_seed_draws_the_same_browsers() {
        let lines = |all: Vec<Profile>| all.iter().map(Profile::describe).collect::<Vec<_>>();
        assert_eq!(lines(drawn()), lines(drawn()));
    }

    #[test]
    fn families_and_names_are_understood() {
        let profile = |events| Profile {
            events,
            ..drawn()[0].clone()
        };
        assert!(profile(Some("voice.*")).wants(Kind::VoiceLeft));
        assert!(!profile(Some("voice.*")).wants(Kind::RoomCreated));
        assert!(profile(Some("a,message.created")).wants(Kind::MessageCreated));
        assert!(!profile(Some("message.created")).wants(Kind::MessageDeleted));
        assert!(profile(None).wants(Kind::RoomUpdated));
        assert!(!profile(None).wants(Kind::MessageCreated));
    }
}

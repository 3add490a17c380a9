//! What goes wrong in a run, drawn from its seed.

use std::{collections::BTreeSet, fmt, time::Duration};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde::Serialize;

use crate::store::Topology;

/// A wire that can be cut or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Link {
    GatewayDiscord,
    GatewayRedis,
    WebRedis,
    BrowserWeb,
}

/// Every way in which something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trouble {
    /// `kill -9` of a gateway that holds a shard.
    GatewayKill,
    /// A gateway that holds a shard is stopped until its lease is over, and goes on then.
    GatewayPause,
    /// SIGTERM to each gateway, one after the other.
    GatewayRoll,
    WebKill,
    WebPause,
    WebRoll,
    RedisKill,
    RedisPause,
    /// A replica is told to take over while the master is well.
    RedisFailOver,
    /// `CLIENT KILL TYPE pubsub`.
    DropSubscribers,
    /// `CLIENT KILL TYPE normal`.
    DropClients,
    /// Connections are reset, and those that come.
    Cut(Link),
    /// Nothing moves on the wire, and nobody is told.
    Hole(Link),
    /// Discord asks to reconnect (op 7).
    DiscordReconnect,
    /// Discord ends the connection, not the session (op 9, resumable).
    DiscordInvalid,
    /// The socket to Discord goes without a word.
    DiscordDrop,
    /// The socket to Discord stays and says nothing any more.
    DiscordFreeze,
    /// Discord tells once more what it told before, after RESUME and in between.
    DiscordReplay,
    /// Discord ends the sessions (op 9, not resumable). Only in seeds that allow for it.
    DiscordForgets,
    /// Browsers are away for longer than events are kept, and all replicas go meanwhile. Only in seeds that allow for it.
    BeyondRetention,
}

/// What a seed allows for beyond the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Special {
    /// Nothing: no `reset`, no `gap`, no IDENTIFY.
    Nothing,
    /// Discord forgets its sessions: `gap` and IDENTIFY.
    ForgetfulDiscord,
    /// Events are kept for seconds: `reset`.
    ShortRetention,
}

impl Special {
    /// Two of ten seeds are special.
    pub(crate) fn of(seed: u64) -> Self {
        match seed % 10 {
            8 => Self::ForgetfulDiscord,
            9 => Self::ShortRetention,
            _ => Self::Nothing,
        }
    }

    /// The trouble that only such a seed has.
    fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Nothing => None,
            Self::ForgetfulDiscord => Some(Trouble::DiscordForgets),
            Self::ShortRetention => Some(Trouble::BeyondRetention),
        }
    }

    /// For how many seconds events are kept, if not for the usual time.
    pub(crate) fn retention(self) -> Option<u64> {
        (self == Self::ShortRetention).then_some(SHORT_RETENTION)
    }
}

/// Seconds for which events are kept where that is short.
const SHORT_RETENTION: u64 = 6;

const LINKS: [Link; 4] = [
    Link::GatewayDiscord,
    Link::GatewayRedis,
    Link::WebRedis,
    Link::BrowserWeb,
];

impl Trouble {
    /// What can happen to a deployment of this topology.
    pub(crate) fn all(topology: Topology) -> Vec<Self> {
        let mut all = vec![
            Self::GatewayKill,
            Self::GatewayPause,
            Self::GatewayRoll,
            Self::WebKill,
            Self::WebPause,
            Self::WebRoll,
            Self::RedisKill,
            Self::RedisPause,
            Self::DropSubscribers,
            Self::DropClients,
            Self::DiscordReconnect,
            Self::DiscordInvalid,
            Self::DiscordDrop,
            Self::DiscordFreeze,
            Self::DiscordReplay,
        ];
        if topology != Topology::Single {
            all.push(Self::RedisFailOver);
        }
        for link in LINKS {
            // Where clients find the servers by themselves, no proxy can stand in between.
            let to_redis = matches!(link, Link::GatewayRedis | Link::WebRedis);
            if !to_redis || topology == Topology::Single {
                all.extend([Self::Cut(link), Self::Hole(link)]);
            }
        }
        all
    }

    /// The one that is called so on the command line.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let mut all = Self::all(Topology::Single);
        all.extend([
            Self::RedisFailOver,
            Self::DiscordForgets,
            Self::BeyondRetention,
        ]);
        let found = all.iter().find(|trouble| trouble.name() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<String> = all.iter().map(|trouble| trouble.name()).collect();
            format!("it may be {}", names.join(", "))
        })
    }

    /// What it is called on the command line.
    fn name(self) -> String {
        let words = self.to_string().to_lowercase();
        let words = words.split(|letter: char| !letter.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join("-")
    }

    /// The shortest and longest time for which it lasts, in ms; what waits for something else has none.
    fn lasts(self) -> (u64, u64) {
        match self {
            Self::RedisKill | Self::RedisPause | Self::WebKill | Self::WebPause => (300, 2_000),
            Self::Cut(_) => (200, 1_500),
            Self::Hole(_) => (500, 3_000),
            Self::BeyondRetention => (2_000 * SHORT_RETENTION, 2_500 * SHORT_RETENTION),
            _ => (0, 0),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GatewayDiscord => "gateway-Discord",
            Self::GatewayRedis => "gateway-Redis",
            Self::WebRedis => "web-Redis",
            Self::BrowserWeb => "browser-web",
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GatewayKill => f.write_str("kill -9 gateway"),
            Self::GatewayPause => f.write_str("stop gateway past its lease"),
            Self::GatewayRoll => f.write_str("roll gateways"),
            Self::WebKill => f.write_str("kill -9 web"),
            Self::WebPause => f.write_str("stop web"),
            Self::WebRoll => f.write_str("roll webs"),
            Self::RedisKill => f.write_str("kill -9 Redis"),
            Self::RedisPause => f.write_str("stop Redis"),
            Self::RedisFailOver => f.write_str("Redis fail-over"),
            Self::DropSubscribers => f.write_str("client kill pubsub"),
            Self::DropClients => f.write_str("client kill normal"),
            Self::Cut(link) => write!(f, "cut {link}"),
            Self::Hole(link) => write!(f, "black hole {link}"),
            Self::DiscordReconnect => f.write_str("Discord op 7"),
            Self::DiscordInvalid => f.write_str("Discord op 9, resumable"),
            Self::DiscordDrop => f.write_str("Discord drops the socket"),
            Self::DiscordFreeze => f.write_str("Discord freezes"),
            Self::DiscordReplay => f.write_str("Discord replays"),
            Self::DiscordForgets => f.write_str("Discord op 9, not resumable"),
            Self::BeyondRetention => f.write_str("browsers away too long"),
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) trouble: Trouble,
    /// Chooses the victim among those there are.
    pub(crate) pick: usize,
    /// How long it lasts.
    pub(crate) hold: Duration,
    /// Whether connections that lasted through a black hole end with it.
    pub(crate) reset: bool,
    /// Whether the next fault begins before the browsers are back.
    pub(crate) overlaps: bool,
}

/// Everything that goes wrong in a run, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) faults: Vec<Fault>,
    pub(crate) special: Special,
}

impl Plan {
    /// Every trouble that the topology can have once, in an order drawn from the seed, and so many more.
    pub(crate) fn draw(seed: u64, topology: Topology, more: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let all = Trouble::all(topology);
        let mut troubles = all.clone();
        troubles.extend(Special::of(seed).trouble());
        troubles.extend((0..more).map(|_| all[rng.random_range(0..all.len())]));
        troubles.shuffle(&mut rng);
        Self::of(seed, troubles, &mut rng)
    }

    /// These troubles, in this order.
    pub(crate) fn only(seed: u64, troubles: &[Trouble]) -> Self {
        let mut plan = Self::of(seed, troubles.to_vec(), &mut StdRng::seed_from_u64(seed));
        for fault in &mut plan.faults {
            fault.overlaps = false;
        }
        plan
    }

    fn of(seed: u64, troubles: Vec<Trouble>, rng: &mut StdRng) -> Self {
        let last = troubles.len() - 1;
        let mut overlapped = false;
        let faults = troubles.into_iter().enumerate().map(|(place, trouble)| {
            let (shortest, longest) = trouble.lasts();
            let alone = trouble == Trouble::DiscordForgets || trouble == Trouble::BeyondRetention;
            overlapped = !overlapped && !alone && place < last && rng.random_bool(0.6);
            Fault {
                trouble,
                overlaps: overlapped,
                pick: rng.random_range(0..1_000),
                hold: Duration::from_millis(rng.random_range(shortest..=longest)),
                reset: rng.random_bool(0.5),
            }
        });
        Self {
            faults: faults.collect(),
            special: Special::of(seed),
        }
    }

    /// The troubles that do not occur although they could.
    pub(crate) fn missing(done: &[Trouble], topology: Topology, special: Special) -> Vec<Trouble> {
        let done: BTreeSet<_> = done.iter().collect();
        let mut all = Trouble::all(topology);
        all.extend(special.trouble());
        all.retain(|trouble| !done.contains(trouble));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_occurs_whatever_the_seed() {
        for seed in 0..50 {
            for topology in [Topology::Single, Topology::Sentinel, Topology::Cluster] {
                let plan = Plan::draw(seed, topology, 3);
                let done: Vec<_> = plan.faults.iter().map(|fault| fault.trouble).collect();
                assert_eq!(Plan::missing(&done, topology, plan.special), []);
                let special = usize::from(plan.special != Special::Nothing);
                assert_eq!(done.len(), Trouble::all(topology).len() + special + 3);
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_plan_again_and_another_seed_another() {
        let plan = |seed| Plan::draw(seed, Topology::Single, 0);
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn what_is_missing_is_named() {
        let all = Trouble::all(Topology::Single);
        let missing = |done, special| Plan::missing(done, Topology::Single, special);
        assert_eq!(missing(&all[1..], Special::Nothing), all[..1]);
        let special = missing(&all, Special::ForgetfulDiscord);
        assert_eq!(special, [Trouble::DiscordForgets]);
    }

    #[test]
    fn every_trouble_has_a_name_for_the_command_line() {
        for topology in [Topology::Single, Topology::Sentinel] {
            for trouble in Trouble::all(topology) {
                assert_eq!(Trouble::named(&trouble.name()), Ok(trouble));
            }
        }
        assert_eq!(Trouble::named("kill-9-redis"), Ok(Trouble::RedisKill));
        assert!(Trouble::named("rain").is_err_and(|error| error.contains("cut-web-redis")));
    }

    #[test]
    fn of_two_faults_in_a_row_at_most_one_overlaps_and_the_last_one_never() {
        let plan = Plan::draw(3, Topology::Single, 20);
        let overlaps: Vec<_> = plan.faults.iter().map(|fault| fault.overlaps).collect();
        assert!(overlaps.contains(&true));
        assert!(overlaps.windows(2).all(|two| two != [true, true]));
        assert_eq!(overlaps.last(), Some(&false));
    }
}

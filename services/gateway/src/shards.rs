//! Which shards this instance holds: free ones are claimed, the least loaded instance first.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use discord::{Fatal, GatewayBot, Rest, RestError, ShardConfig, ShardId};
use event_bus::{BusError, EventBus};
use gateway_registry::{Claim, GatewayRegistry, RegistryError, ShardCount};
use lifecycle::Lifecycle;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval},
};
use tracing::{error, info, warn};

use crate::{
    behalf::Behalves,
    board::Board,
    commands::Directory,
    config::Config,
    holding::{Holding, LEASE_TTL},
    identify::SharedIdentifyLimiter,
    line::{Line, LineEnd},
    metrics::Metrics,
    normalize::Rules,
    outage::Outage,
};

/// How often it is looked whether a shard is free.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How much longer an instance waits before it claims a free shard for each one that it holds, and
/// the longest wait: the least loaded one comes first.
const CLAIM_DELAY: (Duration, Duration) = (Duration::from_millis(150), Duration::from_millis(600));

/// After the registry was away, owners get this long to renew before others claim.
const OWNERS_FIRST: Duration = Duration::from_secs(2);

/// How often Discord is asked anew how many shards it recommends.
const RECOUNT_EVERY: Duration = Duration::from_mins(10);

/// Connections in a row that come to nothing before Discord is asked anew where its Gateway is, and
/// how often it is asked then.
const UNREACHABLE: u32 = 3;
const READDRESS_EVERY: Duration = Duration::from_secs(30);

/// The longest wait between two questions to Discord's REST while it is away.
const LONGEST_WAIT: Duration = Duration::from_secs(16);

/// Ends of lines that wait to be heard; more than one instance ever holds.
const ENDS: usize = gateway_registry::SHARD_LIMIT as usize;

/// Why the shards can't be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShardsError {
    #[error(
        "Discord refuses the bot's token: set DISCORD_BOT_TOKEN to the token of the developer portal (Bot, Reset Token)"
    )]
    Token,
    #[error("Discord does not say how to connect: {0}")]
    Refused(RestError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Fatal(#[from] Fatal),
}

/// What running the shards takes.
#[derive(Clone)]
pub(crate) struct Shards {
    pub(crate) config: Arc<Config>,
    pub(crate) rest: Arc<Rest>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) registry: Arc<dyn GatewayRegistry>,
    /// The id of this instance.
    pub(crate) instance: String,
    pub(crate) board: Arc<Board>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) behalves: Behalves,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) lifecycle: Lifecycle,
}

/// What an instance knows of the shards.
struct Lookout {
    held: BTreeSet<ShardId>,
    /// Since when a shard has been seen to be free.
    free: BTreeMap<ShardId, Instant>,
    /// The registry did not answer, or not long enough ago.
    not_before: Option<Instant>,
    config: ShardConfig,
    ends: mpsc::Sender<(ShardId, LineEnd)>,
}

impl Shards {
    /// Holds shards until the drain.
    pub(crate) async fn run(self) -> Result<(), ShardsError> {
        let drain = self.lifecycle.drain();
        tokio::select! {
            outcome = self.hold_shards() => outcome,
            () = drain.cancelled() => Ok(()),
        }
    }

    async fn hold_shards(&self) -> Result<(), ShardsError> {
        let told = self.ask_discord().await;
        let told = told.inspect_err(|error| self.board.trouble(Some(error.to_string())))?;
        let limiter = Arc::new(SharedIdentifyLimiter::new(
            Arc::clone(&self.registry),
            Arc::clone(&self.rest),
            Arc::clone(&self.metrics),
        ));
        limiter.told(&told.session_start_limit).await;
        let count = self.agree(told.shards).await;
        info!(
            component = "Gateway",
            shards = count.current,
            next = count.next,
            recommended = told.shards,
            session_starts_left = told.session_start_limit.remaining,
            max_concurrency = told.session_start_limit.max_concurrency,
            "Looking for free shards"
        );
        let url = self.config.gateway_url.clone().unwrap_or(told.url);
        let address = watch::Sender::new(url.clone());
        let (ends, mut ended) = mpsc::channel(ENDS);
        let mut lookout = Lookout {
            held: BTreeSet::new(),
            free: BTreeMap::new(),
            not_before: None,
            // The line names its own shard.
            config: ShardConfig {
                gateway_url: address.subscribe(),
                ..ShardConfig::new(
                    self.config.token.clone(),
                    self.config.intents,
                    ShardId::ONE,
                    url,
                    limiter,
                )
            },
            ends,
        };
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut recount = interval(RECOUNT_EVERY);
        recount.reset();
        let mut readdress = interval(READDRESS_EVERY);
        readdress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some((shard, end)) = ended.recv() => {
                    lookout.held.remove(&shard);
                    self.metrics.shards_held(lookout.held.len());
                    match end {
                        LineEnd::Released | LineEnd::Lost => {}
                        LineEnd::Fatal(fatal) => return Err(fatal.into()),
                        LineEnd::Bus(error) => return Err(error.into()),
                    }
                }
                _ = look.tick() => self.look(&mut lookout).await,
                _ = recount.tick() => {
                    if let Ok(told) = self.rest.gateway_bot().await {
                        self.metrics.identify_budget(told.session_start_limit.remaining);
                        if self.config.shard_count.is_none() {
                            self.agree(told.shards).await;
                        }
                    }
                }
                _ = readdress.tick(), if self.config.gateway_url.is_none() => {
                    if self.board.unreachable() >= UNREACHABLE
                        && let Ok(told) = self.rest.gateway_bot().await
                    {
                        address.send_replace(told.url);
                    }
                }
            }
        }
    }

    /// How many shards there are: what is configured, else what Discord recommends, if that is more
    /// than before. One value for all instances; the latest word counts.
    async fn agree(&self, recommended: u32) -> ShardCount {
        let mut outage = Outage::new("the number of shards can't be agreed on");
        let wanted = self.config.shard_count.unwrap_or(recommended).max(1);
        loop {
            match self.agree_on(wanted).await {
                Ok(count) => {
                    outage.over();
                    return count;
                }
                Err(error) => outage.wait(&error).await,
            }
        }
    }

    async fn agree_on(&self, wanted: u32) -> Result<ShardCount, RegistryError> {
        if let Some(count) = self.registry.shard_count().await? {
            let follows = count.next.unwrap_or(count.current);
            let enough = match self.config.shard_count {
                Some(fixed) => follows == fixed,
                None => follows >= wanted,
            };
            if enough {
                return Ok(count);
            }
            warn!(
                component = "Gateway",
                from = follows,
                to = wanted,
                "The number of shards changes: each is given back, then all sessions begin anew"
            );
        }
        self.registry.recount(wanted).await
    }

    /// Looks for free shards and claims those whose turn it is.
    async fn look(&self, lookout: &mut Lookout) {
        let seen = async {
            let count = self.registry.shard_count().await?;
            Ok::<_, RegistryError>((count, self.registry.leases().await?))
        };
        let Ok((Some(count), leases)) = seen.await else {
            lookout.not_before = Some(Instant::now() + OWNERS_FIRST);
            self.board.standby(None);
            return;
        };
        let now = Instant::now();
        let taken: BTreeSet<u32> = leases.iter().map(|(shard, _)| *shard).collect();
        self.board.standby(Some((count.current, taken.len())));
        self.metrics.deployment(count.current, taken.len());
        let free: BTreeSet<ShardId> = (0..count.current)
            .filter(|id| !taken.contains(id))
            .map(|id| ShardId {
                id,
                count: count.current,
            })
            .filter(|shard| !lookout.held.contains(shard))
            .collect();
        lookout.free.retain(|shard, _| free.contains(shard));
        for shard in free {
            let since = *lookout.free.entry(shard).or_insert(now);
            let delay = (CLAIM_DELAY.0 * lookout.held.len() as u32).min(CLAIM_DELAY.1);
            let due = (since + delay).max(lookout.not_before.unwrap_or(since));
            if now >= due && count.next.is_none() {
                self.claim(shard, lookout).await;
            }
        }
    }

    async fn claim(&self, shard: ShardId, lookout: &mut Lookout) {
        let asked_at = Instant::now();
        let claimed = self.registry.claim(shard, &self.instance, LEASE_TTL).await;
        let (lease, stored) = match claimed {
            Ok(Claim::Granted { lease, session }) => (lease, session),
            Ok(Claim::Held { .. } | Claim::Recounted(_)) => return,
            Err(error) => {
                warn!(component = "Gateway", %shard, %error, "a shard can't be claimed");
                return;
            }
        };
        info!(
            component = "Gateway",
            %shard,
            fence = lease.fence,
            resumes = stored.is_some(),
            "The shard is this instance's now"
        );
        lookout.held.insert(shard);
        lookout.free.remove(&shard);
        self.metrics.shards_held(lookout.held.len());
        self.metrics.taken_over(shard);
        let terms = self.terms();
        let (stored, other) = match stored {
            Some(session) if session.terms != terms => (None, true),
            stored => (stored, false),
        };
        if other {
            warn!(component = "Gateway", %shard,
                "The session was begun with other intents or guilds than are configured now; a new one begins");
        }
        let registry = Arc::clone(&self.registry);
        let holding = Holding::new(registry, lease, asked_at, stored.as_ref(), terms);
        let line = Line {
            shard,
            holding: Arc::new(holding),
            stored,
            config: ShardConfig {
                shard,
                ..lookout.config.clone()
            },
            rest: Arc::clone(&self.rest),
            bus: Arc::clone(&self.bus),
            board: Arc::clone(&self.board),
            directory: Arc::clone(&self.directory),
            behalves: self.behalves.clone(),
            metrics: Arc::clone(&self.metrics),
            rules: Arc::clone(&self.rules),
            end: self.lifecycle.drain().child_token(),
        };
        let mut report = Report {
            shard,
            ends: lookout.ends.clone(),
            end: Some(LineEnd::Lost),
        };
        self.lifecycle.track(async move {
            let end = Box::pin(line.run()).await;
            report.ends_with(end);
        });
    }

    /// What a session must have been begun under for this instance to go on with it: Discord sends
    /// what it was asked for, and a guild that was not served has no state to build on.
    fn terms(&self) -> String {
        let guilds = self.config.guilds.iter().flatten();
        let guilds: Vec<String> = guilds.map(ToString::to_string).collect();
        format!("{} {}", self.config.intents.bits(), guilds.join(","))
    }

    /// `GET /gateway/bot`, again and again while Discord is away.
    async fn ask_discord(&self) -> Result<GatewayBot, ShardsError> {
        let mut outage = Outage::new("Discord can't be asked how to connect").longest(LONGEST_WAIT);
        loop {
            match self.rest.gateway_bot().await {
                Ok(told) => {
                    outage.over();
                    self.board.trouble(None);
                    return Ok(told);
                }
                Err(RestError::Unauthorized) => return Err(ShardsError::Token),
                Err(error @ (RestError::Unavailable(_) | RestError::RateLimited { .. })) => {
                    self.board.trouble(Some(format!(
                        "Discord can't be asked how to connect: {error}"
                    )));
                    outage.wait(&error).await;
                }
                Err(error) => return Err(ShardsError::Refused(error)),
            }
        }
    }
}

/// Tells how a line ended, also when it panicked: the shard is then free as soon as its lease has
/// run out.
struct Report {
    shard: ShardId,
    ends: mpsc::Sender<(ShardId, LineEnd)>,
    end: Option<LineEnd>,
}

impl Report {
    fn ends_with(&mut self, end: LineEnd) {
        self.end = Some(end);
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if std::thread::panicking() {
            error!(component = "Gateway", shard = %self.shard, "The line of a shard panicked; the shard is claimed anew");
        }
        if let Some(end) = self.end.take() {
            // Room for one end of every shard; nobody listens during the drain.
            let _heard = self.ends.try_send((self.shard, end));
        }
    }
}

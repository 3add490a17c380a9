use std::{fmt, sync::Arc, time::Duration};

use environment::Secret;
use tokio::sync::watch;

use crate::{Compression, IdentifyLimiter, Intents, Observer, ShardId, Watermark};

/// What one shard needs to know.
#[derive(Clone)]
pub struct ShardConfig {
    /// The bot's token, without `Bot `.
    pub token: Secret,
    /// Which events to ask for.
    pub intents: Intents,
    /// Which shard this is.
    pub shard: ShardId,
    /// The Gateway's URL as `/gateway/bot` tells it; its query is replaced. The owner may ask for a
    /// fresh one and send it while [`crate::ShardStatus::unreachable`] grows.
    pub gateway_url: watch::Receiver<String>,
    /// Transport compression.
    pub compression: Compression,
    /// Says when IDENTIFY may be sent.
    pub identify: Arc<dyn IdentifyLimiter>,
    /// While `false` no connection is opened, and neither IDENTIFY nor RESUME is sent; one that is
    /// established goes on. For an owner whose right to the shard is in doubt.
    pub gate: watch::Receiver<bool>,
    /// What heartbeats may acknowledge; `None` = every dispatch that was accepted.
    pub watermark: Option<Watermark>,
    /// Above this many members (50 to 250) Discord leaves those offline out of `GUILD_CREATE`.
    pub large_threshold: u16,
    /// Time-outs and waits.
    pub timing: Timing,
    /// Hears what happens, for metrics.
    pub observer: Arc<dyn Observer>,
}

impl ShardConfig {
    /// The usual configuration: zstd, 250 members, documented times, nobody listening, a URL that
    /// stays, a gate that is always open, no watermark.
    pub fn new(
        token: Secret,
        intents: Intents,
        shard: ShardId,
        gateway_url: String,
        identify: Arc<dyn IdentifyLimiter>,
    ) -> Self {
        Self {
            token,
            intents,
            shard,
            gateway_url: watch::Sender::new(gateway_url).subscribe(),
            compression: Compression::default(),
            identify,
            gate: watch::Sender::new(true).subscribe(),
            watermark: None,
            large_threshold: 250,
            timing: Timing::default(),
            observer: Arc::new(()),
        }
    }
}

impl fmt::Debug for ShardConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardConfig")
            .field("shard", &self.shard)
            .field("intents", &self.intents)
            .field("gateway_url", &*self.gateway_url.borrow())
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

/// How long a shard waits for what. The default is what Discord documents or, where it is silent,
/// what its larger clients use.
#[derive(Debug, Clone)]
pub struct Timing {
    /// TCP, TLS and WebSocket handshake together.
    pub connect: Duration,
    /// From the open socket to HELLO.
    pub hello: Duration,
    /// From IDENTIFY to READY; from RESUME, or the last replayed dispatch, to RESUMED.
    pub ready: Duration,
    /// How long a connection has to stay established to count as a success.
    pub steady: Duration,
    /// For one frame to leave.
    pub send: Duration,
    /// For the closing handshake.
    pub close: Duration,
    /// Ceiling of the first wait between attempts; it doubles with each one that fails.
    pub backoff_first: Duration,
    /// Ceiling of the longest wait.
    pub backoff_max: Duration,
    /// The least wait between two attempts.
    pub backoff_min: Duration,
    /// Least and longest wait after INVALID SESSION and after having sent too fast.
    pub cool_down: (Duration, Duration),
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            hello: Duration::from_secs(20),
            ready: Duration::from_mins(1),
            steady: Duration::from_secs(10),
            send: Duration::from_secs(10),
            close: Duration::from_secs(2),
            backoff_first: Duration::from_secs(1),
            backoff_max: Duration::from_secs(16),
            backoff_min: Duration::from_millis(500),
            cool_down: (Duration::from_secs(1), Duration::from_secs(5)),
        }
    }
}

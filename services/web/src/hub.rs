//! Fan-out on one replica.
//!
//! The follow loop alone applies what the bus delivers: to the picture of its guild, and, encoded once, to the guild's ring.
//! A stream is a viewer with a place in each of its rings; nothing is queued for it.

mod admit;
mod alarm;
mod apply;
mod audience;
mod chain;
mod chunk;
mod cursor;
mod fan_out;
mod feed;
mod follow;
mod frame;
mod join;
mod journal;
mod line;
mod locate;
mod mask;
mod message;
mod open;
mod picture;
mod progress;
mod pulse;
mod repair;
mod request;
mod retention;
mod ring;
mod snapshot;
#[cfg(test)]
pub(crate) mod tests;
mod viewer;
mod words;

pub use alarm::{Alarm, End};
pub use cursor::Cursor;
pub use mask::Mask;
pub use progress::Progress;

pub(crate) use alarm::{MOST_WAITING, WARN_WAITING};
pub(crate) use chunk::{Chunk, Transport};
pub(crate) use fan_out::{FanOut, Unwritten};
pub(crate) use frame::Block;
pub(crate) use join::{Away, Wish, now_ms};
pub(crate) use picture::icon_url;
#[cfg(test)]
pub(crate) use pulse::EVERY as TICK_EVERY;
pub(crate) use pulse::Health;
pub(crate) use viewer::{Taken, Viewer};

use std::{
    future::Future,
    sync::{Arc, OnceLock, atomic::AtomicU64},
    time::Duration,
};

use contracts::{EventId, Signal};
use event_bus::{BusError, EventBus};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use line::Line;

/// Streams that read from the log at the same time; the others wait for their turn.
const CATCH_UPS: usize = 64;

/// What a hub may keep.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes that the ring of one guild may hold.
    pub ring_bytes: usize,
    /// How long a guild is followed after the last viewer left: a browser that reconnects finds its ring.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ring_bytes: 2 << 20,
            linger: Duration::from_secs(30),
        }
    }
}

/// What one replica follows. Clones share it.
#[derive(Debug, Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    bus: Arc<dyn EventBus>,
    metrics: Arc<Metrics>,
    retention: Duration,
    limits: Limits,
    cdn: String,
    line: Mutex<Line>,
    /// Frames up to this arrival number may be handed out.
    applied: AtomicU64,
    requests: mpsc::Sender<request::Open>,
    /// Somebody waits for the guilds to come to one id.
    tick_wanted: Notify,
    /// They may have come to one id.
    leveled: Notify,
    catch_ups: Semaphore,
    /// The traced frames whose writes are waited for.
    fan_outs: fan_out::FanOuts,
    /// Who hears the signals.
    hears: OnceLock<Hears>,
}

/// What is called with each signal.
type Hears = Box<dyn Fn(&Signal) + Send + Sync>;

/// How much a hub keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Guilds that are followed.
    pub(crate) guilds: usize,
    /// Bytes of their rings.
    pub(crate) ring_bytes: usize,
    /// Every entry up to this id of every guild that is followed is applied.
    pub(crate) complete: EventId,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hub")
    }
}

impl Hub {
    /// A hub on a bus, and its one loop, which runs until `stop`. `cdn` is where images are.
    pub fn new(
        bus: Arc<dyn EventBus>,
        metrics: Arc<Metrics>,
        retention: Duration,
        cdn: String,
        limits: Limits,
        stop: CancellationToken,
    ) -> (
        Self,
        impl Future<Output = Result<(), BusError>> + Send + 'static,
    ) {
        let (requests, received) = mpsc::channel(request::REQUESTS);
        let inner = Inner {
            bus,
            metrics,
            retention,
            cdn,
            line: Mutex::new(Line {
                ring_bytes: limits.ring_bytes,
                ..Line::default()
            }),
            limits,
            applied: AtomicU64::new(0),
            requests,
            tick_wanted: Notify::new(),
            leveled: Notify::new(),
            catch_ups: Semaphore::new(CATCH_UPS),
            fan_outs: fan_out::FanOuts::default(),
            hears: OnceLock::new(),
        };
        let hub = Self {
            inner: Arc::new(inner),
        };
        let follow = follow::follow(hub.clone(), received, stop);
        (hub, follow)
    }

    /// Has `hears` called with every signal that the bus delivers, quickly and by the loop itself. Only the first call counts.
    pub(crate) fn on_signal(&self, hears: impl Fn(&Signal) + Send + Sync + 'static) {
        let _already = self.inner.hears.set(Box::new(hears));
    }

    /// How much is kept.
    pub(crate) fn figures(&self) -> Figures {
        let mut line = self.inner.line.lock();
        let complete = line.complete;
        let mut figures = Figures {
            guilds: 0,
            ring_bytes: 0,
            complete,
        };
        for followed in line.followed() {
            figures.guilds += 1;
            figures.ring_bytes += followed.feed.ring.read().bytes();
        }
        figures
    }

    /// What is known of the way from the bus to this replica.
    pub(crate) fn health(&self) -> Health {
        self.inner.line.lock().health()
    }
}

use std::time::Duration;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// TCP, TLS and upgrade together.
    pub connect: Duration,
    /// How long a call waits for a connection or for a place among those in flight, before it is given up unsent.
    pub reach: Duration,
    /// From the beginning of a call to its answer.
    pub call: Duration,
    /// Between two pings.
    pub ping: Duration,
    /// A connection on which nothing came for so long is dead; more than two pings.
    pub silence: Duration,
    /// The first pause before connecting again; it doubles, with jitter.
    pub pause: Duration,
    /// The longest pause before connecting again.
    pub longest_pause: Duration,
    /// For how long a shard that nobody holds, or that the one who held it gave back, is waited for.
    pub hand_over: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            reach: Duration::from_secs(2),
            call: Duration::from_secs(20),
            ping: Duration::from_secs(10),
            silence: Duration::from_secs(25),
            pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            hand_over: Duration::from_secs(3),
        }
    }
}

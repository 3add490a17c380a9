use std::time::Duration;

use tokio::time::Instant;

/// The heartbeats of one connection (Gateway, "Sending Heartbeats").
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    due: Instant,
    /// When the oldest heartbeat without acknowledgement was sent.
    waiting_since: Option<Instant>,
    /// Whether any frame came since the last heartbeat that was due.
    heard: bool,
}

impl Heartbeat {
    /// The rhythm that HELLO asks for. `jitter` (0 to 1) places the first beat within the first
    /// interval, so that shards that connect together do not beat together.
    pub(crate) fn new(interval: Duration, jitter: f64, now: Instant) -> Self {
        let due = now + interval.mul_f64(jitter.clamp(0.0, 1.0));
        Self {
            interval,
            due,
            waiting_since: None,
            heard: true,
        }
    }

    /// When the next one is due.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// A frame came: whatever it is, the connection lives. During a flood of dispatches the
    /// acknowledgement may be late.
    pub(crate) fn heard(&mut self) {
        self.heard = true;
    }

    /// Whether the connection is dead, now that a heartbeat is due.
    pub(crate) fn dead(&self) -> bool {
        self.waiting_since.is_some() && !self.heard
    }

    /// The heartbeat that was due is sent.
    pub(crate) fn beat(&mut self, now: Instant) {
        self.due = now + self.interval;
        self.heard = false;
        self.sent(now);
    }

    /// A heartbeat is sent out of turn, since Discord asked for it.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.waiting_since.get_or_insert(now);
    }

    /// The heartbeat that is due has to wait until then.
    pub(crate) fn postpone(&mut self, until: Instant) {
        self.due = until;
    }

    /// An acknowledgement came; returns the time it took.
    pub(crate) fn acknowledged(&mut self, now: Instant) -> Option<Duration> {
        self.waiting_since
            .take()
            .map(|sent| now.saturating_duration_since(sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(40);

    #[test]
    fn the_first_beat_lies_within_the_first_interval() {
        let now = Instant::now();
        assert_eq!(Heartbeat::new(INTERVAL, 0.0, now).due(), now);
        assert_eq!(Heartbeat::new(INTERVAL, 0.5, now).due(), now + INTERVAL / 2);
        assert_eq!(Heartbeat::new(INTERVAL, 7.0, now).due(), now + INTERVAL);
    }

    #[test]
    fn silence_between_two_beats_is_death() {
        let now = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, 0.0, now);
        assert!(!heartbeat.dead(), "nothing was asked yet");
        heartbeat.beat(now);
        assert!(heartbeat.dead());
    }

    #[test]
    fn any_frame_is_life_even_without_an_acknowledgement() {
        let now = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, 0.0, now);
        heartbeat.beat(now);
        heartbeat.heard();
        assert!(!heartbeat.dead());
        heartbeat.beat(now + INTERVAL);
        assert!(heartbeat.dead(), "it has to be heard again after each beat");
    }

    #[test]
    fn an_acknowledgement_tells_the_latency_once() {
        let now = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, 0.0, now);
        heartbeat.beat(now);
        let later = now + Duration::from_millis(80);
        assert_eq!(
            heartbeat.acknowledged(later),
            Some(Duration::from_millis(80))
        );
        assert_eq!(heartbeat.acknowledged(later), None);
        assert!(!heartbeat.dead());
    }

    #[test]
    fn a_beat_out_of_turn_does_not_move_the_rhythm() {
        let now = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, 1.0, now);
        heartbeat.sent(now);
        assert_eq!(heartbeat.due(), now + INTERVAL);
    }
}

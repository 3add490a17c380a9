use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// What a client may send on one connection within [`WINDOW`] (Gateway, "Rate Limiting").
const MAX_SENT: usize = 120;

/// Of these, kept for heartbeats: late ones would cost the connection.
const HEARTBEAT_RESERVE: usize = 10;

const WINDOW: Duration = Duration::from_mins(1);

/// The largest payload that Discord takes, in bytes.
pub(crate) const MAX_PAYLOAD: usize = 4096;

/// Counts what was sent on one connection, so that Discord never closes it with 4008.
#[derive(Debug, Default)]
pub(crate) struct SendLimit {
    sent: VecDeque<Instant>,
}

/// What is about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A heartbeat: may use the reserve.
    Heartbeat,
    /// Anything else.
    Ordinary,
}

impl SendLimit {
    /// Takes a place, or says when there will be one.
    pub(crate) fn take(&mut self, urgency: Urgency, now: Instant) -> Result<(), Instant> {
        while self
            .sent
            .front()
            .is_some_and(|first| *first + WINDOW <= now)
        {
            self.sent.pop_front();
        }
        let max = match urgency {
            Urgency::Heartbeat => MAX_SENT,
            Urgency::Ordinary => MAX_SENT - HEARTBEAT_RESERVE,
        };
        if self.sent.len() >= max {
            return Err(self.sent[self.sent.len() - max] + WINDOW);
        }
        self.sent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_find_room_where_others_do_not() {
        let (mut limit, now) = (SendLimit::default(), Instant::now());
        for _ in 0..110 {
            limit.take(Urgency::Ordinary, now).unwrap();
        }
        assert_eq!(limit.take(Urgency::Ordinary, now), Err(now + WINDOW));
        for _ in 0..10 {
            limit.take(Urgency::Heartbeat, now).unwrap();
        }
        assert_eq!(limit.take(Urgency::Heartbeat, now), Err(now + WINDOW));
    }

    #[test]
    fn places_come_back_as_the_window_slides() {
        let (mut limit, start) = (SendLimit::default(), Instant::now());
        for second in 0..110 {
            limit
                .take(
                    Urgency::Ordinary,
                    start + Duration::from_millis(second * 100),
                )
                .unwrap();
        }
        let later = start + WINDOW - Duration::from_millis(1);
        assert_eq!(limit.take(Urgency::Ordinary, later), Err(start + WINDOW));
        limit.take(Urgency::Ordinary, start + WINDOW).unwrap();
        let next = start + WINDOW + Duration::from_millis(100);
        assert_eq!(limit.take(Urgency::Ordinary, start + WINDOW), Err(next));
    }
}

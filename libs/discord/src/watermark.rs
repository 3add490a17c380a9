use std::sync::{Arc, Mutex, PoisonError};

/// How far the effects of a session's dispatches are stored, as told by whoever stores them.
///
/// Heartbeats carry it: Discord may forget what they acknowledge, so they must not acknowledge what
/// would be lost with this process. It is kept together with the session it belongs to, so that
/// one of an earlier session says nothing about a later one. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Watermark(Arc<Mutex<Option<Mark>>>);

#[derive(Debug)]
struct Mark {
    session: String,
    seq: u64,
}

impl Watermark {
    /// The effects of all dispatches of this session up to this number are stored. A lower number
    /// than before changes nothing; another session takes the place of the one before.
    pub fn raise(&self, session: &str, seq: u64) {
        let mut mark = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match mark.as_mut() {
            Some(mark) if mark.session == session => mark.seq = mark.seq.max(seq),
            _ => {
                *mark = Some(Mark {
                    session: session.to_owned(),
                    seq,
                });
            }
        }
    }

    /// How far it is for this session; `None` = nothing of it is known to be stored.
    pub fn of(&self, session: &str) -> Option<u64> {
        let mark = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mark.as_ref()
            .filter(|mark| mark.session == session)
            .map(|mark| mark.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_rises_within_a_session_and_says_nothing_of_another() {
        let watermark = Watermark::default();
        assert_eq!(watermark.of("a"), None);
        watermark.raise("a", 7);
        watermark.clone().raise("a", 5);
        assert_eq!(watermark.of("a"), Some(7));
        assert_eq!(watermark.of("b"), None);
        watermark.raise("b", 1);
        assert_eq!((watermark.of("a"), watermark.of("b")), (None, Some(1)));
    }
}

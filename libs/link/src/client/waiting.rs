use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use contracts::link::LinkError;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::CallError;

/// What the gateway answers.
pub(super) type Answer = Result<Box<RawValue>, LinkError>;

/// The callers of one connection who wait for an answer. Bounded by the places for calls in flight.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    closed: bool,
    answers: HashMap<String, oneshot::Sender<Answer>>,
}

impl Waiting {
    /// Waits for the answer to a request that is about to be sent.
    pub(super) fn ask(&self, id: String) -> Result<Asked, CallError> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.0.lock();
        if state.closed {
            return Err(CallError::Away("the connection was lost".into()));
        }
        state.answers.insert(id.clone(), answer);
        drop(state);
        Ok(Asked {
            id,
            waiting: self.clone(),
            sending: Sending::default(),
            receiver,
        })
    }

    /// Hands an answer to who waits for it; nobody may, by now.
    pub(super) fn answer(&self, id: &str, answer: Answer) {
        if let Some(waiting) = self.0.lock().answers.remove(id) {
            let _gone = waiting.send(answer);
        }
    }

    /// No answer will come any more.
    pub(super) fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.answers.clear();
    }
}

/// Whether a request has left, or never will: exactly one of the two sides settles it.
#[derive(Clone, Default)]
pub(super) struct Sending(Arc<AtomicBool>);

impl Sending {
    /// True for the first who asks.
    pub(super) fn settle(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// A request whose answer is waited for; forgotten when it is dropped.
pub(super) struct Asked {
    id: String,
    waiting: Waiting,
    sending: Sending,
    receiver: oneshot::Receiver<Answer>,
}

impl Asked {
    /// For the writer.
    pub(super) fn sending(&self) -> Sending {
        self.sending.clone()
    }

    /// The answer; `None` = the connection is gone.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        (&mut self.receiver).await.ok()
    }

    /// What the lack of an answer means. What was not sent until now is never sent.
    pub(super) fn unanswered(&mut self) -> CallError {
        if let Ok(Err(error)) = self.receiver.try_recv() {
            return CallError::Refused(error);
        }
        if self.sending.settle() {
            CallError::Away("the connection was lost before it was sent".into())
        } else {
            CallError::Unknown
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.sending.settle();
        self.waiting.0.lock().answers.remove(&self.id);
    }
}

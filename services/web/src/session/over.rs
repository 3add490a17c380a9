use contracts::Signal;
use tower_sessions::session::Id;
use tracing::warn;

use crate::state::AppState;

/// Ends the streams of a session, on this replica at once and on the others by a signal. If that is lost they find out within
/// seconds, because open streams' sessions are looked up all the time.
pub(crate) async fn session_ended(state: &AppState, id: Id) {
    let session = session_store::tag(&id);
    tell(state, Signal::SessionEnded { session }).await;
}

/// Ends streams by a signal.
pub(crate) async fn tell(state: &AppState, signal: Signal) {
    state.streams.hear(&signal);
    if let Err(error) = state.bus.signal(&signal).await {
        warn!(component = "Internal", %error, "the end of a session could not be told; its streams find out later");
    }
}

//! How a stream ends when it is old, and when nobody knows any more whether it may go on.

use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use contracts::{GuildId, UserId};
use http_body::Body as _;
use tokio::time::Instant;
use tower_sessions::{Expiry, Session};

use super::{Flow, Recheck};
use crate::{
    deliver::sse::StreamBody,
    discord::Tokens,
    hub::{
        Cursor, Mask, Transport, Wish,
        tests::script::{Stage, Ticks},
    },
    membership::{AUTH_GRACE, Standing},
    patience::Patience,
    session::{
        SignedIn, User,
        kept::{KeptTokens, TOKENS},
    },
    state::{AppState, staged::staged},
};

const GUILD: GuildId = GuildId::new(1);

/// An open stream of somebody who is signed in.
async fn open(state: &AppState) -> StreamBody {
    let user = User {
        id: UserId::new(7),
        username: "nelly".to_owned(),
        display_name: "Nelly".to_owned(),
        avatar_url: String::new(),
    };
    let expiry = Expiry::OnInactivity(time::Duration::WEEK);
    let session = Session::new(None, Arc::new(state.sessions.clone()), Some(expiry));
    let tokens = Tokens {
        access: "a".to_owned(),
        refresh: None,
        expires_at: u64::MAX,
    };
    let kept = KeptTokens::seal(&state.vault, &tokens, 0);
    session.insert(TOKENS, kept).await.unwrap();
    session.save().await.unwrap();
    let id = session.id().unwrap();
    let signed_in = SignedIn {
        user,
        id,
        session,
        sessions: state.sessions.clone(),
    };
    let slot = state
        .streams
        .open(&signed_in, Transport::Sse, Patience::default())
        .await
        .unwrap();
    let wish = Wish {
        user: signed_in.user.id,
        guilds: vec![Standing {
            guild: GUILD,
            roles: [].into(),
            joined_at: None,
            timed_out_until: None,
            asked_at: 0,
        }],
        mask: Mask::DEFAULT,
        cursor: Cursor::Now,
        snapshot: false,
        transport: Transport::Sse,
    };
    let joined = state.hub.join(wish, Arc::clone(&slot.alarm)).await;
    let (viewer, first) = joined.unwrap();
    let recheck = Recheck::new(state.clone(), signed_in, None, true);
    StreamBody::new(Flow::new(state, viewer, slot, recheck), first)
}

/// Reads until the stream ends, or for so long: the last of what came, and whether it ended.
async fn read(body: &mut StreamBody, most: Duration) -> (String, bool) {
    let mut last = String::new();
    let reading = async {
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            let bytes = frame.unwrap().into_data().unwrap();
            last = String::from_utf8(bytes.to_vec()).unwrap();
        }
    };
    let ended = tokio::time::timeout(most, reading).await.is_ok();
    (last, ended)
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_somebody_who_can_not_be_looked_up_stays_for_the_grace_and_no_longer() {
    let stage = Stage::new(&[GUILD]).await;
    let (state, begun) = (staged(&stage, "60"), Instant::now());
    let mut body = open(&state).await;
    let (_, ended) = read(&mut body, AUTH_GRACE).await;
    assert!(!ended, "it ended after {:?}", begun.elapsed());
    let (last, ended) = read(&mut body, AUTH_GRACE).await;
    assert!(ended && last.contains(r#"{"reason":"bus"}"#), "{last}");
    assert!(last.starts_with("retry: "), "{last}");
    // The grace counts from the last look that told something, and a look comes once a minute.
    assert!(begun.elapsed() <= AUTH_GRACE + Duration::from_secs(3 * 60));
}

#[tokio::test(start_paused = true)]
async fn an_old_stream_leaves_only_when_the_browser_would_find_what_it_needs() {
    let stage = Stage::new(&[GUILD]).await;
    // Nobody looks for the user within this story.
    let (state, begun) = (staged(&stage, "100000"), Instant::now());
    let mut body = open(&state).await;
    stage.script.set_ticks(Ticks::Fail);
    let (_, ended) = read(&mut body, Duration::from_secs(2 * 3600)).await;
    assert!(!ended, "it ended after {:?}", begun.elapsed());
    stage.script.set_ticks(Ticks::Return);
    let (last, ended) = read(&mut body, Duration::from_secs(180)).await;
    assert!(ended && last.starts_with("retry: "), "{last}");
    assert!(!last.contains("unavailable"));
}

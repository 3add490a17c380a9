use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use contracts::{StreamMessage, StreamRequest, event::UnavailableReason, problem::FieldProblem};
use tokio::time::timeout;
use tracing::debug;

use super::message::{Code, Parting, VERSION, message};
use crate::{
    deliver::{
        choice::Choice,
        flow::Flow,
        opening::{self, Refusal},
    },
    error::ApiError,
    hub::{Chunk, Transport},
    patience::Patience,
    state::AppState,
    stream_token::Refused,
};

/// How long a browser has for its first message.
const FIRST_WITHIN: Duration = Duration::from_secs(5);

/// Most frames before the first message.
const FRAMES_BEFORE: usize = 8;

/// Waits for the first message and opens the stream; `Err(None)` if the browser has gone.
pub(super) async fn begin(
    socket: &mut WebSocket,
    state: &AppState,
) -> Result<(Flow, Option<Chunk>), Option<Parting>> {
    let first = timeout(FIRST_WITHIN, first(socket)).await;
    let late = || Parting::new(Code::Unauthorized, "no auth message came in time");
    let text = first.map_err(|_| late())??;
    if state.is_draining() {
        let reason = UnavailableReason::Draining;
        return Err(Some(Parting::unavailable(reason, Duration::ZERO)));
    }
    let (token, choice) = read(&text)?;
    let signed_in = match state.stream_tokens.verify(&token).await {
        Ok(signed_in) => signed_in,
        Err(Refused::Invalid) => {
            debug!(component = "WS", "a token opens nothing");
            return Err(Some(unauthorized()));
        }
        Err(Refused::Unavailable) => return Err(Some(passing(UnavailableReason::Bus))),
    };
    // The connection's own patience stays as it is: the session itself counts what waits, and says why it closes.
    let opened = opening::open(
        state,
        signed_in,
        choice,
        Transport::WebSocket,
        Patience::default(),
    );
    opened.await.map_err(|refusal| {
        Some(match refusal {
            Refusal::Passing(reason) => passing(reason),
            Refusal::Final(ApiError::Unauthorized) => unauthorized(),
            Refusal::Final(ApiError::Forbidden(why)) => {
                error(Code::Forbidden, "forbidden", why, Vec::new())
            }
            Refusal::Final(_) => passing(UnavailableReason::Bus),
        })
    })
}

/// The first text.
async fn first(socket: &mut WebSocket) -> Result<String, Option<Parting>> {
    for _ in 0..FRAMES_BEFORE {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => {}
            Some(Ok(Message::Binary(_))) => {
                return Err(Some(Parting::new(Code::Unsupported, "text only")));
            }
            Some(Err(_)) => {
                return Err(Some(Parting::new(
                    Code::Unreadable,
                    "unreadable or too long",
                )));
            }
            None => return Err(None),
        }
    }
    Err(Some(Parting::new(Code::Policy, "too many messages")))
}

/// The token and what is asked for.
fn read(text: &str) -> Result<(String, Choice), Parting> {
    let invalid = |message: &str, errors| error(Code::Invalid, "validation", message, errors);
    let expected = r#"The first message has to be {"v":1,"type":"auth","token":…}."#;
    let Ok(StreamRequest::Auth {
        v,
        token,
        last_event_id,
        guilds,
        events,
        snapshot,
    }) = serde_json::from_str(text)
    else {
        return Err(invalid(expected, Vec::new()));
    };
    if v != VERSION {
        let problem = FieldProblem {
            field: "v".to_owned(),
            code: "unknown-version".to_owned(),
            message: format!("is {v}; this replica speaks {VERSION}"),
        };
        return Err(invalid("This version is not spoken here.", vec![problem]));
    }
    let choice = Choice::of(
        guilds.as_deref(),
        events.as_deref(),
        last_event_id.as_deref(),
        snapshot.unwrap_or_default(),
    );
    let choice = choice.map_err(|errors| invalid("The request is not valid.", errors))?;
    Ok((token, choice))
}

fn unauthorized() -> Parting {
    error(
        Code::Unauthorized,
        "unauthorized",
        "The token is not valid, or its session is over.",
        Vec::new(),
    )
}

fn passing(reason: UnavailableReason) -> Parting {
    Parting::unavailable(reason, Duration::ZERO)
}

fn error(code: Code, name: &'static str, why: &str, errors: Vec<FieldProblem>) -> Parting {
    let said = StreamMessage::Error {
        v: VERSION,
        code: name.to_owned(),
        message: why.to_owned(),
        errors,
    };
    Parting {
        say: Some(message(&said)),
        ..Parting::new(code, name)
    }
}

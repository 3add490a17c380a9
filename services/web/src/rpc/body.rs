use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest as _, Request},
    http::StatusCode,
};
use contracts::Problem;
use serde_json::{Map, Value};

use crate::{error::ApiError, origin::is_json, state::AppState};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The JSON object that was sent.
pub(super) async fn object(
    request: Request,
    state: &AppState,
) -> Result<Map<String, Value>, ApiError> {
    // A form of a foreign page can't send this type without asking first.
    if !is_json(request.headers()) {
        return Err(ApiError::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = match tokio::time::timeout(PATIENCE, Bytes::from_request(request, state)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(rejection)) => return Err(ApiError::Status(rejection.status())),
        Err(_late) => return Err(ApiError::Status(StatusCode::REQUEST_TIMEOUT)),
    };
    serde_json::from_slice(&bytes).map_err(|_| not_an_object())
}

/// The parser's words are not repeated: they may quote what was sent.
fn not_an_object() -> ApiError {
    let problem = Problem::new(400, "bad-json", "The body is not valid");
    ApiError::Problem(Box::new(
        problem.detail("The body has to be one JSON object."),
    ))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::header};
    use contracts::GuildId;
    use futures_util::stream;
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::{
        hub::tests::script::{Stage, Ticks},
        state::staged::staged,
    };

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_byte_by_byte_is_not_waited_for() {
        let state = staged(&Stage::starting(&[GuildId::new(1)], Ticks::Return), "60");
        let trickle = stream::unfold((), |()| async {
            sleep(PATIENCE / 20).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        let request = Request::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from_stream(trickle));
        let begun = Instant::now();
        let refused = object(request.unwrap(), &state).await;
        let late: Result<Map<String, Value>, _> =
            Err(ApiError::Status(StatusCode::REQUEST_TIMEOUT));
        assert_eq!(format!("{refused:?}"), format!("{late:?}"));
        assert!(begun.elapsed() <= PATIENCE * 2);
    }
}

//! What a path says, with Discord's error when it says nonsense.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::world::Refusal;

/// The parameters of a path.
pub(super) struct Route<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Route<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(parameters)) => Ok(Self(parameters)),
            Err(_) => Err(Refusal::form(
                "id",
                "NUMBER_TYPE_COERCE",
                "Value is not snowflake.",
            )),
        }
    }
}

use axum::Json;
use contracts::rpc::Me;

use crate::session::SignedIn;

/// `GET /api/me`
pub(crate) async fn me(signed_in: SignedIn) -> Json<Me> {
    Json(signed_in.user.into())
}

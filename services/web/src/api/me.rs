use axum::{Json, extract::State};
use contracts::rpc::Me;

use crate::{session::SignedIn, state::AppState};

/// `GET /api/me`
pub(crate) async fn me(State(state): State<AppState>, signed_in: SignedIn) -> Json<Me> {
    let user = signed_in.user;
    Json(Me {
        operator: state.config.operators.contains(&user.id),
        user_id: user.id,
        username: user.username,
        display_name: user.display_name,
        avatar_url: user.avatar_url,
    })
}

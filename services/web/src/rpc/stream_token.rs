use axum::Json;
use contracts::rpc;

use super::{Call, call::Answer};

/// `issueStreamToken`
pub(crate) async fn issue_stream_token(
    call: Call<rpc::IssueStreamToken>,
) -> Answer<rpc::StreamToken> {
    call.state.stream_tokens.issue(&call.signed_in).map(Json)
}

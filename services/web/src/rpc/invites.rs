use axum::Json;
use contracts::{
    command::{Act, EndInvite, InviteMade, MakeInvite},
    invite::{InviteId, InviteToken},
    rpc,
};

use super::{Call, call::Answer, place};
use crate::{error::ApiError, state::AppState};

/// `createInvite`
pub(crate) async fn create_invite(call: Call<rpc::CreateInvite>) -> Answer<rpc::InviteMade> {
    let channel_id = call.input.channel_id;
    let guild_id = place::of_channel(&call.state, &call.signed_in, channel_id).await?;
    let act = Act::CreateInvite(MakeInvite {
        guild_id,
        channel_id,
        expires_in: call.input.expires_in,
        max_uses: call.input.max_uses,
    });
    let made: InviteMade = call.act(&act).await?;
    Ok(Json(rpc::InviteMade {
        invite_id: made.invite_id.to_string(),
        invite_url: address(&call.state, &made.invite_token),
        invite_token: made.invite_token.to_string(),
    }))
}

/// `revokeInvite`
pub(crate) async fn revoke_invite(call: Call<rpc::RevokeInvite>) -> Answer<rpc::Done> {
    let invite_id: InviteId = call
        .input
        .invite_id
        .parse()
        .map_err(|_| ApiError::field("inviteId", "invalid", "is not the id of an invite"))?;
    let guild_id = place::named(&call.state, &call.signed_in, invite_id.guild()).await?;
    let act = Act::RevokeInvite(EndInvite {
        guild_id,
        invite_id,
    });
    call.act(&act).await.map(Json)
}

/// Where people who were invited go.
pub(super) fn address(state: &AppState, token: &InviteToken) -> String {
    format!("{}/join/{token}", state.config.origin())
}

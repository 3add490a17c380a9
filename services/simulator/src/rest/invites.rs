//! Invites. Source: the page Channel, "Create Channel Invite".

use axum::{Json, extract::State};

use super::{allowed, answer::Answer, fields::Fields, gate::Bot, route::Route};
use crate::{
    oauth::random_token,
    simulation::Shared,
    world::{Id, Invite, permissions as p},
};

/// `POST /channels/{channel}/invites`
pub(super) async fn create(
    State(simulation): State<Shared>,
    _: Bot,
    Route(channel): Route<Id>,
    fields: Fields,
) -> Answer {
    let invite = Invite {
        code: random_token(8),
        max_age: fields.number("max_age", 0..=604_800)?.unwrap_or(86_400),
        max_uses: fields.number("max_uses", 0..=100)?.unwrap_or(0),
        temporary: fields.flag("temporary")?.unwrap_or(false),
    };
    simulation.change(|world| {
        allowed::channel(world, channel, p::CREATE_INSTANT_INVITE)?;
        world.create_invite(channel, &invite).map(Json)
    })
}

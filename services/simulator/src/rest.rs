//! The REST API. Source: the page API Reference and the pages of the resources.

mod allowed;
mod answer;
mod applications;
mod channels;
mod content;
mod drafts;
mod fields;
mod gate;
mod guilds;
mod invites;
pub(crate) mod limit;
mod members;
mod messages;
mod overwrites;
mod reactions;
mod reason;
mod roles;
mod route;
mod start;
mod threads;
mod users;
mod voice;
mod webhooks;

pub(crate) use answer::not_found;
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{delete, get, patch, post, put},
};
pub(crate) use gate::Caller;

use crate::{oauth, simulation::Shared};

/// All routes of the API, to be nested under `/api/v10` and `/api`.
pub(crate) fn router(simulation: &Shared) -> Router<Shared> {
    let limited = Router::new()
        .route("/gateway", get(start::gateway))
        .route("/gateway/bot", get(start::gateway_bot))
        .route("/users/{user}", get(users::read))
        .route("/users/@me/guilds", get(users::guilds))
        .route("/users/@me/guilds/{guild}/member", get(users::member))
        .route("/applications/@me", get(applications::read))
        .route("/oauth2/applications/@me", get(applications::read))
        .route("/oauth2/@me", get(oauth::me))
        .merge(guild_routes())
        .merge(channel_routes())
        .merge(message_routes())
        .route("/webhooks/{webhook}", delete(webhooks::remove))
        .route(
            "/webhooks/{webhook}/{token}",
            post(webhooks::execute).get(webhooks::read),
        )
        .layer(from_fn_with_state(simulation.clone(), gate::pass));
    limited
        .route("/oauth2/token", post(oauth::token))
        .route("/oauth2/token/revoke", post(oauth::revoke))
        .route("/oauth2/authorize", get(oauth::page).post(oauth::decide))
        .fallback(not_found)
}

fn guild_routes() -> Router<Shared> {
    Router::new()
        .route("/guilds/{guild}", get(guilds::read))
        .route(
            "/guilds/{guild}/channels",
            get(guilds::channels).post(channels::create),
        )
        .route(
            "/guilds/{guild}/roles",
            get(roles::list).post(roles::create),
        )
        .route(
            "/guilds/{guild}/roles/{role}",
            patch(roles::change).delete(roles::remove),
        )
        .route("/guilds/{guild}/threads/active", get(threads::active))
        .route("/guilds/{guild}/members", get(members::list))
        .route(
            "/guilds/{guild}/members/{user}",
            get(members::read)
                .patch(members::change)
                .delete(members::remove),
        )
        .route(
            "/guilds/{guild}/members/{user}/roles/{role}",
            put(members::add_role).delete(members::remove_role),
        )
        .route("/guilds/{guild}/voice-states/{user}", get(voice::read))
}

fn channel_routes() -> Router<Shared> {
    Router::new()
        .route(
            "/channels/{channel}",
            get(channels::read)
                .patch(channels::change)
                .delete(channels::remove),
        )
        .route(
            "/channels/{channel}/permissions/{overwrite}",
            put(overwrites::set).delete(overwrites::remove),
        )
        .route("/channels/{channel}/typing", post(messages::typing))
        .route("/channels/{channel}/voice-status", put(voice::status))
        .route("/channels/{channel}/invites", post(invites::create))
        .route("/channels/{channel}/threads", post(threads::create))
        .route("/channels/{channel}/thread-members", get(threads::members))
        .route(
            "/channels/{channel}/thread-members/{user}",
            put(threads::add_member).delete(threads::remove_member),
        )
        .route(
            "/channels/{channel}/webhooks",
            get(webhooks::list).post(webhooks::create),
        )
}

fn message_routes() -> Router<Shared> {
    Router::new()
        .route(
            "/channels/{channel}/messages",
            get(messages::list).post(messages::create),
        )
        .route(
            "/channels/{channel}/messages/bulk-delete",
            post(messages::remove_many),
        )
        .route(
            "/channels/{channel}/messages/{message}",
            get(messages::read)
                .patch(messages::change)
                .delete(messages::remove),
        )
        .route(
            "/channels/{channel}/messages/{message}/reactions",
            delete(reactions::clear),
        )
        .route(
            "/channels/{channel}/messages/{message}/reactions/{emoji}",
            get(reactions::list).delete(reactions::clear_emoji),
        )
        .route(
            "/channels/{channel}/messages/{message}/reactions/{emoji}/{user}",
            put(reactions::add).delete(reactions::remove),
        )
}

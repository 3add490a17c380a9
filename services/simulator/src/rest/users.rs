//! Users. Source: the page User.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{answer::Answer, gate::Caller, route::Route};
use crate::{
    oauth::Grant,
    simulation::Shared,
    world::{Id, Refusal, permissions},
};

/// `GET /users/{user}`, also `@me`.
pub(super) async fn read(
    State(simulation): State<Shared>,
    caller: Caller,
    Route(user): Route<String>,
) -> Answer {
    simulation.read(|world| match (&caller, user.as_str()) {
        (Caller::Bot, "@me") => Ok(Json(world.user(world.bot)?.self_json())),
        (Caller::Person(grant), "@me") => {
            grant.require("identify")?;
            let mut user = world.user(grant.user)?.self_json();
            if let Some(fields) = user.as_object_mut().filter(|_| !grant.has("email")) {
                fields.remove("email");
                fields.remove("verified");
            }
            Ok(Json(user))
        }
        (Caller::Bot, id) => {
            let id: Id = id.parse().map_err(|_| {
                Refusal::form("user_id", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
            })?;
            Ok(Json(world.user(id)?.json()))
        }
        _ => Err(Refusal::unauthorized()),
    })
}

/// `GET /users/@me/guilds`
pub(super) async fn guilds(State(simulation): State<Shared>, caller: Caller) -> Answer {
    simulation.read(|world| {
        let user = match &caller {
            Caller::Bot => world.bot,
            Caller::Person(grant) => {
                grant.require("guilds")?;
                grant.user
            }
            Caller::Nobody => return Err(Refusal::unauthorized()),
        };
        let list: Vec<Value> = world
            .guilds_of(user)
            .map(|guild| {
                let bits = permissions::in_guild(guild, user);
                json!({
                    "id": guild.id, "name": guild.name, "icon": guild.icon, "banner": null,
                    "owner": guild.owner == user, "permissions": bits.to_string(), "features": [],
                })
            })
            .collect();
        Ok(Json(Value::from(list)))
    })
}

/// `GET /users/@me/guilds/{guild}/member`
pub(super) async fn member(
    State(simulation): State<Shared>,
    caller: Caller,
    Route(guild): Route<Id>,
) -> Answer {
    let Caller::Person(grant) = caller else {
        return Err(Refusal::unauthorized());
    };
    grant.require("guilds.members.read")?;
    simulation.read(|world| {
        // Discord says "unknown guild" of a guild that the user isn't in.
        let found = world.guild(guild)?;
        let member = world
            .member_json(found, grant.user)
            .map_err(|_| Refusal::unknown_guild())?;
        Ok(Json(member))
    })
}

impl Grant {
    /// A refusal unless the scope was granted.
    fn require(&self, scope: &str) -> Result<(), Refusal> {
        if self.has(scope) {
            Ok(())
        } else {
            Err(Refusal::new(403, 50_026, "Missing required OAuth2 scope"))
        }
    }
}

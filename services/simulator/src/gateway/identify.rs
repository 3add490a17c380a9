//! IDENTIFY → READY and a `GUILD_CREATE` for each guild.
//! Source: the pages Gateway, "Identifying", and Gateway Events, "Identify", "Ready".

use serde_json::{Value, json};
use tracing::info;

use super::{
    Close, budget::Start, connection::Connection, intents, journal::What, listen::Rejection,
    session::Session,
};
use crate::{
    fault::Lasting,
    simulation::State,
    world::{Id, World, kind},
};

/// Most guilds that one shard may have.
const GUILDS_PER_SHARD: usize = 2_500;

/// An IDENTIFY.
#[derive(Debug, Clone)]
pub(super) struct Identify {
    token: String,
    intents: u64,
    /// Number and count.
    pub(super) shard: (u64, u64),
    large_threshold: u64,
    pub(super) compress: bool,
}

impl Identify {
    /// `None` if it can't be read.
    pub(super) fn of(data: &Value) -> Option<Self> {
        data.get("properties")
            .filter(|properties| properties.is_object())?;
        let shard = match data.get("shard") {
            None | Some(Value::Null) => (0, 1),
            Some(shard) => (shard.get(0)?.as_u64()?, shard.get(1)?.as_u64()?),
        };
        Some(Self {
            token: bare_token(data.get("token")?.as_str()?).to_owned(),
            intents: data.get("intents")?.as_u64()?,
            shard,
            large_threshold: data
                .get("large_threshold")
                .and_then(Value::as_u64)
                .unwrap_or(50)
                .clamp(50, 250),
            compress: data
                .get("compress")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        })
    }
}

/// A token without the word that some libraries put before it.
pub(super) fn bare_token(token: &str) -> &str {
    token.trim().strip_prefix("Bot ").unwrap_or(token.trim())
}

impl Connection {
    /// Starts a session on this connection.
    pub(super) fn start_session(&self, identify: &Identify) -> Result<(), Rejection> {
        let mut state = self.simulation.lock();
        let begun = self.begin(&mut state, identify);
        let what = match begun {
            Ok(()) => What::Identify,
            Err(_) => What::IdentifyRefused,
        };
        state
            .journal
            .note(what, Some(identify.shard), self.id, (0, 0));
        begun
    }

    fn begin(&self, state: &mut State, identify: &Identify) -> Result<(), Rejection> {
        let config = &self.simulation.config;
        state.check(identify, config)?;
        match state.budget.start(identify.shard.0) {
            Start::Granted => {}
            Start::TooFast => return Err(Rejection::InvalidSession),
            Start::Exhausted => {
                state.reset_token(&identify.token);
                return Err(Rejection::Close(Close::AUTHENTICATION_FAILED));
            }
        }
        let id = state.sessions.next_id(config.seed);
        let link = self.link.clone();
        let session = Session::new(
            id,
            identify.token.clone(),
            identify.shard,
            state.sessions.replay_limit,
            link,
        );
        let session = state.sessions.add(session);
        session.intents = identify.intents;
        session.large_threshold = identify.large_threshold;
        session.resume_url.clone_from(&self.resume_url);
        info!(
            shard = session.shard,
            shards = session.shards,
            intents = session.intents,
            "a Gateway session starts"
        );
        let guilds: Vec<Id> = state
            .world
            .guilds_of(state.world.bot)
            .map(|guild| guild.id)
            .filter(|guild| session.has_guild(Some(*guild)))
            .collect();
        session.send(
            "READY",
            &ready(&state.world, session, &guilds, config.privileged_intents).to_string(),
        );
        if session.intents & intents::GUILDS != 0 {
            for guild in guilds {
                let data =
                    state
                        .world
                        .guild_create(guild, session.intents, session.large_threshold);
                session.send("GUILD_CREATE", &Value::from(data).to_string());
            }
        }
        if let Some(count) = state.faults.take(Lasting::ReadyFlood, Some(session.shard)) {
            flood(&state.world, session, count);
        }
        Ok(())
    }
}

impl State {
    fn check(&self, identify: &Identify, config: &crate::Config) -> Result<(), Rejection> {
        let refuse = |close| Err(Rejection::Close(close));
        if !self.accepts_token(&identify.token, config) {
            return refuse(Close::AUTHENTICATION_FAILED);
        }
        let (shard, shards) = identify.shard;
        if shards == 0 || shard >= shards {
            return refuse(Close::INVALID_SHARD);
        }
        let of_shard = |guild: &&crate::world::Guild| (guild.id.0 >> 22) % shards == shard;
        if self
            .world
            .guilds_of(self.world.bot)
            .filter(of_shard)
            .count()
            > GUILDS_PER_SHARD
        {
            return refuse(Close::SHARDING_REQUIRED);
        }
        if !intents::are_known(identify.intents) {
            return refuse(Close::INVALID_INTENTS);
        }
        if identify.intents & intents::PRIVILEGED & !config.privileged_intents != 0 {
            return refuse(Close::DISALLOWED_INTENTS);
        }
        Ok(())
    }

    /// Whether a bot token is good.
    pub(crate) fn accepts_token(&self, token: &str, config: &crate::Config) -> bool {
        let expected = config
            .bot_token
            .as_ref()
            .is_none_or(|expected| expected.expose() == token);
        expected
            && !token.is_empty()
            && !self.sessions.revoked.iter().any(|revoked| revoked == token)
    }

    /// What Discord does when the budget of session starts is used up.
    pub(crate) fn reset_token(&mut self, token: &str) {
        self.sessions.revoked.push(token.to_owned());
        self.budget.refill();
        for session in self
            .sessions
            .iter_mut()
            .filter(|session| session.token == token)
        {
            session.out(super::Out::Close(Close::AUTHENTICATION_FAILED));
        }
        self.sessions.end(|session| session.token == token);
    }
}

/// READY's data.
fn ready(world: &World, session: &Session, guilds: &[Id], privileged: u64) -> Value {
    let unavailable: Vec<Value> = guilds
        .iter()
        .map(|guild| json!({ "id": guild, "unavailable": true }))
        .collect();
    json!({
        "v": 10, "user": world.users.get(&world.bot).map(crate::world::User::self_json),
        "guilds": unavailable, "session_id": session.id, "session_type": "normal",
        "resume_gateway_url": session.resume_url, "shard": [session.shard, session.shards],
        "application": { "id": world.application, "flags": application_flags(privileged) },
        "private_channels": [], "relationships": [], "presences": [], "user_settings": {},
        "user_settings_proto": "", "geo_ordered_rtc_regions": [], "guild_join_requests": [],
        "auth": {}, "_trace": ["[\"simulator\"]"],
    })
}

/// The flags that say which privileged intents are switched on (the `LIMITED` ones).
pub(crate) fn application_flags(privileged: u64) -> u64 {
    [
        (intents::GUILD_PRESENCES, 13),
        (intents::GUILD_MEMBERS, 15),
        (intents::MESSAGE_CONTENT, 19),
    ]
    .iter()
    .filter(|(intent, _)| privileged & intent != 0)
    .fold(0, |flags, (_, bit)| flags | 1 << bit)
}

/// Many dispatches right after READY that change nothing.
fn flood(world: &World, session: &mut Session, count: u64) {
    let Ok(guild) = world.guild(world.home) else {
        return;
    };
    let Some(channel) = guild
        .channels
        .values()
        .find(|channel| channel.kind == kind::TEXT)
    else {
        return;
    };
    let data = world.channel_json(guild, channel).to_string();
    for _ in 0..count {
        session.send("CHANNEL_UPDATE", &data);
    }
}

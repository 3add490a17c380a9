//! The world as it is before anything happens.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::Value;

use super::{Guild, Model, bits, channel, id, people, voice};
use crate::{browser::USERS, control::Control};

/// What a run begins with.
#[derive(Debug)]
pub(crate) struct Begin {
    pub(crate) model: Model,
    /// The bot's guilds: who is in each, by name.
    pub(crate) members: BTreeMap<u64, BTreeSet<String>>,
    /// The number of the newest dispatch.
    pub(crate) newest: u64,
}

impl Begin {
    /// Asks the simulator, while nothing happens.
    pub(crate) async fn read(control: &Control) -> anyhow::Result<Self> {
        let state = control.state().await?;
        let newest = state["log"]["last"]
            .as_u64()
            .context("the log's newest number")?;
        let mut begin = Self {
            model: Model::default(),
            members: BTreeMap::new(),
            newest,
        };
        let users = state["users"].as_array().context("users")?;
        for watcher in USERS {
            let user = users.iter().find(|user| user["name"] == watcher);
            let user = user.and_then(|user| id(&user["id"]));
            let user = user.with_context(|| format!("there is no {watcher}"))?;
            begin.model.watchers.insert(watcher.to_owned(), user);
        }
        let guilds = state["guilds"].as_array().context("guilds")?;
        for told in guilds.iter().filter(|guild| guild["bot"] == true) {
            let guild = id(&told["id"]).context("a guild's id")?;
            let members = told["members"].as_array().context("members")?.iter();
            let names = members.filter_map(|member| member["name"].as_str());
            begin
                .members
                .insert(guild, names.map(str::to_owned).collect());
            let channels = control.rest(guild, "channels").await?;
            let roles = control.rest(guild, "roles").await?;
            let state = read(guild, told, &channels, &roles)?;
            begin.model.guilds.insert(guild, state);
            begin.model.look(guild, 0);
        }
        Ok(begin)
    }
}

fn read(id_of: u64, told: &Value, channels: &Value, roles: &Value) -> anyhow::Result<Guild> {
    let mut guild = Guild {
        id: id_of,
        owner: id(&told["owner"]).context("an owner")?,
        ..Guild::default()
    };
    for role in roles.as_array().context("roles")? {
        let id = id(&role["id"]).context("a role's id")?;
        guild.roles.insert(id, bits(&role["permissions"]));
    }
    for member in told["members"].as_array().context("members")? {
        let id = id(&member["id"]).context("a member's id")?;
        guild.members.insert(id, people::roles(member));
    }
    for data in channels.as_array().context("channels")? {
        let (id, read) = channel::read(data).context("a channel")?;
        guild.channels.insert(id, read);
    }
    for state in told["voice"].as_array().context("voice states")? {
        let (user, room) = (id(&state["user_id"]), id(&state["channel_id"]));
        let (user, room) = user.zip(room).context("a voice state")?;
        guild.voice.insert(user, (room, voice::flags_of(state)));
    }
    Ok(guild)
}

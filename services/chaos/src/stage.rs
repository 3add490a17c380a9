//! Where a run plays: the guilds, and where probes are written.

use anyhow::Context as _;
use serde_json::{Value, json};

// Who watches is in every guild that is made.
use crate::{browser::USERS as WATCHERS, control::Control};

/// Guilds beside those that the simulator begins with: name, shard, and whether anything happens in it.
const GUILDS: [(&str, u64, bool); 3] = [
    ("Harbour", 0, true),
    ("Observatory", 1, true),
    ("Quiet Valley", 0, false),
];

/// Others, so that something is going on.
const OTHERS: [&str; 8] = [
    "oskar", "priya", "tomas", "yuki", "ines", "kofi", "leila", "bram",
];

/// A text channel that everybody can read, and somebody who writes there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pulpit {
    pub(crate) guild: u64,
    channel: u64,
    user: u64,
}

/// Makes the guilds.
pub(crate) async fn build(control: &Control) -> anyhow::Result<()> {
    for (name, shard, _) in GUILDS {
        let members: Vec<&str> = WATCHERS.iter().chain(&OTHERS).copied().collect();
        let guild = json!({
            "name": name, "shard": shard, "owner": "nelly", "members": members,
            "channels": [
                { "name": "deck", "type": "voice" }, { "name": "cellar", "type": "voice" },
                { "name": "log", "type": "text" },
            ],
        });
        control.act("add-guild", &guild).await?;
    }
    Ok(())
}

/// A pulpit in each of the bot's guilds in which something happens.
pub(crate) async fn pulpits(control: &Control) -> anyhow::Result<Vec<Pulpit>> {
    let state = control.state().await?;
    let guilds = state["guilds"].as_array().context("guilds")?.iter();
    guilds
        .filter(|guild| guild["bot"] == true && !is_quiet(&guild["name"]))
        .map(|guild| pulpit(guild).context("a public channel and somebody to write in it"))
        .collect()
}

impl Pulpit {
    /// Writes a message that everybody in the guild can read; returns its id.
    pub(crate) async fn write(&self, control: &Control, text: &str) -> anyhow::Result<u64> {
        let message = json!({
            "guild": self.guild.to_string(), "channel": self.channel.to_string(),
            "user": self.user.to_string(), "content": text,
        });
        let made = control.act("message", &message).await?;
        let id = made["message"].as_str().and_then(|id| id.parse().ok());
        id.context("the message's id")
    }
}

fn is_quiet(name: &Value) -> bool {
    GUILDS
        .iter()
        .any(|(quiet, _, plays)| !plays && name == quiet)
}

fn pulpit(guild: &Value) -> Option<Pulpit> {
    let id = |value: &Value| value["id"].as_str()?.parse().ok();
    let channels = guild["channels"].as_array()?.iter();
    let mut open = channels.filter(|one| one["type"] == 0 && one["private"] == false);
    let members = guild["members"].as_array()?.iter();
    let mut people = members.filter(|one| one["name"] == WATCHERS[0]);
    Some(Pulpit {
        guild: id(guild)?,
        channel: id(open.next()?)?,
        user: id(people.next()?)?,
    })
}

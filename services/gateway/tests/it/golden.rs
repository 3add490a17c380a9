//! Discord's dispatches in, our changes out, compared whole.
//!
//! Each `golden/NAME.in.json` is a story: what Discord sends, as Discord sends it, to a gateway that
//! knows the guild of `golden/guild.json` (or, with `"stored": false`, none). `golden/NAME.out.json`
//! is what comes out for each dispatch. After a change that is meant, `BLESS=1 cargo test -p gateway
//! golden` writes the outputs anew; read the difference before you commit it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use contracts::{GuildId, UserId};
use discord::{Dispatch, Event, Intents, ShardId, decode, model};
use event_bus::{Change, NewEntry, StateOp};
use gateway::{
    normalize::{Context, Rules, normalize},
    state::Guilds,
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

/// Unix ms at which all dispatches come.
const RECEIVED_AT: u64 = 1_763_836_800_120;

#[derive(Deserialize)]
struct Story {
    intents: u64,
    stored: bool,
    #[serde(default)]
    served: Option<BTreeSet<GuildId>>,
    #[serde(default)]
    names: BTreeMap<UserId, model::Member>,
    dispatches: Vec<Frame>,
}

#[derive(Deserialize)]
struct Frame {
    s: u64,
    t: String,
    d: Box<RawValue>,
}

impl Frame {
    fn dispatch(&self) -> Dispatch {
        let event = decode(&self.t, self.d.get()).expect(&self.t);
        let event = event.unwrap_or_else(|| panic!("{} is not carried", self.t));
        Dispatch {
            shard: ShardId::ONE,
            seq: self.s,
            received_at: RECEIVED_AT,
            event,
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What comes out of a story, per dispatch.
fn told(story: &Story) -> Value {
    let rules = Rules {
        served: story.served.clone(),
        intents: Intents::from_bits(story.intents),
        cdn_url: "https://cdn.discordapp.com".to_owned(),
    };
    let mut guilds = Guilds::default();
    let nobody = BTreeMap::new();
    if story.stored {
        let guild = decode("GUILD_CREATE", &read(&folder().join("guild.json")))
            .unwrap()
            .unwrap();
        let dispatch = Dispatch {
            shard: ShardId::ONE,
            seq: 2,
            received_at: RECEIVED_AT,
            event: guild,
        };
        let context = Context {
            rules: &rules,
            names: &nobody,
            behalves: &std::collections::BTreeMap::new(),
            generation: 1,
            known_until: None,
        };
        normalize(&dispatch, &mut guilds, context);
    }
    // READY begins another session.
    let mut generation = 1;
    let told: Vec<Value> = story
        .dispatches
        .iter()
        .map(|frame| {
            let dispatch = frame.dispatch();
            generation += u64::from(matches!(dispatch.event, Event::Ready(_)));
            let context = Context {
                rules: &rules,
                names: &story.names,
                behalves: &std::collections::BTreeMap::new(),
                generation,
                known_until: None,
            };
            let changes = normalize(&dispatch, &mut guilds, context);
            let changes: Vec<Value> = changes.iter().map(shown).collect();
            json!({ "on": format!("{} {}", frame.s, frame.t), "changes": changes })
        })
        .collect();
    Value::Array(told)
}

fn shown(change: &Change) -> Value {
    json!({
        "guild": change.guild,
        "previous": change.previous.map(|position| position.to_string()),
        "position": change.position.to_string(),
        "reseed": change.reseed,
        "entries": change.entries.iter().map(entry).collect::<Vec<_>>(),
        "state": change.state.iter().map(op).collect::<Vec<_>>(),
        "redact": change.redact,
    })
}

fn entry(entry: &NewEntry) -> Value {
    match entry {
        NewEntry::Event(event) => json!({ "event": event }),
        NewEntry::Audience(change) => json!({ "audience": change }),
    }
}

fn op(op: &StateOp) -> Value {
    match op {
        StateOp::SetGuild(guild) => json!({ "setGuild": guild }),
        StateOp::SetChannel(channel) => json!({ "setChannel": channel }),
        StateOp::RemoveChannel(id) => json!({ "removeChannel": id }),
        StateOp::SetRole(role) => json!({ "setRole": role }),
        StateOp::RemoveRole(id) => json!({ "removeRole": id }),
        StateOp::SetVoice(voice) => json!({ "setVoice": voice }),
        StateOp::RemoveVoice(user) => json!({ "removeVoice": user }),
        StateOp::SetMember(member) => json!({ "setMember": member }),
        StateOp::RemoveMember(user) => json!({ "removeMember": user }),
        StateOp::RemoveGuild => json!("removeGuild"),
    }
}

#[test]
fn every_dispatch_of_discord_comes_out_as_written() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    let mut stories = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.to_str().and_then(|path| path.strip_suffix(".in.json")) else {
            continue;
        };
        stories += 1;
        let story: Story = serde_json::from_str(&read(&path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let told = told(&story);
        let out = PathBuf::from(format!("{name}.out.json"));
        if bless {
            fs::write(
                &out,
                format!("{}\n", serde_json::to_string_pretty(&told).unwrap()),
            )
            .unwrap();
        } else if serde_json::from_str::<Value>(&read(&out)).unwrap() != told {
            wrong.push(format!(
                "{}\n{}",
                out.display(),
                serde_json::to_string_pretty(&told).unwrap()
            ));
        }
    }
    assert!(stories > 50, "only {stories} stories were found");
    assert!(wrong.is_empty(), "differs:\n{}", wrong.join("\n"));
}

#[test]
fn every_event_that_is_carried_has_a_story() {
    let mut told = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().is_some_and(|path| path.ends_with(".in.json")) {
            let story: Story = serde_json::from_str(&read(&path)).unwrap();
            told.extend(story.dispatches.into_iter().map(|frame| frame.t));
        }
    }
    let without: Vec<&str> = CARRIED.into_iter().filter(|t| !told.contains(*t)).collect();
    assert!(without.is_empty(), "no story tells of {without:?}");
}

/// What Fanfare carries and what happens in guilds.
const CARRIED: [&str; 31] = [
    "READY",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "VOICE_STATE_UPDATE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBERS_CHUNK",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "MESSAGE_REACTION_REMOVE_ALL",
    "MESSAGE_REACTION_REMOVE_EMOJI",
    "TYPING_START",
    "PRESENCE_UPDATE",
    "USER_UPDATE",
    "THREAD_MEMBERS_UPDATE",
];

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::{Config, simulation::Shared};

/// What a sequence of this seed tells, without what depends on the clock.
async fn played(seed: u64) -> Vec<(&'static str, Option<Id>, String)> {
    let simulation: Shared = Simulation::new(Config::default());
    let guilds = simulation.read(|world| {
        world
            .guilds_of(world.bot)
            .map(|guild| guild.id)
            .collect::<Vec<_>>()
    });
    assert!(guilds.len() > 1);
    let playing = Arc::new(Playing::new(Sequence {
        seed,
        guilds,
        kinds: Kind::ALL.map(|(kind, ..)| kind).to_vec(),
        rate: 1e6,
        count: 3_000,
        from: 1,
        outcasts: simulation.read(|world| world.find_user("hana").into_iter().collect()),
        mark: Some("mark".to_owned()),
    }));
    playing.run(&simulation).await;
    let end = playing.json();
    assert_eq!((&end["done"], &end["skipped"]), (&3_000.into(), &0.into()));
    let log = &simulation.lock().log;
    log.after(0, usize::MAX, None)
        .into_iter()
        .map(|entry| {
            let d: Value = serde_json::from_str(entry.d.get()).unwrap();
            let what = format!("{} {} {}", d["content"], d["name"], d["user_id"]);
            (entry.t, entry.guild, what)
        })
        .collect()
}

#[tokio::test]
async fn the_same_seed_tells_the_same_of_every_kind_and_another_one_does_not() {
    let first = played(7).await;
    assert_eq!(first, played(7).await);
    assert_ne!(first, played(8).await);
    for kind in [
        "VOICE_STATE_UPDATE",
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_REACTION_REMOVE",
        "CHANNEL_CREATE",
        "CHANNEL_UPDATE",
        "CHANNEL_DELETE",
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_UPDATE",
        "GUILD_ROLE_DELETE",
        "GUILD_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_MEMBER_ADD",
        "THREAD_CREATE",
        "THREAD_MEMBERS_UPDATE",
        "THREAD_DELETE",
    ] {
        assert!(first.iter().any(|(t, ..)| *t == kind), "{kind}");
    }
    assert!(
        !first.iter().any(|(.., what)| what.contains("___hidden___")),
        "the bot keeps its view"
    );
}

use serde_json::json;

use super::*;

fn world() -> World {
    World::seeded(1, "fanfare")
}

fn kinds(world: &mut World) -> Vec<&'static str> {
    world
        .take_dispatches()
        .iter()
        .map(|dispatch| dispatch.kind)
        .collect()
}

fn channel(world: &World, name: &str) -> Id {
    World::find_channel(&world.guilds[&world.home], name, true)
        .unwrap()
        .id
}

fn plain(dispatch: &Dispatch) -> &serde_json::Value {
    match &dispatch.body {
        Body::Plain(data) | Body::Message { full: data, .. } => data,
        Body::Guild(_) => panic!("a guild has no plain body"),
    }
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_one_other_ids() {
    let ids = |seed| {
        let world = World::seeded(seed, "fanfare");
        let mut ids: Vec<Id> = world.users.keys().copied().collect();
        for guild in world.guilds.values() {
            ids.push(guild.id);
            ids.extend(guild.channels.keys());
            ids.extend(guild.roles.keys());
            ids.extend(
                guild
                    .channels
                    .values()
                    .flat_map(|channel| channel.messages.keys()),
            );
        }
        ids
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
    let mut unique = ids(1);
    unique.sort_unstable();
    unique.dedup();
    // The role @everyone has its guild's id.
    assert_eq!(unique.len(), ids(1).len() - 3);
}

#[test]
fn with_two_shards_the_two_guilds_of_the_bot_are_on_different_ones() {
    for seed in [0, 1, 2, 77] {
        let world = World::seeded(seed, "fanfare");
        let shards: Vec<u64> = world
            .guilds_of(world.bot)
            .map(|guild| (guild.id.0 >> 22) % 2)
            .collect();
        assert_eq!(shards, [0, 1]);
    }
}

#[test]
fn a_move_is_one_event_and_joining_again_is_none() {
    let mut world = world();
    let (home, nelly) = (world.home, world.find_user("nelly").unwrap());
    let (lounge, study) = (channel(&world, "Lounge"), channel(&world, "Study Nook"));
    world.join(home, nelly, lounge).unwrap();
    world.join(home, nelly, study).unwrap();
    world.join(home, nelly, study).unwrap();
    let told = world.take_dispatches();
    let channels: Vec<_> = told
        .iter()
        .map(|dispatch| plain(dispatch)["channel_id"].clone())
        .collect();
    assert_eq!(channels, [json!(lounge), json!(study)]);
}

#[test]
fn joining_in_another_guild_leaves_the_first() {
    let mut world = world();
    let nelly = world.find_user("nelly").unwrap();
    world
        .join(world.home, nelly, channel(&world, "Lounge"))
        .unwrap();
    let owls = world.find_guild("Night Owls").unwrap();
    let (owls, perch) = (
        owls.id,
        World::find_channel(owls, "Perch", true).unwrap().id,
    );
    world.take_dispatches();
    world.join(owls, nelly, perch).unwrap();
    let told = world.take_dispatches();
    assert_eq!(told[0].guild, Some(world.home));
    assert_eq!(plain(&told[0])["channel_id"], json!(null));
    assert_eq!(told[1].guild, Some(owls));
}

#[test]
fn a_deleted_channel_empties_itself() {
    let mut world = world();
    world.delete_channel(channel(&world, "Lounge")).unwrap();
    assert_eq!(
        kinds(&mut world),
        ["CHANNEL_DELETE", "VOICE_STATE_UPDATE", "VOICE_STATE_UPDATE"]
    );
}

#[test]
fn a_kicked_member_leaves_voice_after_the_guild() {
    let mut world = world();
    world
        .remove_member(world.home, world.find_user("priya").unwrap())
        .unwrap();
    assert_eq!(
        kinds(&mut world),
        ["GUILD_MEMBER_REMOVE", "VOICE_STATE_UPDATE"]
    );
}

#[test]
fn losing_and_gaining_view_tells_the_channel_and_hides_its_name() {
    let mut world = world();
    let lounge = channel(&world, "Lounge");
    let bits = permissions::VIEW_CHANNEL;
    let deny = |deny| Overwrite {
        id: world.bot,
        target: OverwriteTarget::Member,
        allow: 0,
        deny,
    };
    let (hide, show) = (deny(bits), deny(0));
    world.set_overwrite(lounge, hide).unwrap();
    world.set_overwrite(lounge, show).unwrap();
    let told = world.take_dispatches();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(plain(&told[0])["name"], json!("___hidden___"));
    assert_eq!(plain(&told[0])["flags"], json!(1 << 17));
    assert_eq!(plain(&told[1])["name"], json!("Lounge"));
}

#[test]
fn a_role_that_loses_view_hides_every_channel() {
    let mut world = world();
    let fanfare = World::find_role(&world.guilds[&world.home], "Fanfare").unwrap();
    let everyone = world.home;
    world
        .edit_role(everyone, everyone, |role| {
            role.permissions &= !permissions::VIEW_CHANNEL;
        })
        .unwrap();
    assert_eq!(
        kinds(&mut world),
        ["GUILD_ROLE_UPDATE"],
        "the bot's own role still views"
    );
    world
        .edit_role(everyone, fanfare, |role| role.permissions = 0)
        .unwrap();
    let told = world.take_dispatches();
    assert_eq!(told[0].kind, "GUILD_ROLE_UPDATE");
    let hidden = told[1..]
        .iter()
        .filter(|dispatch| plain(dispatch)["name"] == json!("___hidden___"));
    // Welcome, general, playlist, five public rooms; the private ones have overwrites for the bot.
    assert_eq!(hidden.count(), 8);
}

#[test]
fn permissions_follow_overwrites_in_order() {
    let world = world();
    let guild = &world.guilds[&world.home];
    let of = |user: &str, name: &str| {
        let channel = World::find_channel(guild, name, true).unwrap();
        permissions::in_channel(guild, channel, world.find_user(user).unwrap())
    };
    let both = permissions::VIEW_CHANNEL | permissions::CONNECT;
    assert_eq!(
        of("nelly", "Back Office") & both,
        both,
        "by the role barista"
    );
    assert_eq!(of("mason", "Back Office"), 0);
    assert_eq!(
        of("fanfare", "Back Office") & both,
        both,
        "by the bot's own overwrite"
    );
    assert_eq!(of("fanfare", "Vault"), 0);
    assert_eq!(of("amara", "Vault"), permissions::ALL, "the owner");
}

#[test]
fn a_guild_without_the_bot_is_not_heard_of() {
    let mut world = world();
    let garden = world.find_guild("Quiet Garden").unwrap();
    let (id, pond) = (
        garden.id,
        World::find_channel(garden, "Pond", true).unwrap().id,
    );
    let mason = world.find_user("mason").unwrap();
    world.join(id, mason, pond).unwrap();
    assert!(kinds(&mut world).is_empty());
    world.add_bot(id).unwrap();
    assert_eq!(kinds(&mut world), ["GUILD_CREATE"]);
    world.remove_bot(id).unwrap();
    assert_eq!(kinds(&mut world), ["GUILD_DELETE"]);
}

#[test]
fn an_outage_silences_a_guild_and_its_end_tells_it_anew() {
    let mut world = world();
    let (home, nelly) = (world.home, world.find_user("nelly").unwrap());
    world.set_available(home, false).unwrap();
    world.join(home, nelly, channel(&world, "Lounge")).unwrap();
    world.set_available(home, true).unwrap();
    assert_eq!(kinds(&mut world), ["GUILD_DELETE", "GUILD_CREATE"]);
}

#[test]
fn an_enforced_nonce_finds_the_first_message() {
    let mut world = world();
    let general = channel(&world, "general");
    let mut draft = Draft::text(Author::User(world.bot), "hello");
    draft.nonce = Some(json!("n1"));
    draft.enforce_nonce = true;
    let first = world.post(general, draft.clone()).unwrap();
    assert_eq!(world.post(general, draft.clone()).unwrap(), first);
    assert_eq!(kinds(&mut world), ["MESSAGE_CREATE"]);
    draft.enforce_nonce = false;
    assert_ne!(world.post(general, draft).unwrap(), first);
}

#[test]
fn a_private_thread_is_for_its_members() {
    let mut world = world();
    let (general, nelly) = (
        channel(&world, "general"),
        world.find_user("nelly").unwrap(),
    );
    let thread = world
        .create_thread(general, nelly, "secret", true, &[])
        .unwrap();
    assert!(kinds(&mut world).is_empty());
    world.set_thread_member(thread, world.bot, true).unwrap();
    assert_eq!(
        kinds(&mut world),
        ["THREAD_CREATE", "THREAD_MEMBERS_UPDATE"]
    );
}

//! Snapshots and the list of guilds.

use contracts::{
    ChannelId, GuildId, RoleId, UserId,
    event::VoiceFlags,
    state::{Channel, Member, Role, Voice},
};

use super::{Author, Factory, entries, event};
use crate::{GONE_LIMIT, Retention, StateOp};

pub(super) fn channel(id: u64, name: &str) -> Channel {
    Channel {
        id: ChannelId::new(id),
        kind: 2,
        name: name.to_owned(),
        parent_id: None,
        position: 1,
        user_limit: 0,
        members: vec![],
        overwrites: vec![],
        obfuscated: false,
    }
}

/// A private thread with these members.
fn thread(id: u64, members: &[u64]) -> Channel {
    Channel {
        kind: 12,
        parent_id: Some(ChannelId::new(1)),
        members: members.iter().copied().map(UserId::new).collect(),
        ..channel(id, "thread")
    }
}

pub(super) fn role(id: u64, permissions: u64) -> Role {
    Role {
        id: RoleId::new(id),
        name: format!("role {id}"),
        permissions,
        position: 1,
    }
}

fn voice(user: u64, channel: u64) -> Voice {
    Voice {
        user_id: UserId::new(user),
        channel_id: ChannelId::new(channel),
        username: format!("user{user}"),
        display_name: "Ünï \"q\"".to_owned(),
        avatar: None,
        avatar_url: "https://cdn.example/a.png".to_owned(),
        flags: VoiceFlags::default(),
    }
}

pub(super) fn member(user: u64, name: &str) -> Member {
    Member {
        user_id: UserId::new(user),
        username: name.to_owned(),
        display_name: name.to_owned(),
        avatar: None,
        avatar_url: "https://cdn.example/a.png".to_owned(),
        bot: false,
        roles: vec![RoleId::new(3)],
        timed_out_until: None,
        joined_at: Some(u64::MAX),
    }
}

/// Each kind of thing is set, replaced and removed.
pub async fn a_snapshot_holds_what_was_set_and_not_what_was_removed(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let facts = contracts::state::Guild {
        name: "renamed".to_owned(),
        ..author.facts()
    };
    author
        .set(vec![
            StateOp::SetChannel(channel(1, "a")),
            StateOp::SetChannel(channel(2, "gone")),
            StateOp::SetChannel(thread(3, &[1, 2])),
            StateOp::SetRole(role(1, u64::MAX)),
            StateOp::SetRole(role(2, 0)),
            StateOp::SetVoice(voice(1, 1)),
            StateOp::SetVoice(voice(2, 1)),
            StateOp::SetMember(member(1, "m")),
            StateOp::SetMember(member(2, "gone")),
        ])
        .await;
    author
        .set(vec![
            StateOp::SetGuild(facts.clone()),
            StateOp::SetChannel(channel(1, "b")),
            StateOp::RemoveChannel(ChannelId::new(2)),
            StateOp::SetChannel(thread(3, &[2, u64::MAX])),
            StateOp::RemoveRole(RoleId::new(2)),
            StateOp::RemoveRole(RoleId::new(99)),
            StateOp::SetVoice(voice(1, 7)),
            StateOp::RemoveVoice(UserId::new(2)),
            StateOp::RemoveMember(UserId::new(2)),
        ])
        .await;
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    let state = &cut.guilds[0].state;
    assert_eq!(state.guild, facts);
    let mut channels = state.channels.clone();
    channels.sort_unstable_by_key(|channel| channel.id);
    assert_eq!(channels, [channel(1, "b"), thread(3, &[2, u64::MAX])]);
    assert_eq!(state.roles, [role(1, u64::MAX)]);
    assert_eq!(state.voice, [voice(1, 7)]);
    assert_eq!(state.members, [member(1, "m")]);
    assert_eq!(Some(cut.guilds[0].position), author.position);
    assert_eq!(bus.guilds(&[author.guild]).await.expect("answers"), [facts]);

    author.set(vec![StateOp::RemoveVoice(UserId::new(1))]).await;
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    assert!(cut.guilds[0].state.voice.is_empty());
}

/// And a snapshot of nothing is only a clock.
pub async fn a_snapshot_leaves_out_what_is_not_stored(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let author = Author::seeded(&bus, 2).await;
    let asked = [GuildId::new(1), author.guild, GuildId::new(3)];
    let cut = bus.snapshot(&asked).await.expect("answers");
    assert_eq!(cut.guilds.len(), 1);
    assert_eq!(cut.guilds[0].state.id(), author.guild);
    assert_eq!(bus.guilds(&asked).await.expect("answers"), [author.facts()]);
    let empty = bus.snapshot(&[]).await.expect("answers");
    assert_eq!((empty.id, empty.guilds.len()), (cut.id, 0));
    assert!(bus.guilds(&[]).await.expect("answers").is_empty());
}

/// `RemoveGuild` takes the state alone.
pub async fn a_guild_that_was_left_keeps_its_log_and_position(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    author.set(vec![StateOp::SetRole(role(1, 1))]).await;
    let mut change = author.change(vec![event(author.guild, "last")]);
    change.state = vec![StateOp::RemoveGuild];
    let ids = author.apply(change.clone()).await;
    assert!(
        bus.snapshot(&[author.guild])
            .await
            .expect("answers")
            .guilds
            .is_empty()
    );
    assert!(
        bus.guilds(&[author.guild])
            .await
            .expect("answers")
            .is_empty()
    );
    assert_eq!(
        entries(&*bus, author.guild)
            .await
            .last()
            .map(|entry| entry.id),
        Some(ids[0])
    );
    assert_eq!(author.outcome(change).await, crate::Outcome::Duplicate);
    // it comes back by a reseed, without its old roles
    author.reseed(vec![]).await;
    let cut = bus.snapshot(&[author.guild]).await.expect("answers");
    assert!(cut.guilds[0].state.roles.is_empty());
    assert!(cut.guilds[0].floor > ids[0]);
}

/// In no particular order.
pub async fn all_guilds_are_those_with_the_bot_in_them(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (bus, other) = (deployment.bus(), deployment.bus());
    assert!(bus.all_guilds().await.expect("answers").is_empty());
    for guild in [5, 1, 3] {
        Author::seeded(&bus, guild).await;
    }
    let mut left = Author::seeded(&bus, 2).await;
    left.set(vec![StateOp::RemoveGuild]).await;
    let mut all = other.all_guilds().await.expect("answers");
    all.sort_unstable();
    assert_eq!(all, [1, 3, 5].map(GuildId::new));
}

/// Thousands of members in several guilds, at once.
pub async fn a_large_snapshot_is_whole(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut guilds = Vec::new();
    for guild in 1..=3 {
        let mut author = Author::seeded(&bus, guild).await;
        for part in 0..8 {
            let members = (0..500).map(|n| StateOp::SetMember(member(part * 500 + n, "m")));
            author.set(members.collect()).await;
        }
        guilds.push(author.guild);
    }
    let cut = bus.snapshot(&guilds).await.expect("answers");
    assert_eq!(cut.guilds.len(), 3);
    assert!(
        cut.guilds
            .iter()
            .all(|guild| guild.state.members.len() == 4_000)
    );
}

/// What was removed within the retention is remembered as it was, within a bound, and forgotten when the guild is written anew.
pub async fn removed_channels_are_remembered(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let bus = deployment.bus();
    let mut author = Author::seeded(&bus, 1).await;
    let gone = async || {
        let cut = bus.snapshot(&[GuildId::new(1)]).await.expect("answers");
        let gone = cut.guilds.into_iter().flat_map(|cut| cut.gone);
        gone.map(|gone| (gone.id.get(), gone.name))
            .collect::<Vec<_>>()
    };
    author
        .set(vec![
            StateOp::SetChannel(channel(1, "a")),
            StateOp::SetChannel(channel(2, "b")),
        ])
        .await;
    author.set(vec![StateOp::SetChannel(channel(1, "z"))]).await;
    assert_eq!(gone().await, []);
    let remove = |id| StateOp::RemoveChannel(ChannelId::new(id));
    author.set(vec![remove(1), remove(99)]).await;
    author.set(vec![remove(2)]).await;
    let mut told = gone().await;
    told.sort();
    assert_eq!(told, [(1, "z".to_owned()), (2, "b".to_owned())]);

    for id in 100..100 + GONE_LIMIT as u64 {
        author
            .set(vec![StateOp::SetChannel(channel(id, "c")), remove(id)])
            .await;
    }
    assert_eq!(gone().await.len(), GONE_LIMIT);
    author.reseed(Vec::new()).await;
    assert_eq!(gone().await, []);
}
